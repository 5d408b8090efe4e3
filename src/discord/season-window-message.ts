/** How closing windows and amending final tables look on Discord. */
import { ButtonStyle } from 'discord.js';
import type { ToldPlace } from '../announcements/announcement.ts';
import type { Window } from '../ranking/calendar.ts';
import type { PrizeWindow } from '../rewards/prizes.ts';
import type { Amendment } from '../seasons/amend.ts';
import { frozenDueAt } from '../seasons/steps.ts';
import { amount, plural, type Manner } from './announcement-words.ts';
import type { Answer, Call } from './command.ts';
import { fit, WHOLE_MESSAGE } from './fit.ts';
import { formatCount, ordinal, timestamp } from './format.ts';
import { keptText } from './kept-text.ts';
import { COLOURS, list, note } from './messages.ts';
import { button, row } from './season-message.ts';
import type { SeasonChoice } from './season-view.ts';
import { code, plain, shownName } from './text.ts';
import { titleOf } from './window-title.ts';

const NAME_LENGTH = 48;
/** The reason and what stands around it. */
const REASON_ROOM = 700;

/** A window that closes. */
export type ClosableWindow = Window & { kind: PrizeWindow };

type Amended = { window: Window; amendments: readonly Amendment[] };

/** Asks whether a window is to become final before its time. */
export function confirmClosing({ community, locale }: Call, window: ClosableWindow, choice: SeasonChoice): Answer {
  const dueAt = frozenDueAt(community.closingTimes, window);
  const lines = [
    `## Close ${titleOf(community, window, locale)} now?`,
    `It ended ${timestamp(window.endsAt, 'f')}, and becomes final by itself ${timestamp(dueAt, 'R')}, ${timestamp(dueAt, 'f')}.`,
    'Closed now, late contributions do not count in it any more, its tables and their hashes are announced, and its prizes are given. That cannot be taken back; a final table can only be amended.',
    `What would be given: ${code('/prize preview')}`,
    '-# To leave it, dismiss this message.',
  ];
  return note(lines.join('\n'), COLOURS.waiting).addActionRowComponents(
    row(button(choice, 'Close it now', ButtonStyle.Danger)),
  );
}

export function renderClosed({ community, locale }: Call, window: Window): Answer {
  const { key } = window;
  return note(
    `## Closed: ${titleOf(community, window, locale)}\nIts tables are final, its prizes are given, and it is announced in a moment.\n-# Its tables: ${code('/leaderboard')} with the period ${code(key)}`,
    COLOURS.good,
  );
}

/** Tells what amending would change, and asks whether to do it. */
export function confirmAmending(call: Call, amended: Amended, reason: string, choice: SeasonChoice): Answer {
  const { community, locale } = call;
  const blocks = fit(
    [
      `## Amend ${titleOf(community, amended.window, locale)}?`,
      'Everything that happened since it became final counts: voided and late contributions, merges and exclusions. By that:',
    ],
    [() => amended.amendments.map((one) => amendmentLines(one, locale))],
    [
      '-# The version before is kept beside the new one, which gets a hash of its own and is announced with this reason.',
    ],
    { ...WHOLE_MESSAGE, characters: WHOLE_MESSAGE.characters - REASON_ROOM, locale },
  );
  const [above = '', ...below] = blocks;
  return list(above, below, COLOURS.waiting)
    .addTextDisplayComponents(keptText('Reason', reason))
    .addActionRowComponents(row(button(choice, 'Amend it', ButtonStyle.Danger)));
}

/** Tells what was amended. */
export function renderAmended({ community, locale }: Call, { window, amendments }: Amended): Answer {
  const [above = '', ...below] = fit(
    [`## Amended: ${titleOf(community, window, locale)}`],
    [() => amendments.map((one) => amendmentLines(one, locale))],
    [`-# Its tables: ${code('/leaderboard')} with the period ${code(window.key)}`],
    { ...WHOLE_MESSAGE, locale },
  );
  return list(above, below, COLOURS.good);
}

function amendmentLines(
  { category, version, changedLines, given, takenBack, table }: Amendment,
  locale: string,
): string {
  const manner: Manner = { detail: 'brief', locale };
  const rewards =
    given + takenBack === 0
      ? 'no reward changes'
      : `${plural(given, 'reward', manner)} given, ${formatCount(takenBack, locale)} taken back`;
  const top = table.top.map((place) => placeOf(place, locale));
  return [
    `**${shownName(plain(category.title, NAME_LENGTH))}** · version ${version}`,
    `${plural(changedLines, 'line', manner)} ${changedLines === 1 ? 'changes' : 'change'}, ${rewards}`,
    top.length > 0 ? `First by it: ${top.join(', ')}` : 'Nobody stands on it by then.',
  ].join('\n');
}

function placeOf({ rank, member, score }: ToldPlace, locale: string): string {
  const name = shownName(plain(member.name, NAME_LENGTH));
  return `${ordinal(rank, locale)} ${name} with ${amount(score, { detail: 'brief', locale })}`;
}
