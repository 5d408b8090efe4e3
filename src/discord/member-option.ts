/** Members as an option of a command: typed as a handle, chosen from what is offered, or mentioned. */
import type { ApplicationCommandOptionChoiceData } from 'discord.js';
import { DomainError } from '../errors.ts';
import { findDiscordMember, requireMember, type Member } from '../members/members.ts';
import { findMembersByPrefix } from '../members/suggest-members.ts';
import { checkText, HANDLE } from '../text.ts';
import type { Call, SuggestionCall } from './command.ts';
import { plain } from './text.ts';

const MENTION = /^<@!?(\d{1,20})>$/;
const MAX_CHOICES = 25;
/** The most characters of a choice's label, and of its value. */
const MAX_LENGTH = 100;

/**
 * The member that is meant.
 *
 * @throws DomainError `unknown-member`
 */
export async function memberOf({ services, community }: Call, typed: string): Promise<Member> {
  const [, userId] = MENTION.exec(typed.trim()) ?? [];
  if (userId === undefined) {
    const handle = checkText(typed, HANDLE);
    return requireMember(services.db, community.id, 'text' in handle ? handle.text : typed);
  }
  const member = await findDiscordMember(services.db, community.id, userId);
  if (member) return member;
  throw new DomainError('unknown-member', 'This person has not contributed here yet.');
}

/** Offers members whose handle begins with what is typed. */
export async function suggestMembers(
  { services, community }: SuggestionCall,
  typed: string,
): Promise<ApplicationCommandOptionChoiceData[]> {
  const handle = checkText(typed || ' ', HANDLE);
  const prefix = 'text' in handle ? handle.text : '';
  if (typed && !prefix) return [];
  const members = await findMembersByPrefix(services.db, community.id, prefix, MAX_CHOICES);
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
