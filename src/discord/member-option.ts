/** Members as an option of a command: typed as a handle, chosen from what is offered, or mentioned. */
import type { ApplicationCommandOptionChoiceData } from 'discord.js';
import { DomainError } from '../errors.ts';
import {
  discordUserOf,
  findDiscordMember,
  isDiscordHandle,
  isPrivate,
  requireAnyName,
  unknownMember,
  type Member,
} from '../members/members.ts';
import { findMembersByPrefix } from '../members/suggest-members.ts';
import { checkText, HANDLE } from '../text.ts';
import type { Call, SuggestionCall } from './command.ts';
import { plain } from './text.ts';

const MENTION = /^<@!?(\d{1,20})>$/;
const MAX_CHOICES = 25;
/** The most characters of a choice's label, and of its value. */
const MAX_LENGTH = 100;

/**
 * The member that is meant. Those who may manage the server find everybody, also by a pseudonym; others find nobody who
 * is hidden or deleted, and by a mention only those whose Discord account everybody may know.
 *
 * @throws DomainError `unknown-member`
 */
export async function memberOf(call: Call, typed: string): Promise<Member> {
  const { services, community } = call;
  const [, userId] = MENTION.exec(typed.trim()) ?? [];
  if (userId === undefined) {
    const checked = checkText(typed, HANDLE);
    const handle = 'text' in checked ? checked.text : typed;
    const member = await requireAnyName(services.db, community.id, handle);
    if (maySee(call, member)) return member;
    throw unknownMember(handle);
  }
  const member = await findDiscordMember(services.db, community.id, userId);
  if (member && maySee(call, member) && mayKnowAccount(call, member)) return member;
  throw new DomainError(
    'unknown-member',
    'This person has not contributed here yet, or does not show which member they are. Give a handle.',
  );
}

/** Whether the reader may see more of a member than a place on boards. */
export function maySee({ reader }: Pick<Call, 'reader'>, member: Member): boolean {
  return !isPrivate(member) || reader.mayManage || isReader(reader, member);
}

function mayKnowAccount({ reader }: Call, member: Member): boolean {
  return member.showsDiscord || isDiscordHandle(member) || reader.mayManage || isReader(reader, member);
}

function isReader({ userId }: Call['reader'], member: Member): boolean {
  return discordUserOf(member) === userId;
}

/** Offers members whose handle begins with what is typed. */
export async function suggestMembers(
  { services, community, mayManage }: SuggestionCall,
  typed: string,
): Promise<ApplicationCommandOptionChoiceData[]> {
  const handle = checkText(typed || ' ', HANDLE);
  const prefix = 'text' in handle ? handle.text : '';
  if (typed && !prefix) return [];
  const members = await findMembersByPrefix(services.db, community.id, prefix, {
    limit: MAX_CHOICES,
    forAdmins: mayManage,
  });
  return members
    .filter((member) => member.handle.length <= MAX_LENGTH)
    .map((member) => ({
      name: plain(
        member.displayName === member.handle ? member.handle : `${member.handle} (${member.displayName})`,
        MAX_LENGTH,
      ),
      value: member.handle,
    }));
}
