/** What members want to be known of them. */
import type { Kysely, Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { findDiscordMember, requireMember, type Member } from '../members/members.ts';
import type { RankingContext } from '../ranking/context.ts';
import { replaceFinalTables } from '../seasons/privacy-versions.ts';
import { rowsOf } from './person.ts';
import { makePseudonym } from './pseudonym.ts';
import { retellMembers } from './told-members.ts';

/** Whose it is: a member by handle, or whoever a Discord user is. */
export type Whose = { handle: string } | { discordUserId: string };

/** What a member can choose. */
export type PrivacySettings = {
  /** Everybody sees a pseudonym in place of the names, and nothing but places on boards. The ranks stay. */
  hidden: boolean;
  /** Leaderboards tell the Discord account. Not while hidden. */
  showDiscord: boolean;
  /** Announcements tell the name. */
  mentions: boolean;
  /** Reminders of quests come in private. */
  reminders: boolean;
};

/** What a member has chosen, and the pseudonym while hidden. */
export type Privacy = PrivacySettings & { handle: string; hiddenAs: string | undefined };

/** Who replaces final tables: it must not tell whose name went. */
export const FOR_PRIVACY: Actor = { name: 'a member, for privacy' };

/** @throws DomainError `unknown-member` */
export async function readPrivacy(db: Kysely<Database>, communityId: number, whose: Whose): Promise<Privacy> {
  return readOf(db, communityId, (await requireWhose(db, communityId, whose)).id);
}

/**
 * Changes what a member has chosen. A new pseudonym is made up each time somebody hides; hiding and showing oneself
 * again names the member anew in announcements and final tables. Safe to repeat: what is so already stays as it is.
 *
 * Announcements and hashes of final tables follow once the jobs are nudged.
 *
 * @throws DomainError `unknown-member`, or `state-conflict` for whoever was deleted
 */
export async function changePrivacy(
  context: RankingContext,
  communityId: number,
  whose: Whose,
  changes: { [Setting in keyof PrivacySettings]?: PrivacySettings[Setting] | undefined },
  actor: Actor,
  now: Date,
): Promise<Privacy> {
  return context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    const member = await requireWhose(trx, communityId, whose);
    if (member.isDeleted) throw deletedAlready(member);
    const before = settingsOf(await readOf(trx, communityId, member.id));
    const after = {
      hidden: changes.hidden ?? before.hidden,
      showDiscord: changes.showDiscord ?? before.showDiscord,
      mentions: changes.mentions ?? before.mentions,
      reminders: changes.reminders ?? before.reminders,
    };
    if (JSON.stringify(after) !== JSON.stringify(before)) {
      await applySettings(trx, communityId, member.id, after, now);
      // Without the pseudonym: that the two are one is for nobody to read here either.
      await writeAudit(trx, {
        communityId,
        at: now,
        actor,
        action: 'privacy.change',
        target: member.handle,
        before,
        after,
      });
    }
    return readOf(trx, communityId, member.id);
  });
}

/**
 * After a merge the survivor is as private as the two were, whichever of them wanted it. For a transaction that holds
 * the community's lock, once the merged handle is an alias.
 */
export async function mergePrivacy(
  trx: Transaction<Database>,
  communityId: number,
  from: number,
  into: number,
  now: Date,
): Promise<void> {
  const [one, other] = [await readOf(trx, communityId, from), await readOf(trx, communityId, into)];
  const together = {
    hidden: one.hidden || other.hidden,
    showDiscord: one.showDiscord && other.showDiscord,
    mentions: one.mentions && other.mentions,
    reminders: one.reminders && other.reminders,
  };
  const same = [one, other].every((each) => JSON.stringify(settingsOf(each)) === JSON.stringify(together));
  if (!same) await applySettings(trx, communityId, into, together, now);
}

/** @throws DomainError `unknown-member` */
export async function requireWhose(db: Kysely<Database>, communityId: number, whose: Whose): Promise<Member> {
  if ('handle' in whose) return requireMember(db, communityId, whose.handle);
  const member = await findDiscordMember(db, communityId, whose.discordUserId);
  if (member) return member;
  throw new DomainError('unknown-member', 'You are no member here yet, and nothing is kept of you.');
}

/** What is said where a member was deleted before. */
export function deletedAlready({ handle }: Pick<Member, 'handle'>): DomainError {
  return new DomainError('state-conflict', `The data of "${handle}" was deleted, which cannot be undone.`);
}

async function applySettings(
  trx: Transaction<Database>,
  communityId: number,
  memberId: number,
  { hidden, showDiscord, mentions, reminders }: PrivacySettings,
  now: Date,
): Promise<void> {
  const rows = await rowsOf(trx, communityId, memberId);
  const ids = rows.map((row) => row.memberId);
  await trx
    .updateTable('members')
    .set({ shows_discord: showDiscord, no_mention: !mentions, no_reminders: !reminders })
    .where('community_id', '=', communityId)
    .where('member_id', 'in', ids)
    .execute();
  const changing = rows.filter(({ hiddenAs }) => (hiddenAs !== null) !== hidden);
  for (const row of changing) {
    await trx
      .updateTable('members')
      .set({ hidden_as: hidden ? await makePseudonym(trx, communityId, 'hidden') : null })
      .where('community_id', '=', communityId)
      .where('member_id', '=', row.memberId)
      .execute();
  }
  await retellMembers(trx, communityId, ids, now);
  if (changing.length > 0) {
    const changed = changing.map((row) => row.memberId);
    await replaceFinalTables(trx, communityId, changed, FOR_PRIVACY, now);
  }
  await touchConfig(trx, communityId);
}

async function readOf(db: Kysely<Database>, communityId: number, memberId: number): Promise<Privacy> {
  const row = await db
    .selectFrom('members')
    .select(['handle', 'hidden_as', 'shows_discord', 'no_mention', 'no_reminders'])
    .where('community_id', '=', communityId)
    .where('member_id', '=', memberId)
    .executeTakeFirstOrThrow();
  return {
    handle: row.handle,
    hidden: row.hidden_as !== null,
    hiddenAs: row.hidden_as ?? undefined,
    showDiscord: row.shows_discord,
    mentions: !row.no_mention,
    reminders: !row.no_reminders,
  };
}

function settingsOf({ hidden, showDiscord, mentions, reminders }: Privacy): PrivacySettings {
  return { hidden, showDiscord, mentions, reminders };
}
