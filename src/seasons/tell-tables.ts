/** Tables as announcements tell them. */
import type { Kysely } from 'kysely';
import type { ToldPlace, ToldPrize, ToldTable } from '../announcements/announcement.ts';
import type { Category, Community } from '../communities/community.ts';
import type { Database } from '../db/database.ts';
import type { Window } from '../ranking/calendar.ts';
import { tellMembers } from '../privacy/told-members.ts';
import { readPage } from '../ranking/leaderboard.ts';
import { formatDecimal } from '../ranking/score.ts';
import type { Prize } from '../rewards/prizes.ts';
import { tellReward } from '../rewards/reward.ts';
import {
  countPlaces,
  findPlaces,
  findStretches,
  readFirstAwards,
  type Award,
  type AwardedBoard,
} from '../rewards/winners.ts';

/** How many places are told. */
const PLACES = 3;

/** What people call a window: the name of a season that has one, or its key. */
export function periodName({ seasonNames }: Pick<Community, 'seasonNames'>, { kind, key }: Window): string {
  return (kind === 'season' ? seasonNames.get(key) : undefined) ?? key;
}

/** The first of the boards of a window, in the order of categories; boards on which nobody stands are left out. */
export async function tellTables(
  db: Kysely<Database>,
  { id, categories }: Pick<Community, 'id' | 'categories'>,
  boards: ReadonlyMap<number, number>,
): Promise<ToldTable[]> {
  const tables: ToldTable[] = [];
  for (const category of categories) {
    const table = await tellTable(db, id, category, boards.get(category.id));
    if (table.members > 0) tables.push(table);
  }
  return tables;
}

/** What is told of prizes: what the first of a board win, and how many more win something. */
export type ToldAwards = { first: readonly Award[]; alsoWin: number };

/** Finds what is told of the prizes of a board. Everybody excluded must stand on it. */
export async function findToldAwards(
  db: Kysely<Database>,
  board: AwardedBoard,
  prizes: readonly Prize[],
  { withRoles }: { withRoles: boolean },
): Promise<ToldAwards> {
  const counts = ({ kind }: Prize['rewards'][number]) => withRoles || kind !== 'role';
  const given = prizes.filter(({ rewards }) => rewards.some(counts));
  const stretches = await findStretches(db, board, given);
  const first = (await readFirstAwards(db, board, stretches, PLACES)).filter(
    ({ rank, reward }) => rank <= PLACES && counts(reward),
  );
  const winners = countPlaces((await findPlaces(db, board, given)).map(({ places }) => places));
  return { first, alsoWin: winners - new Set(first.map(({ rank }) => rank)).size };
}

/** The first of a board, with what they win. */
export async function tellTable(
  db: Kysely<Database>,
  communityId: number,
  { title, unit, measure }: Category,
  boardId: number | undefined,
  { first, alsoWin }: ToldAwards = { first: [], alsoWin: 0 },
): Promise<ToldTable> {
  const shown = { title, unit: measure === 'reward' ? 'OMNIT' : unit };
  if (boardId === undefined) return { ...shown, members: 0, top: [] };
  const page = await readPage(db, communityId, boardId, { from: 'offset', offset: 0, limit: PLACES });
  const members = await tellMembers(
    db,
    communityId,
    page.entries.map(({ memberId }) => memberId),
  );
  const top = page.entries.map(({ rank, memberId, score }, index): ToldPlace => ({
    rank,
    member: members[index] ?? { memberId, name: '' },
    score: formatDecimal(score),
    rewards: first.filter((award) => award.rank === rank).map(({ reward }) => tellReward(reward)),
  }));
  return { ...shown, members: page.total, top, ...(alsoWin > 0 ? { alsoWin } : {}) };
}

/** A prize of a category: whom it is for, and what they win. */
export function tellPrize(
  { title, unit, measure }: Category,
  { band, rewards }: Pick<Prize, 'band' | 'rewards'>,
): ToldPrize {
  const places =
    'ranks' in band ? band.ranks : 'topPercent' in band ? band : { minScore: formatDecimal(band.minScore) };
  return { title, unit: measure === 'reward' ? 'OMNIT' : unit, places, rewards: rewards.map(tellReward) };
}
