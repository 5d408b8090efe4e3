import { sql, type Kysely, type Transaction } from 'kysely';
import { instantOf, milliseconds, numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { PUBLIC_HANDLE, PUBLIC_NAME } from '../privacy/public-name.ts';

/** That a member reached the goal of a round. `won`: undefined while winners are not picked. */
export type Completion = { roundId: number; memberId: number; completedAt: Date; won: boolean | undefined };

/** The completions of some members, in all rounds that there were. */
export async function readCompletionsOf(
  db: Kysely<Database>,
  communityId: number,
  memberIds: readonly number[],
): Promise<Completion[]> {
  if (memberIds.length === 0) return [];
  const { rows } = await sql<Row>`
    select q.round_id as "roundId", q.member_id as "memberId", q.completed_at as "completedAt", ${WON} as won
    from unnest(${numbers(memberIds)}::int[]) as d(member_id)
    join quest_completions q on q.community_id = ${communityId} and q.member_id = d.member_id
    join quest_rounds r on r.community_id = q.community_id and r.round_id = q.round_id
    order by q.member_id, q.round_id`.execute(db);
  return rows.map(toCompletion);
}

/** Whether some members completed certain rounds: the completions that there are. */
export async function readCompletionsIn(
  db: Kysely<Database>,
  communityId: number,
  pairs: readonly { round: { id: number }; memberId: number }[],
): Promise<Completion[]> {
  if (pairs.length === 0) return [];
  const { rows } = await sql<Row>`
    select q.round_id as "roundId", q.member_id as "memberId", q.completed_at as "completedAt", ${WON} as won
    from unnest(${numbers(pairs.map(({ round }) => round.id))}::int[], ${numbers(pairs.map(({ memberId }) => memberId))}::int[]) as d(round_id, member_id)
    join quest_completions q on q.community_id = ${communityId} and q.member_id = d.member_id and q.round_id = d.round_id
    join quest_rounds r on r.community_id = q.community_id and r.round_id = q.round_id`.execute(db);
  return rows.map(toCompletion);
}

/** A page of who completed a round, by the names that everybody may see, the first to complete first. */
export async function readCompletions(
  db: Kysely<Database>,
  communityId: number,
  roundId: number,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ total: number; completions: (Completion & { handle: string; displayName: string })[] }> {
  const { rows: counted } = await sql<{ total: bigint }>`
    select count(*) as total from quest_completions where community_id = ${communityId} and round_id = ${roundId}`.execute(
    db,
  );
  const { rows } = await sql<Row & { handle: string; displayName: string }>`
    select q.round_id as "roundId", q.member_id as "memberId", q.completed_at as "completedAt", ${WON} as won,
      ${PUBLIC_HANDLE} as handle, ${PUBLIC_NAME} as "displayName"
    from (
      select * from quest_completions where community_id = ${communityId} and round_id = ${roundId}
      order by completed_at, member_id limit ${limit} offset ${offset}
    ) q join members m on m.community_id = q.community_id and m.member_id = q.member_id
    join quest_rounds r on r.community_id = q.community_id and r.round_id = q.round_id
    order by q.completed_at, q.member_id`.execute(db);
  return {
    total: Number(counted[0]?.total ?? 0n),
    completions: rows.map((row) => ({ ...toCompletion(row), handle: row.handle, displayName: row.displayName })),
  };
}

/**
 * Writes completions down. What is there already is left as it is.
 *
 * @returns the members by round that were new: those whose completion it is to grant
 */
export async function insertCompletions(
  trx: Transaction<Database>,
  communityId: number,
  completions: readonly Completion[],
  now: Date,
): Promise<Completion[]> {
  if (completions.length === 0) return [];
  const { rows } = await sql<Row>`
    insert into quest_completions (community_id, round_id, member_id, completed_at, recorded_at, won, recorded_seq)
    select ${communityId}::int, round_id, member_id, ${instantOf('completed_at')}, ${now}::timestamptz, won,
      (select last_seq + 1 from communities where community_id = ${communityId})
    from unnest(
      ${numbers(completions.map(({ roundId }) => roundId))}::int[], ${numbers(completions.map(({ memberId }) => memberId))}::int[],
      ${milliseconds(completions.map(({ completedAt }) => completedAt))}::bigint[], ${completions.map(({ won }) => won ?? null)}::boolean[]
    ) as d(round_id, member_id, completed_at, won)
    on conflict (community_id, member_id, round_id) do nothing
    returning round_id as "roundId", member_id as "memberId", completed_at as "completedAt", won`.execute(trx);
  return rows.map(toCompletion);
}

/** Moves completions to other moments, as a late contribution or a void makes it. */
export async function moveCompletions(
  trx: Transaction<Database>,
  communityId: number,
  completions: readonly Pick<Completion, 'roundId' | 'memberId' | 'completedAt'>[],
): Promise<void> {
  if (completions.length === 0) return;
  await sql`
    update quest_completions q set completed_at = ${instantOf('d.completed_at')}
    from unnest(
      ${numbers(completions.map(({ roundId }) => roundId))}::int[], ${numbers(completions.map(({ memberId }) => memberId))}::int[],
      ${milliseconds(completions.map(({ completedAt }) => completedAt))}::bigint[]
    ) as d(round_id, member_id, completed_at)
    where q.community_id = ${communityId} and q.round_id = d.round_id and q.member_id = d.member_id`.execute(trx);
}

/** Takes completions away that nothing founds any more. */
export async function deleteCompletions(
  trx: Transaction<Database>,
  communityId: number,
  completions: readonly Pick<Completion, 'roundId' | 'memberId'>[],
): Promise<void> {
  if (completions.length === 0) return;
  await sql`
    delete from quest_completions q
    using unnest(
      ${numbers(completions.map(({ roundId }) => roundId))}::int[], ${numbers(completions.map(({ memberId }) => memberId))}::int[]
    ) as d(round_id, member_id)
    where q.community_id = ${communityId} and q.round_id = d.round_id and q.member_id = d.member_id`.execute(trx);
}

/** In a round that is settled, who has not won has lost: settling writes down the winners alone. */
const WON = sql`coalesce(q.won, case when r.settled_at is not null then false end)`;

type Row = Omit<Completion, 'won'> & { won: boolean | null };

function toCompletion({ roundId, memberId, completedAt, won }: Row): Completion {
  return { roundId, memberId, completedAt, won: won ?? undefined };
}
