/** What members want to be known of them. */
import { sql, type Kysely, type Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import { instants } from '../db/arrays.ts';
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

/**
 * What a member has chosen, the pseudonym while hidden, and when the member was shown again lately, those who were merged
 * into it included.
 */
export type Privacy = PrivacySettings & { handle: string; hiddenAs: string | undefined; shownAgainAt: readonly Date[] };

/** Who replaces final tables: it must not tell whose name went. */
export const FOR_PRIVACY: Actor = { name: 'a member, for privacy' };

/** @throws DomainError `unknown-member` */
export async function readPrivacy(db: Kysely<Database>, communityId: number, whose: Whose): Promise<Privacy> {
  return readOf(db, communityId, (await requireWhose(db, communityId, whose)).id);
}

/** Each time somebody hides or is shown again, every final table with them gets a version: so it happens this often at most. */
const SHOWN_AGAIN_AT_MOST = 3;
const SHOWN_AGAIN_WITHIN_DAYS = 30;
const SHOWN_AGAIN_WITHIN_MS = SHOWN_AGAIN_WITHIN_DAYS * 86_400_000;

/** From when on a member can be shown again who is hidden, or will be; undefined: at any time. Hiding is never refused. */
export function showableFrom({ shownAgainAt }: Pick<Privacy, 'shownAgainAt'>, now: Date): Date | undefined {
  const counting = stillCounting(shownAgainAt, now).toSorted((one, other) => one.getTime() - other.getTime());
  const first = counting.at(-SHOWN_AGAIN_AT_MOST);
  return first && new Date(first.getTime() + SHOWN_AGAIN_WITHIN_MS);
}

function stillCounting(shownAgainAt: readonly Date[], now: Date): Date[] {
  return shownAgainAt.filter((at) => now.getTime() - at.getTime() < SHOWN_AGAIN_WITHIN_MS);
}

/**
 * Changes what a member has chosen. A new pseudonym is made up each time somebody hides; hiding and showing oneself
 * again names the member anew in announcements and final tables. Safe to repeat: what is so already stays as it is.
 *
 * Announcements and hashes of final tables follow once the jobs are nudged.
 *
 * @throws DomainError `unknown-member`, or `state-conflict` for whoever was deleted, and for whoever was shown again too
 *   often to be shown now: then nothing is changed
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
    const privacy = await readOf(trx, communityId, member.id);
    const before = settingsOf(privacy);
    const after = {
      hidden: changes.hidden ?? before.hidden,
      showDiscord: changes.showDiscord ?? before.showDiscord,
      mentions: changes.mentions ?? before.mentions,
      reminders: changes.reminders ?? before.reminders,
    };
    if (JSON.stringify(after) !== JSON.stringify(before)) {
      if (before.hidden && !after.hidden) await noteShownAgain(trx, communityId, member.id, privacy, now);
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
  await setShownAgain(trx, communityId, into, [...one.shownAgainAt, ...other.shownAgainAt]);
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

/** @throws DomainError `state-conflict` for whoever was shown again too often */
async function noteShownAgain(
  trx: Transaction<Database>,
  communityId: number,
  memberId: number,
  { handle, shownAgainAt }: Privacy,
  now: Date,
): Promise<void> {
  const from = showableFrom({ shownAgainAt }, now);
  if (from) {
    throw new DomainError(
      'state-conflict',
      `"${handle}" stays hidden: it was shown again ${SHOWN_AGAIN_AT_MOST} times within ${SHOWN_AGAIN_WITHIN_DAYS} days, and each time makes new versions of final tables. It can be shown again from ${from.toISOString()} on. Nothing was changed.`,
    );
  }
  await setShownAgain(trx, communityId, memberId, [...stillCounting(shownAgainAt, now), now]);
}

async function setShownAgain(
  trx: Transaction<Database>,
  communityId: number,
  memberId: number,
  times: readonly Date[],
): Promise<void> {
  await sql`
    update members set shown_again = ${instants(times)}::timestamptz[]
    where community_id = ${communityId} and member_id = ${memberId}`.execute(trx);
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
    .select(['handle', 'hidden_as', 'shows_discord', 'no_mention', 'no_reminders', 'shown_again'])
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
    shownAgainAt: row.shown_again,
  };
}

function settingsOf({ hidden, showDiscord, mentions, reminders }: Privacy): PrivacySettings {
  return { hidden, showDiscord, mentions, reminders };
}
