import type { ApplicationCommandOptionChoiceData } from 'discord.js';
import type { Exclusion } from '../fair-play/exclusions.ts';
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

/** The exclusions in force. `done`: what was just changed. */
export function renderExclusions(exclusions: readonly Exclusion[], done?: string): Answer {
  const listed = exclusions.slice(0, MAX_LISTED).map((exclusion) => `- ${describeExclusion(exclusion)}`);
  const rest = exclusions.length - listed.length;
  return note(
    [
      ...(done === undefined ? [] : [done]),
      '## Excluded',
      ...(listed.length === 0 ? ['Nobody.'] : listed),
      ...(rest > 0 ? [`and ${rest} more`] : []),
    ].join('\n'),
    done === undefined ? COLOURS.neutral : COLOURS.good,
  );
}

/** One exclusion in a line. Escaped; a mention of a role pings nobody, as no message here does. */
export function describeExclusion({ id, target, scope, reason, endsAt }: Exclusion): string {
  const who = 'member' in target ? shownName(target.member) : `<@&${target.roleId}>`;
  const until = endsAt ? `until ${timestamp(endsAt, 'D')}` : 'until it is lifted';
  return `${id}: **${who}** from ${scope}, ${until}: ${shownName(plain(reason, MAX_REASON_LENGTH))}`;
}

/** What can be lifted, by any part of it. */
export function suggestExclusions(
  exclusions: readonly Exclusion[],
  typed: string,
): ApplicationCommandOptionChoiceData<number>[] {
  const wanted = typed.trim().toLowerCase();
  return exclusions
    .map(({ id, target, scope, reason }) => {
      const who = 'member' in target ? target.member : `role ${target.roleId}`;
      return { name: plain(`${id}: ${who} from ${scope}: ${reason}`, MAX_LABEL_LENGTH), value: id };
    })
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .slice(0, MAX_CHOICES);
}
