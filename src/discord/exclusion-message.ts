import type { ApplicationCommandOptionChoiceData } from 'discord.js';
import type { Exclusion } from '../fair-play/exclusion-store.ts';
import type { Answer } from './command.ts';
import { timestamp } from './format.ts';
import { COLOURS, note } from './messages.ts';
import { plain, shownName } from './text.ts';

/** The most that a message lists, whatever the reasons. */
const MAX_LISTED = 8;
const MAX_REASON_LENGTH = 100;
/** The most characters of a choice's label, and choices. */
const MAX_LABEL_LENGTH = 100;
const MAX_CHOICES = 25;

const FROM = { prizes: 'prizes', boards: 'boards and prizes' } as const;

/** The exclusions in force. `done`: what was just changed. */
export function renderExclusions(exclusions: readonly Exclusion[], done?: string): Answer {
  const listed = exclusions.slice(0, MAX_LISTED).map((exclusion) => `- ${describeExclusion(exclusion)}`);
  const rest = exclusions.length - listed.length;
  return note(
    [
      ...(done === undefined ? [] : [done]),
      '## Exclusions',
      ...(listed.length === 0 ? ['Nobody is excluded.'] : listed),
      ...(rest > 0 ? [`and ${rest} more`] : []),
    ].join('\n'),
    done === undefined ? COLOURS.neutral : COLOURS.good,
  );
}

/** What follows from an exclusion that was just made, for whoever made it. */
export function describeMade(exclusion: Exclusion): string {
  const { target, scope, members } = exclusion;
  const made = `Excluded ${summary(exclusion)}.`;
  if ('member' in target) {
    const follows = {
      prizes: 'The rank stays, and prizes pass to the next.',
      boards: 'The member is off all boards now. Contributions still earn, and the standings come back when it ends.',
    }[scope];
    return `${made} ${follows}`;
  }
  const follows = {
    prizes: 'Their ranks stay, and prizes pass to the next.',
    boards:
      'They leave all boards within a minute. Contributions still earn, and the standings come back when it ends.',
  }[scope];
  return [
    `${made} ${follows}`,
    `-# ${known(members)} The bot sees people's roles when they use it, and now looks up on Discord whom it has not seen yet, which can take some minutes.`,
  ].join('\n');
}

/** What follows from lifting an exclusion. */
export function describeLifted({ target, scope }: Exclusion): string {
  const lifted = `Lifted: ${nameOf(target)} from ${FROM[scope]}.`;
  if (scope === 'prizes') return lifted;
  const when = 'member' in target ? 'The standings are back now' : 'Their standings are back within a minute';
  return `${lifted} ${when}, unless another exclusion holds.`;
}

/** One exclusion in a line. */
function describeExclusion(exclusion: Exclusion): string {
  const { id, target, members, reason } = exclusion;
  const seen = 'member' in target ? '' : ` ${known(members)}`;
  return `${id}: ${summary(exclusion)}.${seen} Reason: ${shownName(plain(reason, MAX_REASON_LENGTH))}`;
}

/** Who, from what, until when. */
function summary({ target, scope, endsAt }: Exclusion): string {
  return `${nameOf(target)} from ${FROM[scope]} ${endsAt ? `until ${timestamp(endsAt, 'f')}` : 'until it is lifted'}`;
}

/** Escaped; a mention of a role pings nobody, as no message here does. */
function nameOf(target: Exclusion['target']): string {
  return 'member' in target ? `**${shownName(target.member)}**` : `members with <@&${target.roleId}>`;
}

function known(members: number): string {
  if (members === 0) return 'No member was seen with the role so far.';
  return members === 1 ? '1 member was last seen with the role.' : `${members} members were last seen with the role.`;
}

/** What can be lifted, by any part of it. `nameOfRole`: undefined for a role that is no more. */
export function suggestExclusions(
  exclusions: readonly Exclusion[],
  typed: string,
  nameOfRole: (roleId: string) => string | undefined,
): ApplicationCommandOptionChoiceData<number>[] {
  const wanted = typed.trim().toLowerCase();
  return exclusions
    .map(({ id, target, scope, reason }) => {
      const who = 'member' in target ? target.member : `@${nameOfRole(target.roleId) ?? `role ${target.roleId}`}`;
      return { name: plain(`${id}: ${who} from ${FROM[scope]}: ${reason}`, MAX_LABEL_LENGTH), value: id };
    })
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .slice(0, MAX_CHOICES);
}
