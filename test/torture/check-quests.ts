import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import { parseDecimal } from '../../src/ranking/score.ts';
import type { Checked } from './check.ts';

type RoundRow = {
  id: number;
  name: string;
  key: string;
  startsAt: Date;
  endsAt: Date;
  maxWinners: number | null;
  goal: { category: string; amount: string };
  /** Handles of those who completed it. */
  completed: string[];
  winners: number;
};

/** Who completed which round of a quest is what the contributions say; where only some win, winners stay what they were. */
export async function checkQuests(db: Kysely<Database>, { ledger }: Checked): Promise<string[]> {
  const faults: string[] = [];
  const { rows } = await sql<RoundRow>`
    select r.round_id as id, q.name, r.key, r.starts_at as "startsAt", r.ends_at as "endsAt", q.max_winners as "maxWinners", q.goal,
      array(
        select m.handle from quest_completions c join members m on m.community_id = c.community_id and m.member_id = c.member_id
        where c.community_id = r.community_id and c.round_id = r.round_id
      ) as completed,
      (select count(*) from quest_completions c where c.community_id = r.community_id and c.round_id = r.round_id and c.won)::int as winners
    from quest_rounds r join quests q on q.community_id = r.community_id and q.quest_id = r.quest_id`.execute(db);
  const { rows: twice } = await sql<{
    name: string;
  }>`select name from quests group by name having count(*) > 1`.execute(db);
  for (const { name } of twice) faults.push(`${name} is there twice.`);
  for (const { name, key, startsAt, endsAt, maxWinners, goal, completed, winners } of rows) {
    if (maxWinners !== null) {
      if (winners > maxWinners) faults.push(`${name}, ${key}: ${winners} have won, and ${maxWinners} can.`);
      continue;
    }
    const sums = new Map<string, bigint>();
    for (const sent of ledger.sent) {
      const counts =
        !sent.voided && sent.category === goal.category && sent.occurredAt >= startsAt && sent.occurredAt < endsAt;
      if (!counts) continue;
      const handle = ledger.survivorOf(sent.contributor);
      sums.set(handle, (sums.get(handle) ?? 0n) + sent.amount);
    }
    const expected = [...sums].filter(([, sum]) => sum >= thousandths(goal.amount)).map(([handle]) => handle);
    if (expected.toSorted().join() !== completed.toSorted().join()) {
      faults.push(
        `${name}, ${key}: completed by ${completed.toSorted().join()}, and by the sums by ${expected.toSorted().join()}.`,
      );
    }
  }
  return faults;
}

function thousandths(text: string): bigint {
  const parsed = parseDecimal(text);
  if ('thousandths' in parsed) return parsed.thousandths;
  throw new Error(`${text} is no amount.`);
}
