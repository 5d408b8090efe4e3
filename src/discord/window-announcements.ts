/** What is told of windows that close and of seasons: as much of it as fits. */
import type { Announcement, ToldPlace, ToldPrize, ToldTable, ToldWindow } from '../announcements/announcement.ts';
import { parseDecimal } from '../ranking/score.ts';
import { amount, heading, moment, name, plural, relative, rewards, type Manner } from './announcement-words.ts';
import { formatCount, formatNumber, ordinal } from './format.ts';
import { code, plain, shownName } from './text.ts';

export type WindowAnnouncement = Extract<
  Announcement,
  { kind: 'window-provisional' | 'window-final' | 'window-amended' | 'season-countdown' | 'season-opened' }
>;
type Final = Extract<WindowAnnouncement, { kind: 'window-final' }>;

/** How it is told: also with how many characters, and in how many blocks at the most. */
export type Room = Manner & { characters: number; blocks: number };

/** How much of each table is told. */
type Detail = { places: number; rewards: number; hash: boolean };

/** From the most that may fit to the least. */
const DETAILS: readonly Detail[] = [
  { places: 3, rewards: 4, hash: true },
  { places: 3, rewards: 2, hash: true },
  { places: 3, rewards: 1, hash: false },
  { places: 1, rewards: 2, hash: false },
  { places: 1, rewards: 0, hash: false },
];
const MEDALS: Partial<Record<number, string>> = { 1: '🥇 ', 2: '🥈 ', 3: '🥉 ' };
const NAME_LENGTH = 48;
const UNIT_LENGTH = 24;
const REASON_LENGTH = { brief: 100, full: 300 } as const;

/** What is told of one, or of several windows that became final long ago, in blocks of Discord's Markdown. */
export function renderWindows(told: readonly WindowAnnouncement[], room: Room): string[] {
  const [first, ...others] = told;
  if (!first) return [];
  const finals = told.filter((one): one is Final => one.kind === 'window-final');
  if (others.length > 0 && finals.length === told.length) return renderFinals(finals, room);
  return render(first, room);
}

function render(told: WindowAnnouncement, room: Room): string[] {
  switch (told.kind) {
    case 'window-provisional':
      return withTables(
        [
          heading(`${title(told, room)} is over`, room),
          `This is how it stands. It is final ${relative(told.endsAt)}: until then late contributions still count, and what turns out wrong is taken out.`,
        ],
        told.tables,
        [],
        room,
      );
    case 'window-final':
      return withTables(
        [heading(`${title(told, room)}: the final table`, room), ...changed(told, room)],
        told.tables,
        howToCheck(told.period, room),
        room,
      );
    case 'window-amended':
      return withTables(
        [
          heading(`${title(told, room)} was amended`, room),
          `> ${shownName(plain(told.reason, REASON_LENGTH[room.detail]))}`,
          `${plural(told.given, 'reward', room)} given, ${formatCount(told.takenBack, room.locale)} taken back. This is version ${told.version}; the earlier one is kept beside it.`,
        ],
        [told.table],
        howToCheck(told.period, room),
        room,
      );
    case 'season-countdown':
      return withTables(
        [
          heading(`${seasonName(told.name, room)} ends ${relative(told.endsAt)}`, room),
          `What is contributed until ${moment(told.endsAt)} counts.${told.tables.length > 0 ? ' This is how it stands:' : ''}`,
        ],
        told.tables,
        room.detail === 'full' ? [`-# Where you stand: ${code('/leaderboard')}`] : [],
        room,
      );
    case 'season-opened':
      return withPrizes(
        [
          heading(`${seasonName(told.name, room)} has begun`, room),
          `Everybody starts from zero. It runs until ${moment(told.endsAt)}.`,
        ],
        told.prizes,
        room,
      );
  }
}

/** Windows that became final while nobody could be told, each with its winners. */
function renderFinals(finals: readonly Final[], room: Room): string[] {
  const head = heading(`${formatCount(finals.length, room.locale)} tables became final`, room);
  const tables = (detail: Detail) =>
    finals.map((told) =>
      [
        `**${title(told, room)}**`,
        ...told.tables.map((table) =>
          detail.places > 1 ? fullTable(table, detail, room) : shortTable(table, detail, room),
        ),
      ].join('\n'),
    );
  const foot =
    room.detail === 'full' ? [`-# All of them: ${code('/leaderboard')} with the option ${code('period')}`] : [];
  return fit(
    [head],
    DETAILS.map((detail) => () => tables(detail)),
    foot,
    room,
  );
}

/** Some lines, tables in as much detail as there is room for, and small print. */
function withTables(
  head: readonly string[],
  tables: readonly ToldTable[],
  foot: readonly string[],
  room: Room,
): string[] {
  const inFull = room.detail === 'full';
  const attempts = DETAILS.filter(({ places }) => inFull || places === 1).map(
    (detail) => () =>
      tables.map((table) =>
        detail.places > 1 || inFull ? fullTable(table, detail, room) : shortTable(table, detail, room),
      ),
  );
  return fit(head, attempts, foot, room);
}

