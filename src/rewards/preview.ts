/** What prizes come to before they are given: who would win what if windows closed now, what cannot be delivered, what it costs. */
import { sql, type Kysely } from 'kysely';
import type { Category } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { excludedFromPrizes } from '../fair-play/prizes.ts';
import { PUBLIC_HANDLE, PUBLIC_NAME } from '../privacy/public-name.ts';
import { closingSlot, statusOf, type WindowStatus } from '../ranking/periods.ts';
import { requireCategory } from '../ranking/read-leaderboard.ts';
import type { Window } from '../ranking/calendar.ts';
import { readStandingsOf } from '../ranking/leaderboard.ts';
import { amongStandings } from './award.ts';
import { costOfSeason, readBudget, type MonthlyBudget, type SeasonCost } from './budget.ts';
import { CLOSING_KINDS } from '../seasons/steps.ts';
import { listPrizes, prizesOf, type Prize, type PrizeWindow } from './prizes.ts';
import type { Reward } from './reward.ts';
import { sumRewards, type RewardTotals } from './reward-totals.ts';
import type { RoleChecker } from './role-checker.ts';
import { findUndeliverable, rememberingChecker, type Undeliverable } from './undeliverable.ts';
import {
  countPlaces,
  findPlaces,
  findStretches,
  readAwards,
  readLines,
  wins,
  type Award,
  type AwardedBoard,
  type Stretch,
} from './winners.ts';

/** How many winners of a board are named, and how many of those passed over, or who would not get a role. */
const NAMED_WINNERS = 100;
const NAMED_OTHERS = 20;

/** A member by the names that everybody may see. */
export type PreviewedMember = { memberId: number; handle: string; displayName: string };

/** A board on which prizes would be given. */
export type PreviewedBoard = {
  category: Category;
  window: Window & { kind: PrizeWindow };
  status: WindowStatus;
  /** How many stand on it. */
  members: number;
  /** Each prize, and how many would win it. */
  prizes: { prize: Prize; winners: number }[];
  /** How many would win something; and the first of them, with all that they would get. */
  winners: number;
  first: (PreviewedMember & { rank: number; rewards: Reward[] })[];
  /** Those who would win and are kept from prizes, so that it passes on: how many, and the first. */
  passedOver: { members: number; first: (PreviewedMember & { rank: number })[] };
  /** Roles that would not be given as things are, and why. */
  undeliverable: (Omit<Undeliverable, 'first'> & { first: PreviewedMember[] })[];
  totals: RewardTotals;
};

export type PrizePreview = {
  boards: PreviewedBoard[];
  /** What all these boards would give. */
  totals: RewardTotals;
  /** The month of all prizes and quests, also where some boards alone are asked for. */
  budget: MonthlyBudget;
  /** What the prizes of the running season, and of the months and weeks that end in it, come to at most. */
  season: SeasonCost;
};

/**
 * Previews prizes: what would be given if the windows that run, or are closing, closed now. Reads only; what is given
 * then is reckoned by the same rules.
 *
 * @throws DomainError `unknown-category`
 */
export async function previewPrizes(
  db: Kysely<Database>,
  community: KnownCommunity,
  wanted: { category?: string | undefined; window?: PrizeWindow | undefined },
  now: Date,
  checkRole: RoleChecker,
): Promise<PrizePreview> {
  const category = wanted.category === undefined ? undefined : requireCategory(community, wanted.category);
  const excluded = await excludedFromPrizes(db, community.id, now);
  const whatIsWrong = rememberingChecker(community, checkRole);
  const boards: PreviewedBoard[] = [];
  for (const board of await readOpenBoards(db, community, now)) {
    const prizes = await prizesOf(db, community.id, board.category.id, board.window);
    if (prizes.length > 0) boards.push(await previewBoard(db, community.id, board, prizes, excluded, whatIsWrong));
  }
  const shown = boards.filter(
    (board) =>
      (category === undefined || board.category.id === category.id) &&
      (wanted.window === undefined || board.window.kind === wanted.window),
  );
  const prizes = await listPrizes(db, community.id);
  return {
    boards: shown,
    totals: sumRewards(shown.flatMap(timesWon)),
    budget: await readBudget(db, community, { standing: boards, prizes }, now),
    season: costOfSeason(community, prizes, now),
  };
}

/** The rewards of a board, and how often each would be given. */
function timesWon({ prizes }: Pick<PreviewedBoard, 'prizes'>): (readonly [Reward, number])[] {
  return prizes.flatMap(({ prize, winners }) => prize.rewards.map((reward) => [reward, winners] as const));
}

type OpenBoard = Pick<PreviewedBoard, 'category' | 'window' | 'status'> & {
  boardId: number | undefined;
  members: number;
};

/** The boards of every category whose prizes are yet to be given: of windows that run, or are over and not final. */
async function readOpenBoards(db: Kysely<Database>, community: KnownCommunity, now: Date): Promise<OpenBoard[]> {
  const windows = CLOSING_KINDS.flatMap((kind) => {
    const current = community.calendar.currentAt(kind, now);
    const before = community.calendar.before(current);
    return [...(before ? [before] : []), current].map((window) => ({ ...window, kind }));
  });
  const known = await readBoards(db, community.id, windows);
  return community.categories.flatMap((category) =>
    windows.flatMap((window) => {
      const status = statusOf(community, window, now, category.id);
      if (status === 'final' || status === 'archive') return [];
      const board = known.get(`${closingSlot(window)} ${category.id}`);
      return [{ category, window, status, boardId: board?.boardId, members: board?.members ?? 0 }];
    }),
  );
}

