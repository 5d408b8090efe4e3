/** Connecting a handle of the network with a Discord account, proved by a one-time code. */
import { sql, type Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { settleOffBoards } from '../fair-play/off-boards.ts';
import { deletedAlready } from '../privacy/settings.ts';
import { changeStandings, type LockedRanking, type RankingContext } from '../ranking/context.ts';
import { hashLinkCode, makeLinkCode } from './link-code.ts';
import { clearFailures, noteFailure, requirePatience } from './link-failures.ts';
import {
  discordHandle,
  findDiscordMember,
  isDiscordHandle,
  readMember,
  requireMember,
  type Member,
} from './members.ts';
import { mergeUnderLock } from './merge.ts';

const CODE_VALID_MS = 15 * 60_000;
/** How long it is known that a code was used or has expired. */
const CODE_KEPT_MS = 24 * 60 * 60_000;

/**
 * Makes a one-time code for a handle, good for 15 minutes. Only its hash is kept. Whoever asks must be allowed to write
 * for the handle.
 *
 * @throws DomainError `unknown-member`, or `state-conflict` for a handle that a Discord user has from the start
 */
export async function createLinkCode(
  context: RankingContext,
  communityId: number,
  handle: string,
  actor: Actor,
  now: Date,
): Promise<{ code: string; expiresAt: Date }> {
  const code = makeLinkCode();
  const expiresAt = new Date(now.getTime() + CODE_VALID_MS);
  await context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    const member = await requireMember(trx, communityId, handle);
    if (member.isDeleted) throw deletedAlready(member);
    if (isDiscordHandle(member)) {
      throw new DomainError(
        'state-conflict',
        `"${member.handle}" is a Discord user's from the start. Make a code for the handle that it is to be linked with.`,
      );
    }
    await trx
      .deleteFrom('link_codes')
      .where('community_id', '=', communityId)
      .where('expires_at', '<', new Date(now.getTime() - CODE_KEPT_MS))
      .execute();
    await trx
      .insertInto('link_codes')
      .values({
        community_id: communityId,
        code_hash: requireHash(code),
        member_id: member.id,
        expires_at: expiresAt,
      })
      .execute();
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'link-code.create',
      target: member.handle,
      after: { expiresAt },
    });
  });
  return { code, expiresAt };
}

/** A member that was linked, and the handle that was merged into it, if the Discord user had contributed before. */
export type Linked = { member: Member; merged: string | undefined };

/**
 * Links a Discord user with the member whose code it enters. What the user had contributed from Discord alone is
 * merged into the member, and from then on `discord-<id>` means the member.
 *
 * @throws DomainError `invalid-parameter` for no code, or `state-conflict` when the code was used or has expired, the
 *   handle is another's, the user is linked already, or has entered too many wrong codes
 */
export async function linkDiscordUser(
  context: RankingContext,
  communityId: number,
  { code, discordUserId }: { code: string; discordUserId: string },
  actor: Actor,
  now: Date,
): Promise<Linked> {
  const done = await changeStandings(context, communityId, async (trx, ranking) => {
    await requirePatience(trx, communityId, discordUserId, now);
    const member = await useCode(trx, communityId, code, now);
    // A wrong code is written down, so the transaction has to end well.
    if (!member) return { wrongCode: await noteFailure(trx, communityId, discordUserId, now) };
    await clearFailures(trx, communityId, discordUserId);
    return link(context, trx, ranking, communityId, { member, discordUserId }, actor, now);
  });
  if (!('wrongCode' in done)) return done;
  throw new DomainError(
    'invalid-parameter',
    `There is no such code. Check it, or make a new one: omnitensor-cli link-code HANDLE. ${done.wrongCode}`,
  );
}

/** Takes a code out of use. Undefined when there is none. */
async function useCode(
  trx: Transaction<Database>,
  communityId: number,
  typed: string,
  now: Date,
): Promise<Member | undefined> {
  const hash = hashLinkCode(typed);
  if (!hash) return undefined;
  const code = await trx
    .selectFrom('link_codes')
    .select(['member_id', 'expires_at', 'used_at'])
    .where('community_id', '=', communityId)
    .where('code_hash', '=', hash)
    .executeTakeFirst();
  if (!code) return undefined;
  const advice = 'A code is good once, for 15 minutes: make a new one with omnitensor-cli link-code HANDLE.';
  if (code.used_at) throw new DomainError('state-conflict', `This code was used already. ${advice}`);
  if (code.expires_at <= now) throw new DomainError('state-conflict', `This code has expired. ${advice}`);
  await trx
    .updateTable('link_codes')
    .set({ used_at: now })
    .where('community_id', '=', communityId)
    .where('code_hash', '=', hash)
    .execute();
  return readMember(trx, communityId, code.member_id);
}

async function link(
  context: RankingContext,
  trx: Transaction<Database>,
  ranking: LockedRanking,
  communityId: number,
  { member, discordUserId }: { member: Member; discordUserId: string },
  actor: Actor,
  now: Date,
): Promise<Linked> {
  if (member.discordUserId !== undefined && member.discordUserId !== discordUserId) {
    throw new DomainError(
      'state-conflict',
      `"${member.handle}" is linked with another Discord account. Unlink it there with /unlink first, or ask an admin to.`,
    );
  }
  const current = await findDiscordMember(trx, communityId, discordUserId);
  if (current?.id === member.id) {
    throw new DomainError('state-conflict', `You are linked with "${member.handle}" already.`);
  }
  if (current && !isDiscordHandle(current)) {
    throw new DomainError('state-conflict', `You are linked with "${current.handle}". Use /unlink first.`);
  }
  if (current) await mergeUnderLock(context, trx, ranking, communityId, { from: current, into: member }, actor, now);
  else await reserveHandle(trx, communityId, member.id, discordUserId, now);
  await trx
    .updateTable('members')
    .set({ discord_user_id: discordUserId })
    .where('community_id', '=', communityId)
    .where('member_id', '=', member.id)
    .execute();
  await settleOffBoards(context, trx, ranking, communityId, [member.id]);
  await touchConfig(trx, communityId);
  await writeAudit(trx, {
    communityId,
    at: now,
    actor,
    action: 'member.link',
    target: member.handle,
    after: { discordUserId, merged: current?.handle },
  });
  return { member: await readMember(trx, communityId, member.id), merged: current?.handle };
}

/** Makes `discord-<id>` mean the member, though nobody ever contributed under it. One merged before means what it did. */
async function reserveHandle(
  trx: Transaction<Database>,
  communityId: number,
  memberId: number,
  discordUserId: string,
  now: Date,
): Promise<void> {
  const { firstSeq: seq } = await lockCommunity(trx, communityId, 1);
  await sql`
    insert into member_aliases (community_id, handle, member_id, seq, merged_at)
    values (${communityId}, ${discordHandle(discordUserId)}, ${memberId}, ${seq}, ${now})
    on conflict (community_id, handle) do nothing`.execute(trx);
}

function requireHash(code: string): Buffer {
  const hash = hashLinkCode(code);
  if (hash) return hash;
  throw new Error('A code was made that cannot be typed.');
}
