import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import { parseDecimal } from '../../src/ranking/score.ts';
import type { PlainReward } from './admin.ts';
import type { Checked } from './check.ts';
import type { PlainTable } from './check-windows.ts';

type Entry = { entitlement: string; sum: bigint; versions: number; last: number; highest: bigint };

/**
 * Every entitlement of prizes and quests was granted once, to whom the final tables and the completions say, and no other
 * is in effect.
 */
export async function checkGrants(
  db: Kysely<Database>,
  checked: Checked,
  tables: readonly PlainTable[],
): Promise<{ faults: string[]; count: number }> {
  const faults: string[] = [];
  const { rows } = await sql<Entry>`
    select entitlement, sum(amount)::bigint as sum, count(*)::int as versions, max(version) as last, max(amount) as highest
    from grants where entitlement like 'window %' or entitlement like 'quest %' group by entitlement`.execute(db);
  const actual = new Map(rows.map((row) => [row.entitlement, row]));
  const expected = new Map([...(await expectPrizes(db, checked, tables)), ...(await expectQuestRewards(db))]);
  for (const [entitlement, amount] of expected) {
    const sum = actual.get(entitlement)?.sum ?? 0n;
    if (sum !== amount) faults.push(`"${entitlement}" comes to ${sum}, and ${amount} is due.`);
  }
  for (const { entitlement, sum, versions, last, highest } of rows) {
    if (sum !== 0n && !expected.has(entitlement)) faults.push(`"${entitlement}" comes to ${sum}, and nothing is due.`);
    // Given, taken back, given again: one entry after the other, and never more than once the amount.
    if (versions !== last || sum > highest || sum < 0n)
      faults.push(`"${entitlement}" has ${versions} entries, and comes to ${sum}.`);
  }
  return { faults, count: expected.size };
}

/** What the prizes of all final tables come to, by entitlement. */
async function expectPrizes(
  db: Kysely<Database>,
  { prizes, ledger }: Checked,
  tables: readonly PlainTable[],
): Promise<Map<string, bigint>> {
  const memberIds = new Map(await readIds(db, sql`select handle as name, member_id as id from members`));
  const categoryIds = new Map(await readIds(db, sql`select slug as name, category_id as id from categories`));
  const windowIds = new Map(await readIds(db, sql`select kind || ' ' || key as name, window_id as id from windows`));
  const newest = new Map(tables.map(({ window, category }) => [`${window.kind} ${category}`, window.key]));
  const expected = new Map<string, bigint>();
  for (const { window, category, handles } of tables) {
    for (const prize of prizes) {
      if (prize.category !== category || prize.window !== window.kind) continue;
      for (const handle of handles.slice(prize.ranks.from - 1, prize.ranks.to)) {
        for (const [index, reward] of prize.rewards.entries()) {
          // A role is for as long as until the next window of the kind closes.
          if (reward.kind === 'role' && newest.get(`${window.kind} ${category}`) !== window.key) continue;
          const windowId = windowIds.get(`${window.kind} ${window.key}`);
          const memberId = memberIds.get(ledger.survivorOf(handle));
          const key = `window ${windowId} category ${categoryIds.get(category)} prize ${prize.id} reward ${index} member ${memberId}`;
          expected.set(key, amountOf(reward));
        }
      }
    }
  }
  return expected;
}

/** What the completions of quests come to, by entitlement. */
async function expectQuestRewards(db: Kysely<Database>): Promise<Map<string, bigint>> {
  const { rows } = await sql<{ questId: number; roundId: number; memberId: number; rewards: PlainReward[] }>`
    select q.quest_id as "questId", r.round_id as "roundId", c.member_id as "memberId", q.rewards from quest_completions c
    join quest_rounds r on r.community_id = c.community_id and r.round_id = c.round_id
    join quests q on q.community_id = r.community_id and q.quest_id = r.quest_id
    where c.won`.execute(db);
  return new Map(
    rows.flatMap(({ questId, roundId, memberId, rewards }) =>
      rewards.map((reward, index): [string, bigint] => [
        `quest ${questId} round ${roundId} reward ${index} member ${memberId}`,
        amountOf(reward),
      ]),
    ),
  );
}

/** In thousandths; one of what is not counted in them. */
function amountOf({ amount }: PlainReward): bigint {
  if (amount === undefined) return 1n;
  const parsed = parseDecimal(amount);
  if ('thousandths' in parsed) return parsed.thousandths;
  throw new Error(`${amount} is no amount.`);
}

async function readIds(
  db: Kysely<Database>,
  query: ReturnType<typeof sql<{ name: string; id: number }>>,
): Promise<[string, number][]> {
  const { rows } = await query.execute(db);
  return rows.map(({ name, id }) => [name, id]);
}
