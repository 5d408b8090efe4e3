import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { looksLikePseudonym } from '../privacy/pseudonym.ts';
import { findMembers } from './member-store.ts';

/** The handle of who is known from Discord alone: the id of the user is in it. */
export const DISCORD_HANDLE = /^discord-(\d{1,20})$/;

/** A member, with what contributions brought in all: OMNIT and reputation in thousandths. */
export type Member = {
  id: number;
  handle: string;
  displayName: string;
  discordUserId: string | undefined;
  /** The pseudonym by which everybody sees the member while hidden; the names above are for the member and for admins. */
  hiddenAs: string | undefined;
  /** Whether the data was deleted: the names are random ones then, for good. */
  isDeleted: boolean;
  /** Whether everybody may know the Discord account. */
  showsDiscord: boolean;
  earnedOmnit: bigint;
  earnedReputation: bigint;
};

/**
 * Finds a member by handle; for a handle that was merged, the survivor, whose own handle is another then.
 *
 * @throws DomainError `unknown-member`
 */
export async function requireMember(db: Kysely<Database>, communityId: number, handle: string): Promise<Member> {
  const memberId = (await findMembers(db, communityId, [handle])).get(handle);
  if (memberId !== undefined) return readMember(db, communityId, memberId);
  throw unknownMember(handle);
}

/** Finds the member that a pseudonym stands for: undefined where nobody is hidden under it. */
export async function findHidden(
  db: Kysely<Database>,
  communityId: number,
  pseudonym: string,
): Promise<Member | undefined> {
  if (!looksLikePseudonym(pseudonym)) return undefined;
  const row = await selectMembers(db, communityId).where('hidden_as', '=', pseudonym).executeTakeFirst();
  return row && toMember(row);
}

/**
 * Finds a member by whatever name an admin has for it: its handle, one that was merged, or a pseudonym.
 *
 * @throws DomainError `unknown-member`
 */
export async function requireAnyName(db: Kysely<Database>, communityId: number, name: string): Promise<Member> {
  return requireMember(db, communityId, (await findHidden(db, communityId, name))?.handle ?? name);
}

/** Whether nobody but the member and admins may see more than a place on boards: of whoever is hidden or deleted. */
export function isPrivate({ hiddenAs, isDeleted }: Pick<Member, 'hiddenAs' | 'isDeleted'>): boolean {
  return isDeleted || hiddenAs !== undefined;
}

/** What is said where there is no member of a handle, or none that whoever asks may know of. */
export function unknownMember(handle: string): DomainError {
  return new DomainError(
    'unknown-member',
    `There is no member "${handle}". Handles are case-sensitive; whoever contributes becomes a member.`,
  );
}

/** Whether a handle is, or was before a merge, a member's own, rather than one that was only reserved for it. */
export async function wasMember(db: Kysely<Database>, communityId: number, handle: string): Promise<boolean> {
  const member = await db
    .selectFrom('members')
    .select('member_id')
    .where('community_id', '=', communityId)
    .where('handle', '=', handle)
    .executeTakeFirst();
  return member !== undefined;
}

/** Finds a member by an id from elsewhere, such as a button: undefined where there is none. */
export async function findMember(
  db: Kysely<Database>,
  communityId: number,
  memberId: number,
): Promise<Member | undefined> {
  const row = await selectMembers(db, communityId).where('member_id', '=', memberId).executeTakeFirst();
  return row && toMember(row);
}

/** Reads a member whose id is known. */
export async function readMember(db: Kysely<Database>, communityId: number, memberId: number): Promise<Member> {
  return toMember(await selectMembers(db, communityId).where('member_id', '=', memberId).executeTakeFirstOrThrow());
}

/** The handle of who is known from Discord alone. */
export function discordHandle(discordUserId: string): string {
  return `discord-${discordUserId}`;
}

/** Whether a member is known from Discord alone: its handle says which user it is. */
export function isDiscordHandle({ handle }: Pick<Member, 'handle'>): boolean {
  return DISCORD_HANDLE.test(handle);
}

/** The Discord user that a member is: the one linked with, or the one whose handle it has. */
export function discordUserOf({ handle, discordUserId }: Pick<Member, 'handle' | 'discordUserId'>): string | undefined {
  return discordUserId ?? DISCORD_HANDLE.exec(handle)?.[1];
}

/** The member that a Discord user is: the one linked with, or else the one known from Discord alone. */
export async function findDiscordMember(
  db: Kysely<Database>,
  communityId: number,
  discordUserId: string,
): Promise<Member | undefined> {
  const own = discordHandle(discordUserId);
  const isMerged = db
    .selectFrom('member_aliases')
    .select('handle')
    .where('community_id', '=', communityId)
    .where('handle', '=', own);
  const found = await selectMembers(db, communityId)
    .where('discord_user_id', '=', discordUserId)
    .unionAll(
      selectMembers(db, communityId)
        .where('handle', '=', own)
        .where((eb) => eb.not(eb.exists(isMerged))),
    )
    .execute();
  const member = found.find((row) => row.discord_user_id === discordUserId) ?? found[0];
  return member && toMember(member);
}

function selectMembers(db: Kysely<Database>, communityId: number) {
  return db
    .selectFrom('members')
    .select([
      'member_id',
      'handle',
      'display_name',
      'discord_user_id',
      'hidden_as',
      'deleted_at',
      'shows_discord',
      'earned_omnit',
      'earned_reputation',
    ])
    .where('community_id', '=', communityId);
}

type MemberRow = NonNullable<Awaited<ReturnType<ReturnType<typeof selectMembers>['executeTakeFirst']>>>;

function toMember(row: MemberRow): Member {
  return {
    id: row.member_id,
    handle: row.handle,
    displayName: row.display_name,
    discordUserId: row.discord_user_id ?? undefined,
    hiddenAs: row.hidden_as ?? undefined,
    isDeleted: row.deleted_at !== null,
    showsDiscord: row.shows_discord,
    earnedOmnit: row.earned_omnit,
    earnedReputation: row.earned_reputation,
  };
}
