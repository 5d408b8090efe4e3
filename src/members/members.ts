import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';

/** A member, with what contributions brought in all: OMNIT and reputation in thousandths. */
export type Member = {
  id: number;
  handle: string;
  displayName: string;
  discordUserId: string | undefined;
  earnedOmnit: bigint;
  earnedReputation: bigint;
};

/** @throws DomainError `unknown-member` */
export async function requireMember(db: Kysely<Database>, communityId: number, handle: string): Promise<Member> {
  const member = await selectMembers(db, communityId).where('handle', '=', handle).executeTakeFirst();
  if (member) return toMember(member);
  throw new DomainError(
    'unknown-member',
    `There is no member "${handle}". Handles are case-sensitive; whoever contributes becomes a member.`,
  );
}

/** The member that a Discord user is, or undefined when there is none. */
export async function findDiscordMember(
  db: Kysely<Database>,
  communityId: number,
  discordUserId: string,
): Promise<Member | undefined> {
  // Who is known from Discord alone has a handle made of the id.
  const found = await selectMembers(db, communityId)
    .where('discord_user_id', '=', discordUserId)
    .unionAll(selectMembers(db, communityId).where('handle', '=', `discord-${discordUserId}`))
    .execute();
  const member = found.find((row) => row.discord_user_id === discordUserId) ?? found[0];
  return member && toMember(member);
}

function selectMembers(db: Kysely<Database>, communityId: number) {
  return db
    .selectFrom('members')
    .select(['member_id', 'handle', 'display_name', 'discord_user_id', 'earned_omnit', 'earned_reputation'])
    .where('community_id', '=', communityId);
}

type MemberRow = NonNullable<Awaited<ReturnType<ReturnType<typeof selectMembers>['executeTakeFirst']>>>;

function toMember(row: MemberRow): Member {
  return {
    id: row.member_id,
    handle: row.handle,
    displayName: row.display_name,
    discordUserId: row.discord_user_id ?? undefined,
    earnedOmnit: row.earned_omnit,
    earnedReputation: row.earned_reputation,
  };
}
