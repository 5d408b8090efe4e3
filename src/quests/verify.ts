import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { numbers } from '../db/arrays.ts';
import { readCompletionsOf } from './completion-store.ts';
import { isFinal, isJudgedAtEnd } from './quest.ts';
import { readQuestsEndingAfter, readRounds } from './quest-store.ts';
import { reckonMembers, type QuestCommunity } from './reckon.ts';

const PAGE = 500;

/**
 * Recomputes from the contributions who has completed what, in all rounds that are not final, and says each difference
 * in a sentence. Reads only, page by page; beside writers a page may see a batch between two of its statements.
 */
export async function* verifyQuests(db: Kysely<Database>, community: QuestCommunity): AsyncGenerator<string> {
  const quests = await readQuestsEndingAfter(db, community.id, new Date(0));
  const rounds = (await readRounds(db, community.id, quests, new Date(0))).filter(
    (round) => !isFinal(round.quest, round) && round.examinedTo === undefined,
  );
  for (let after = 0; rounds.length > 0;) {
    const { rows } = await sql<{ memberId: number }>`
      select member_id as "memberId" from members where community_id = ${community.id} and member_id > ${after}
      order by member_id limit ${PAGE}`.execute(db);
    const members = rows.map(({ memberId }) => memberId);
    yield* verifyMembers(db, community, rounds, members);
    const last = members.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

async function* verifyMembers(
  db: Kysely<Database>,
  community: QuestCommunity,
  rounds: Awaited<ReturnType<typeof readRounds>>,
  members: readonly number[],
): AsyncGenerator<string> {
  const completions = new Map(
    (await readCompletionsOf(db, community.id, members)).map((one) => [`${one.roundId} ${one.memberId}`, one]),
  );
  for (const round of rounds) {
    const { quest } = round;
    const { rows } = await sql<{ memberId: number }>`
      select d.member_id as "memberId" from unnest(${numbers(members)}::int[]) as d(member_id)
      where exists (
        select from contributions c where c.community_id = ${community.id} and c.member_id = d.member_id
          and c.occurred_at >= ${round.startsAt} and c.occurred_at < ${round.endsAt}
      ) or exists (
        select from quest_completions q
        where q.community_id = ${community.id} and q.member_id = d.member_id and q.round_id = ${round.id}
      ) or exists (
        select from quest_proofs p
        where p.community_id = ${community.id} and p.round_id = ${round.id} and p.member_id = d.member_id and p.state = 'approved'
      )`.execute(db);
    const concerned = rows.map(({ memberId }) => ({ round, memberId }));
    for (const { memberId, reachedAt } of await reckonMembers(db, community, concerned)) {
      const actual = completions.get(`${round.id} ${memberId}`)?.completedAt.getTime();
      if (actual === reachedAt) continue;
      // What boards had a say in, or what has to be met beforehand, is looked at when the round is settled.
      if (reachedAt === undefined ? isJudgedAtEnd(quest) : actual === undefined && quest.prerequisites.length > 0)
        continue;
      const say = (at: number | undefined) =>
        at === undefined ? 'not completed' : `completed ${new Date(at).toISOString()}`;
      yield `Quest ${quest.id}, ${round.key}, member ${memberId}: ${say(actual)}, and by the contributions ${say(reachedAt)}.`;
    }
  }
}