function withPrizes(head: readonly string[], prizes: readonly ToldPrize[], room: Room): string[] {
  const boards = [...Map.groupBy(prizes, (prize) => prize.title)];
  const [heads, foot] =
    room.detail === 'full'
      ? ['### ', prizes.length > 0 ? [`-# What there is to win all along: ${code('/prize list')}`] : []]
      : ['', []];
  const attempts = [4, 2, 1].map(
    (most) => () =>
      boards.map(([board, ofBoard]) =>
        [
          `${heads}${shownName(plain(board, NAME_LENGTH))}`,
          ...ofBoard.map((prize) => prizeLine(prize, most, room)),
        ].join('\n'),
      ),
  );
  return fit(head, attempts, foot, room);
}

/** The first of some attempts that fits with what stands above and below; of the last one, as much as fits. */
function fit(
  head: readonly string[],
  attempts: readonly (() => string[])[],
  foot: readonly string[],
  { characters, blocks: mostBlocks, locale }: Room,
): string[] {
  const heads = head.join('\n');
  const foots = foot.length > 0 ? [foot.join('\n')] : [];
  // The line that says how many are left out.
  const left = characters - heads.length - (foots[0]?.length ?? 0) - 80;
  let blocks: string[] = [];
  for (const attempt of attempts) {
    blocks = attempt();
    if (lengthOf(blocks) <= left) break;
  }
  const shown: string[] = [];
  for (const block of blocks) {
    if (lengthOf([...shown, block]) > left) break;
    shown.push(block);
  }
  const rest = blocks.length - shown.length;
  const more = rest > 0 ? [`… and ${formatCount(rest, locale)} more`] : [];
  const all = [heads, ...shown, ...more, ...foots];
  return all.length <= mostBlocks ? all : [all.join('\n')];
}

function lengthOf(blocks: readonly string[]): number {
  return blocks.reduce((sum, block) => sum + block.length + 1, 0);
}

function fullTable(table: ToldTable, detail: Detail, manner: Manner): string {
  const { members, total, alsoWin = 0, sha256, top } = table;
  const sum = total === undefined ? '' : `, ${score(total, table, manner)} in all`;
  return [
    `${manner.detail === 'full' ? '### ' : ''}${shownName(plain(table.title, NAME_LENGTH))}`,
    ...top.slice(0, detail.places).map((place) => line(place, table, detail, manner)),
    ...(top.length === 0 ? ['Nobody stands on it any more.'] : []),
    ...(alsoWin > 0
      ? [`and ${plural(alsoWin, 'more member', manner)} ${alsoWin === 1 ? 'wins' : 'win'} something`]
      : []),
    ...(members > 0 ? [`-# ${plural(members, 'member', manner)}${sum}`] : []),
    ...(detail.hash && sha256 !== undefined ? [`-# SHA-256 ${code(sha256)}`] : []),
  ].join('\n');
}

/** A table in a line: its winner. */
function shortTable(table: ToldTable, detail: Detail, manner: Manner): string {
  const [first] = table.top;
  const board = shownName(plain(table.title, NAME_LENGTH));
  return `${board}: ${first ? line(first, table, detail, manner) : 'nobody'}`;
}

function line(place: ToldPlace, table: ToldTable, detail: Detail, manner: Manner): string {
  const wins = place.rewards.length > 0 && detail.rewards > 0;
  const won = wins ? ` · wins ${rewards(place.rewards, manner, detail.rewards)}` : '';
  const rank = `${MEDALS[place.rank] ?? ''}${ordinal(place.rank, manner.locale)}`;
  return `${rank} · **${shownName(plain(place.member.name, NAME_LENGTH))}** · ${score(place.score, table, manner)}${won}`;
}

function prizeLine(prize: ToldPrize, most: number, manner: Manner): string {
  return `${placesOf(prize, manner)}: ${rewards(prize.rewards, manner, most)}`;
}

function placesOf(prize: ToldPrize, manner: Manner): string {
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

/** By what the hashes can be checked. */
function howToCheck(period: string, { detail }: Manner): string[] {
  return detail === 'full' ? [`-# Recompute and check: ${code(`omnitensor-cli seasons verify ${period}`)}`] : [];
}

function title({ window, period, name: what }: ToldWindow, manner: Manner): string {
  if (window === 'season') return seasonName(what, manner);
  const [year = '', part = ''] = period.split('-');
  if (window === 'week') return `Week ${Number(part.slice(1))} of ${year}`;
  const month = new Date(Date.UTC(Number(year), Number(part) - 1));
  return new Intl.DateTimeFormat(manner.locale, { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(month);
}

/** A season by its name; one that has none is called as it is addressed. */
function seasonName(what: string, manner: Manner): string {
  return /^\d{4}-Q[1-4]$/.test(what) ? `Season ${what}` : name(what, manner);
}

function score(text: string, { unit }: { unit: string }, { locale }: Manner): string {
  const parsed = parseDecimal(text);
  const number =
    'thousandths' in parsed ? formatNumber(parsed.thousandths, locale) : amount(text, { detail: 'brief', locale });
  const shown = shownName(plain(unit, UNIT_LENGTH));
  return unit === 'OMNIT' || text === '1' ? `${number} ${shown}` : `${number} ${shown}s`;
}
