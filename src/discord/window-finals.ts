/** What is told of several windows that became final while nobody could be told. */
import type { Announcement } from '../announcements/announcement.ts';
import { heading, plural, type Manner } from './announcement-words.ts';
import { fit, type Room } from './fit.ts';
import { code } from './text.ts';
import { howToCheck, tableText, type Detail } from './window-tables.ts';
import { titleOfTold } from './window-title.ts';

export type Final = Extract<Announcement, { kind: 'window-final' }>;

/** The longest first: what more people care for is told first, and in more detail. */
const KINDS = ['season', 'month', 'week'] as const;
type Kind = (typeof KINDS)[number];

const WHOLE: Detail = { places: 3, rewards: 4, hash: true, sum: true };
const PODIUM: Detail = { places: 3, rewards: 1, hash: true, sum: true };
const WINNER: Detail = { places: 1, rewards: 2, hash: false, sum: false };
const LINE: Detail = { places: 1, rewards: 0, hash: false, sum: false };

/** From the most that may fit to the least. */
const DETAILS: readonly Record<Kind, Detail>[] = [
  { season: WHOLE, month: WHOLE, week: WHOLE },
  { season: WHOLE, month: WHOLE, week: WINNER },
  { season: WHOLE, month: WINNER, week: WINNER },
  { season: WHOLE, month: WINNER, week: LINE },
  { season: PODIUM, month: LINE, week: LINE },
];
/** Of more seasons than these the winners alone are told, before anything is left out. */
const MOST_PODIUMS = 2;
const WINNERS: Record<Kind, Detail> = { season: { ...WINNER, sum: true }, month: LINE, week: LINE };

/**
 * Windows with their tables: seasons, then months, then weeks, the newest of each first.
 *
 * @param finals in the order in which they became final
 */
export function renderFinals(finals: readonly Final[], room: Manner & Room): string[] {
  const ordered = KINDS.map((kind) => finals.filter(({ window }) => window === kind).toReversed());
  const counts = ordered.flatMap(({ length }, index) => (length > 0 ? [plural(length, KINDS[index] ?? '', room)] : []));
  const windows = (details: Record<Kind, Detail>) =>
    ordered
      .flat()
      .map((told) =>
        [
          `### ${titleOfTold(told, room.locale)}`,
          ...told.tables.map((table) => tableText(table, details[told.window], { ...room, detail: 'brief' })),
        ].join('\n'),
      );
  const seasons = finals.filter(({ window }) => window === 'season').length;
  const attempts = seasons > MOST_PODIUMS ? [...DETAILS, WINNERS] : DETAILS;
  return fit(
    [heading(`Final tables of ${and(counts)}`, room)],
    attempts.map((details) => () => windows(details)),
    [
      `-# All of them: ${code('/leaderboard')} with the option ${code('period')}`,
      ...ordered.flat().slice(0, 1).flatMap(howToCheck),
    ],
    room,
  );
}

function and(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
