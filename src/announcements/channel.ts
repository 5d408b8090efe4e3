/** The channel of a community, where announcements go that have no channel of their own. */
import type { Kysely, Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { retryFailed } from './outbox.ts';

/** Who acts where no person does. */
const BOT: Actor = { name: 'Discord bot' };

/**
 * Sets where the announcements of a community go. What waited for a channel, or failed in the one before and is of use
 * still, is said there. The channel's id is trusted: whoever calls has seen that it is the guild's. Safe to repeat.
 */
export async function setChannel(
  db: Kysely<Database>,
  communityId: number,
  channelId: string,
  actor: Actor,
  now: Date,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    await retryFailed(trx, communityId, now);
    const { slug, channelId: before } = await readChannel(trx, communityId);
    if (before === channelId) return;
    await change(trx, communityId, channelId);
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'community.channel',
      target: slug,
      before: { channelId: before },
      after: { channelId },
    });
  });
}

/**
 * Forgets the channel of a community that is not there any more, unless another one was chosen meanwhile: what is to be
 * said waits for a new one. Safe to repeat.
 */
export async function forgetChannel(
  db: Kysely<Database>,
  communityId: number,
  channelId: string,
  now: Date,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    const { slug, channelId: before } = await readChannel(trx, communityId);
    if (before !== channelId) return;
    await change(trx, communityId, null);
    await writeAudit(trx, {
      communityId,
      at: now,
      actor: BOT,
      action: 'community.channel-gone',
      target: slug,
      before: { channelId },
      after: { channelId: null },
    });
  });
}

async function readChannel(
  trx: Transaction<Database>,
  communityId: number,
): Promise<{ slug: string; channelId: string | null }> {
  return trx
    .selectFrom('communities')
    .select(['slug', 'discord_channel_id as channelId'])
    .where('community_id', '=', communityId)
    .executeTakeFirstOrThrow();
}

async function change(trx: Transaction<Database>, communityId: number, channelId: string | null): Promise<void> {
  await trx
    .updateTable('communities')
    .set({ discord_channel_id: channelId })
    .where('community_id', '=', communityId)
    .execute();
  await touchConfig(trx, communityId);
}
