/** What is told of windows that close and of seasons: as much of it as fits. */
import type { Announcement, ToldPrize, ToldTable } from '../announcements/announcement.ts';
import { heading, moment, plural, relative, rewards, type Manner } from './announcement-words.ts';
import { fit, type Room } from './fit.ts';
import { formatCount, ordinal } from './format.ts';
import { code, plain, shownName } from './text.ts';
import { renderFinals, type Final } from './window-finals.ts';
import { boardTitle, howToCheck, MEDALS, score, tableText, type Detail } from './window-tables.ts';
import { seasonTitle, titleOfTold } from './window-title.ts';

export type WindowAnnouncement = Extract<
  Announcement,
  { kind: 'window-provisional' | 'window-final' | 'window-amended' | 'season-countdown' | 'season-opened' }
>;

/** How it is told, and how much of it. */
type Space = Manner & Room;

/** From the most that may fit of a table to the least. */
const DETAILS: readonly Detail[] = [
  { places: 3, rewards: 4, hash: true, sum: true },
  { places: 3, rewards: 2, hash: true, sum: true },
  { places: 3, rewards: 1, hash: false, sum: true },
  { places: 1, rewards: 2, hash: false, sum: true },
  { places: 1, rewards: 0, hash: false, sum: true },
  { places: 1, rewards: 0, hash: false, sum: false },
];
const REASON_LENGTH = { brief: 100, full: 300 } as const;

/** What is told of one, or of several windows that became final long ago, in blocks of Discord's Markdown. */
export function renderWindows(told: readonly WindowAnnouncement[], room: Space): string[] {
  const [first, ...others] = told;
  if (!first) return [];
  const finals = told.filter((one): one is Final => one.kind === 'window-final');
  if (others.length > 0 && finals.length === told.length) return renderFinals(finals, room);
  return render(first, room);
}

function render(told: WindowAnnouncement, room: Space): string[] {
  switch (told.kind) {
    case 'window-provisional':
      return withTables(
        [
          heading(`${titleOfTold(told, room.locale)} is over`, room),
          `This is how it stands. It is final ${relative(told.endsAt)}: until then late contributions still count, and what turns out wrong is taken out.`,
        ],
        told.tables,
        [],
        room,
      );
    case 'window-final':
      return withTables(
        [heading(`${titleOfTold(told, room.locale)}: the final table`, room), ...changed(told, room)],
        told.tables,
        howToCheck(told),
        room,
      );
    case 'window-amended':
      return withTables(
        [
          heading(`${titleOfTold(told, room.locale)} was amended`, room),
          `> ${shownName(plain(told.reason, REASON_LENGTH[room.detail]))}`,
          `${plural(told.given, 'reward', room)} given, ${formatCount(told.takenBack, room.locale)} taken back. This is version ${told.version}; the earlier one is kept beside it.`,
        ],
        [told.table],
        howToCheck(told),
        room,
      );
    case 'season-countdown':
      return withTables(
        [
          heading(`${seasonTitle(told.name)} ends ${relative(told.endsAt)}`, room),
          `What is contributed until ${moment(told.endsAt)} counts.${told.tables.length > 0 ? ' This is how it stands:' : ''}`,
        ],
        told.tables,
        [`-# Where you stand: ${code('/leaderboard')}`],
        room,
      );
    case 'season-opened':
      return withPrizes(
        [
          heading(`${seasonTitle(told.name)} has begun`, room),
          `Everybody starts from zero. It runs until ${moment(told.endsAt)}.`,
        ],
        told.prizes,
        room,
      );
  }
}

/** Some lines, tables in as much detail as there is room for, and small print. */
function withTables(
  head: readonly string[],
  tables: readonly ToldTable[],
  foot: readonly string[],
  room: Space,
): string[] {
  const attempts = DETAILS.map((detail) => () => tables.map((table) => tableText(table, detail, room)));
  return fit(head, attempts, foot, room);
}

function withPrizes(head: readonly string[], prizes: readonly ToldPrize[], room: Space): string[] {
  const boards = [...Map.groupBy(prizes, ({ title }) => title)];
  const attempts = [4, 2, 1].map(
    (most) => () =>
      boards.map(([title, ofBoard]) =>
        [boardTitle(title, room), ...ofBoard.map((prize) => prizeLine(prize, most, room))].join('\n'),
      ),
  );
  const foot = prizes.length > 0 ? [`-# What there is to win all along: ${code('/prize list')}`] : [];
  return fit(head, attempts, foot, room);
}

function prizeLine(prize: ToldPrize, most: number, manner: Manner): string {
  return `${placesOf(prize, manner)}: ${rewards(prize.rewards, manner, most)}`;
}

/** Who wins a prize: `🥇 1st`, `2nd to 10th`, `The first 5 %`, `Everybody from 100 OMNIT on`. */
export function placesOf(prize: Omit<ToldPrize, 'rewards'>, manner: Manner): string {
  const { places } = prize;
  if ('topPercent' in places) return `The first ${places.topPercent} %`;
  if ('minScore' in places) return `Everybody from ${score(places.minScore, prize, manner)} on`;
  const { from, to } = places;
  const [first, last] = [from, to].map((rank) => `${MEDALS[rank] ?? ''}${ordinal(rank, manner.locale)}`);
  return from === to ? `${first}` : `${first} to ${last}`;
}

function changed({ changed: count }: Final, manner: Manner): string[] {
  if (count === 0) return [];
  const what = count === 1 ? 'contribution was' : 'contributions were';
  return [`${formatCount(count, manner.locale)} ${what} added or taken out since the provisional table.`];
}
