/** How far awarding has come in a community, and the lock that goes with it. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';

/** Everything up to `seq` has been looked at, by the weeks and seasons of `timeZone`. */
export type AwardState = { seq: bigint; timeZone: string | undefined; announced: boolean };

/**
 * Locks what has been awarded in a community until the transaction ends. Whoever awards holds this lock and never takes
 * that of the community; so recording does not wait for it. Whoever moves grants from a member to another takes it
 * after that of the community: nobody is awarded anything while being merged.
 */
export async function lockAwards(trx: Transaction<Database>, communityId: number): Promise<AwardState> {
  const read = () =>
    trx
      .selectFrom('award_states')
      .select(['seq', 'time_zone', 'announced'])
      .where('community_id', '=', communityId)
      .forUpdate()
      .executeTakeFirst();
  let row = await read();
  if (!row) {
    await sql`insert into award_states (community_id) values (${communityId}) on conflict do nothing`.execute(trx);
    row = await read();
  }
  if (!row) throw new Error(`What has been awarded in community ${communityId} could not be locked.`);
  return { seq: row.seq, timeZone: row.time_zone ?? undefined, announced: row.announced };
}

/** Notes how far awarding has come. For a transaction that holds the lock. */
export async function moveAwards(
  trx: Transaction<Database>,
  communityId: number,
  { seq, timeZone }: Pick<AwardState, 'seq' | 'timeZone'>,
): Promise<void> {
  await trx
    .updateTable('award_states')
    .set({ seq, time_zone: timeZone ?? null })
    .where('community_id', '=', communityId)
    .execute();
}
