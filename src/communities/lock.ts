import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';

/** What the lock of a community tells whoever holds it. */
export type CommunityLock = {
  configVersion: bigint;
  layoutVersion: bigint;
  /** The first of the sequence numbers taken. */
  firstSeq: bigint;
  /** The id of the member created last; 0 when there is none. */
  lastMemberId: number;
  /** The server that the community is of, if any. */
  guildId: string | null;
};

/**
 * Locks a community until the transaction ends and takes sequence numbers of it. Everything that changes what
 * standings follow from goes through here, one transaction at a time. The row of the community is the lock: whoever
 * waited for it reads what the one before wrote. No other lock may be held before.
 *
 * @throws DomainError `unknown-community`
 */
export async function lockCommunity(
  trx: Transaction<Database>,
  communityId: number,
  sequenceNumbers = 0,
): Promise<CommunityLock> {
  const { rows } = await sql<CommunityLock>`
    update communities set last_seq = last_seq + ${sequenceNumbers}::bigint
    where community_id = ${communityId}
    returning config_version as "configVersion", layout_version as "layoutVersion", last_seq - ${sequenceNumbers}::bigint + 1 as "firstSeq",
      last_member_id as "lastMemberId", discord_guild_id as "guildId"`.execute(trx);
  const [lock] = rows;
  if (!lock) throw new DomainError('unknown-community', 'The community was removed.');
  return lock;
}

/** Notes that settings changed, so that every process reads them again. For a transaction that holds the lock. */
export async function touchConfig(trx: Transaction<Database>, communityId: number): Promise<void> {
  await trx
    .updateTable('communities')
    .set((eb) => ({ config_version: eb('config_version', '+', 1n) }))
    .where('community_id', '=', communityId)
    .execute();
}