/** The boards of some windows, by slot of the window and category, and how many stand on each. */
async function readBoards(
  db: Kysely<Database>,
  communityId: number,
  windows: readonly Window[],
): Promise<Map<string, { boardId: number; members: number }>> {
  const { rows } = await sql<{ slot: string; boardId: number; members: number }>`
    select d.kind || ' ' || d.key || ' ' || b.category_id as slot, b.board_id as "boardId", (
      select coalesce(sum(s.members), 0) from segments s
      where s.community_id = b.community_id and s.board_id = b.board_id and s.level = 2
    )::int as members
    from unnest(${windows.map(({ kind }) => kind)}::text[], ${windows.map(({ key }) => key)}::text[]) as d(kind, key)
    join windows w on w.community_id = ${communityId} and w.kind = d.kind and w.key = d.key
    join boards b on b.community_id = w.community_id and b.window_id = w.window_id`.execute(db);
  return new Map(rows.map(({ slot, ...board }) => [slot, board]));
}

async function previewBoard(
  db: Kysely<Database>,
  communityId: number,
  { boardId, ...board }: OpenBoard,
  prizes: readonly Prize[],
  excluded: ReadonlySet<number>,
  whatIsWrong: (role: string) => Promise<string | undefined>,
): Promise<PreviewedBoard> {
  const among = new Set(await amongStandings(db, communityId, boardId, excluded));
  const standing: AwardedBoard = { communityId, boardId, total: board.members, excluded: among };
  const stretches = await findStretches(db, standing, prizes);
  const places = await findPlaces(db, standing, prizes);
  const first = await readFirstWinners(db, standing, stretches);
  const passedOver = await findPassedOver(db, standing, prizes);
  const withRoles = stretches.filter(({ prize }) => prize.rewards.some(({ kind }) => kind === 'role'));
  const pages = readAwards(db, standing, withRoles);
  const undeliverable = await findUndeliverable(db, communityId, pages, whatIsWrong, NAMED_OTHERS);

  const named = [first, passedOver.first].flat().map(({ memberId }) => memberId);
  const names = await readNames(db, communityId, [...named, ...undeliverable.flatMap((one) => one.first)]);
  const nameOf = (memberId: number) => names.get(memberId) ?? { memberId, handle: '', displayName: '' };
  const counted = places.map(({ prize, places: won }) => ({ prize, winners: countPlaces([won]) }));
  return {
    ...board,
    prizes: counted,
    winners: countPlaces(places.map((one) => one.places)),
    first: first.map((winner) => ({ ...winner, ...nameOf(winner.memberId) })),
    passedOver: {
      members: passedOver.members,
      first: passedOver.first.map(({ memberId, rank }) => ({ ...nameOf(memberId), rank })),
    },
    undeliverable: undeliverable.map((one) => ({ ...one, first: one.first.map(nameOf) })),
    totals: sumRewards(timesWon({ prizes: counted })),
  };
}

/** The first who would win something, with all that they would get. */
async function readFirstWinners(
  db: Kysely<Database>,
  board: AwardedBoard,
  stretches: readonly Stretch[],
): Promise<{ memberId: number; rank: number; rewards: Reward[] }[]> {
  const winners = new Map<number, Award[]>();
  for await (const awards of readAwards(db, board, stretches)) {
    for (const award of awards) winners.set(award.memberId, [...(winners.get(award.memberId) ?? []), award]);
    if (winners.size >= NAMED_WINNERS) break;
  }
  return [...winners]
    .slice(0, NAMED_WINNERS)
    .map(([memberId, won]) => ({ memberId, rank: won[0]?.rank ?? 0, rewards: won.map(({ reward }) => reward) }));
}

/** Those who would win if nobody were kept from prizes, and are: how many, and the first. */
async function findPassedOver(
  db: Kysely<Database>,
  board: AwardedBoard,
  prizes: readonly Prize[],
): Promise<{ members: number; first: { memberId: number; rank: number }[] }> {
  const all = { ...board, excluded: new Set<number>() };
  const stretches = board.excluded.size > 0 ? await findStretches(db, all, prizes) : [];
  const lines = await readLines(db, board, stretches.length > 0 ? board.excluded : []);
  const passedOver = lines.filter((line) => stretches.some((stretch) => wins(all, stretch, line)));
  const first: { memberId: number; rank: number }[] = [];
  for (const { memberId } of passedOver.slice(0, NAMED_OTHERS)) {
    const [own] = await readStandingsOf(
      db,
      board.communityId,
      board.boardId === undefined ? [] : [board.boardId],
      memberId,
    );
    if (own) first.push({ memberId, rank: own.rank });
  }
  return { members: passedOver.length, first };
}

async function readNames(
  db: Kysely<Database>,
  communityId: number,
  memberIds: readonly number[],
): Promise<Map<number, PreviewedMember>> {
  const { rows } = await sql<PreviewedMember>`
    select m.member_id as "memberId", ${PUBLIC_HANDLE} as handle, ${PUBLIC_NAME} as "displayName"
    from members m where m.community_id = ${communityId} and m.member_id = any(${numbers(memberIds)}::int[])`.execute(
    db,
  );
  return new Map(rows.map((row) => [row.memberId, row]));
}
