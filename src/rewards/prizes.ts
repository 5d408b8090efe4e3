/** Prizes: what places of a board win when its window closes. */
import { sql, type Kysely, type Transaction } from 'kysely';
import { z } from 'zod';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { Window, WindowKind } from '../ranking/calendar.ts';
import type { RankingContext } from '../ranking/context.ts';
import { statusOf } from '../ranking/periods.ts';
import { requireCategory } from '../ranking/read-leaderboard.ts';
import { formatDecimal } from '../ranking/score.ts';
import { decimal } from '../schema.ts';
import { rewardSchema, writeReward, type Reward } from './reward.ts';
import { requireRoles, type RoleChecker } from './role-checker.ts';

/** The most ranks that one prize can reach down to. */
const MAX_RANK = 10_000;
const MAX_REWARDS = 10;
/** The most prizes of one category and kind of window. */
const MAX_PRIZES = 50;

const rank = z.number().int().min(1).max(MAX_RANK);

/** Which places a prize is for: some ranks, the first per cent of the board, or everybody from a score on. */
export const bandSchema = z.union([
  z.object({
    ranks: z.object({ from: rank, to: rank }).describe('From the first rank to the second, both included.'),
  }),
  z.object({
    topPercent: z.number().int().min(1).max(100).describe('Rounded up, and at least one member.'),
  }),
  z.object({
    minScore: decimal.refine((value) => value > 0n, 'must be more than 0').describe('Everybody from this score on.'),
  }),
]);

/** The score in thousandths. */
export type Band = z.output<typeof bandSchema>;

/** Windows that have prizes: those that close. */
export type PrizeWindow = Exclude<WindowKind, 'all'>;

export const prizeRewardsSchema = z.array(rewardSchema).min(1).max(MAX_REWARDS);

export type NewPrize = { category: string; window: PrizeWindow; band: Band; rewards: readonly Reward[] };

/** It is for windows of its kind that end after `createdAt`, and not after `removedAt`. */
export type Prize = {
  id: number;
  categoryId: number;
  window: PrizeWindow;
  band: Band;
  rewards: readonly Reward[];
  createdAt: Date;
  removedAt: Date | undefined;
};

/** What setting up, or removing, a prize comes to. */
export type PrizeChange = {
  prize: Prize;
  /** The first window that it is for, or no longer for. Undefined between two seasons, while none lies ahead. */
  from: Window | undefined;
  /** Windows that are closing at the moment and keep the prizes that they had. */
  untouched: Window[];
  /** What an admin may want to know, as sentences: gaps and overlaps with other prizes. */
  notes: string[];
};

/**
 * Sets up a prize. A window that is closing keeps the prizes that it had: the new one is for those that end later.
 *
 * @throws DomainError `invalid-parameter` for upside-down ranks, `unknown-category`, or `state-conflict` for a role
 *   that the bot cannot or must not give, or when there are too many
 */
export async function createPrize(
  context: RankingContext & { checkRole: RoleChecker },
  community: KnownCommunity,
  wanted: NewPrize,
  actor: Actor,
  now: Date,
): Promise<PrizeChange> {
  const category = requireCategory(community, wanted.category);
  requireBand(wanted.band);
  await requireRoles(context.checkRole, community.discordGuildId, wanted.rewards);
  return context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, community.id);
    const others = await listPrizes(trx, community.id, { categoryId: category.id, window: wanted.window });
    if (others.length >= MAX_PRIZES) {
      throw new DomainError(
        'state-conflict',
        `${category.title} has ${MAX_PRIZES} prizes a ${wanted.window} already. Remove one first.`,
      );
    }
    const prize = await insertPrize(trx, community.id, category.id, wanted, now);
    await writeAudit(trx, {
      communityId: community.id,
      at: now,
      actor,
      action: 'prize.create',
      target: String(prize.id),
      after: { ...wanted, rewards: wanted.rewards.map(writeReward) },
    });
    return { ...whichWindows(community, prize.window, now), prize, notes: notesOn(prize, others) };
  });
}

/** Inserts a prize, in a transaction that holds the community's lock. */
export async function insertPrize(
  trx: Transaction<Database>,
  communityId: number,
  categoryId: number,
  { window, band, rewards }: Omit<NewPrize, 'category'>,
  now: Date,
): Promise<Prize> {
  const { prize_id: id } = await trx
    .insertInto('prizes')
    .values({
      community_id: communityId,
      category_id: categoryId,
      kind: window,
      rank_from: 'ranks' in band ? band.ranks.from : null,
      rank_to: 'ranks' in band ? band.ranks.to : null,
      top_percent: 'topPercent' in band ? band.topPercent : null,
      min_score: 'minScore' in band ? band.minScore : null,
      rewards: JSON.stringify(rewards.map(writeReward)),
      created_at: now,
    })
    .returning('prize_id')
    .executeTakeFirstOrThrow();
  return { id, categoryId, window, band, rewards, createdAt: now, removedAt: undefined };
}

/**
 * Removes a prize. A window that is closing keeps it. Safe to repeat.
 *
 * @throws DomainError `unknown-prize`
 */
export async function removePrize(
  context: RankingContext,
  community: KnownCommunity,
  id: number,
  actor: Actor,
  now: Date,
): Promise<PrizeChange> {
  return context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, community.id);
    const prize = await requirePrize(trx, community.id, id);
    if (!prize.removedAt) {
      await trx
        .updateTable('prizes')
        .set({ removed_at: now })
        .where('community_id', '=', community.id)
        .where('prize_id', '=', id)
        .execute();
      await writeAudit(trx, {
        communityId: community.id,
        at: now,
        actor,
        action: 'prize.remove',
        target: String(id),
        before: { window: prize.window, band: prize.band, rewards: prize.rewards.map(writeReward) },
      });
    }
    const removedAt = prize.removedAt ?? now;
    return { ...whichWindows(community, prize.window, removedAt), prize: { ...prize, removedAt }, notes: [] };
  });
}

/** @throws DomainError `unknown-prize` */
export async function requirePrize(db: Kysely<Database>, communityId: number, id: number): Promise<Prize> {
  const row = await selectPrizes(db, communityId).where('prize_id', '=', id).executeTakeFirst();
  if (row) return toPrize(row);
  throw new DomainError('unknown-prize', `There is no prize ${id}. The list of prizes shows their ids.`);
}

/** The prizes that are given at present, in the order of categories, windows and ranks. */
export async function listPrizes(
  db: Kysely<Database>,
  communityId: number,
  { categoryId, window }: { categoryId?: number; window?: PrizeWindow } = {},
): Promise<Prize[]> {
  let query = selectPrizes(db, communityId).where('removed_at', 'is', null);
  if (categoryId !== undefined) query = query.where('category_id', '=', categoryId);
  if (window !== undefined) query = query.where('kind', '=', window);
  return (await query.execute()).map(toPrize);
}

/** The prizes of one category in one window: those that were there when it ended. */
export async function prizesOf(
  db: Kysely<Database>,
  communityId: number,
  categoryId: number,
  window: Window,
): Promise<Prize[]> {
  if (window.kind === 'all') return [];
  const rows = await selectPrizes(db, communityId)
    .where('category_id', '=', categoryId)
    .where('kind', '=', window.kind)
    .where('created_at', '<', window.endsAt)
    .where((eb) => eb.or([eb('removed_at', 'is', null), eb('removed_at', '>=', window.endsAt)]))
    .execute();
  return rows.map(toPrize);
}

function selectPrizes(db: Kysely<Database>, communityId: number) {
  return db
    .selectFrom('prizes')
    .selectAll()
    .where('community_id', '=', communityId)
    .orderBy('category_id')
    .orderBy(sql`array_position(array['week', 'month', 'season'], kind)`)
    .orderBy(sql`rank_from nulls last`)
    .orderBy('prize_id');
}

type PrizeRow = NonNullable<Awaited<ReturnType<ReturnType<typeof selectPrizes>['executeTakeFirst']>>>;

function toPrize(row: PrizeRow): Prize {
  return {
    id: row.prize_id,
    categoryId: row.category_id,
    window: row.kind,
    band: toBand(row),
    rewards: prizeRewardsSchema.parse(row.rewards),
    createdAt: row.created_at,
    removedAt: row.removed_at ?? undefined,
  };
}

function toBand({ prize_id, rank_from, rank_to, top_percent, min_score }: PrizeRow): Band {
  if (rank_from !== null && rank_to !== null) return { ranks: { from: rank_from, to: rank_to } };
  if (top_percent !== null) return { topPercent: top_percent };
  if (min_score !== null) return { minScore: min_score };
  throw new Error(`Prize ${prize_id} is for no place.`);
}

function requireBand(band: Band): void {
  if (!('ranks' in band)) return;
  const { from, to } = band.ranks;
  if (from <= to) return;
  throw new DomainError(
    'invalid-parameter',
    `The ranks are upside down: from ${from} to ${to}. The first must not be larger than the second.`,
  );
}

/** From which window on a change holds, and which ones it leaves alone though they have yet to become final. */
function whichWindows(community: KnownCommunity, kind: PrizeWindow, at: Date): Pick<PrizeChange, 'from' | 'untouched'> {
  const { calendar, seasons } = community;
  const current = calendar.currentAt(kind, at);
  const isOver = current.endsAt <= at;
  // Between two seasons.
  const next = seasons.map(({ key }) => calendar.windowByKey('season', key)).find(({ startsAt }) => startsAt > at);
  const over = isOver ? current : calendar.before(current);
  const isClosing = over && ['closing', 'provisional'].includes(statusOf(community, over, at));
  return { from: isOver ? next : current, untouched: isClosing ? [over] : [] };
}

/** How many other prizes a note names. */
const MOST_NAMED = 5;

/** Says where ranks lie between two prizes that no prize is for, and where a rank wins twice. */
function notesOn(prize: Prize, others: readonly Prize[]): string[] {
  // How far down these reach shows when the window closes.
  if (!('ranks' in prize.band)) return mayWinToo(others);
  const { from, to } = prize.band.ranks;
  const bands = others.flatMap(({ band }) => ('ranks' in band ? [band.ranks] : []));
  const open = others.filter(({ band }) => !('ranks' in band));
  const notes = bands
    .filter((other) => other.from <= to && from <= other.to)
    .map((other) => {
      const [first, last] = [Math.max(other.from, from), Math.min(other.to, to)];
      return `${say(first, last)} ${first === last ? 'wins' : 'win'} another prize as well: the one for ${sayRanks(other)}.`;
    });
  notes.push(...mayWinToo(open));
  const ahead = Math.max(0, ...bands.filter((other) => other.to < from).map((other) => other.to));
  if (ahead < from - 1 && !bands.some((other) => other.from < from && other.to >= from - 1)) {
    notes.push(`No prize is for ${sayRanks({ from: ahead + 1, to: from - 1 })}.`);
  }
  return notes;
}

/** That whoever wins a prize may win others too: how many do, shows when the window closes. */
function mayWinToo(others: readonly Prize[]): string[] {
  if (others.length === 0) return [];
  const named = others.slice(0, MOST_NAMED).map(({ band }) => sayBand(band));
  const rest = others.length - named.length;
  const which = `${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
  return [
    others.length === 1
      ? `Whoever wins it may win another prize as well: the one for ${which}.`
      : `Whoever wins it may win other prizes as well: those for ${which}.`,
  ];
}

function sayBand(band: Band): string {
  if ('ranks' in band) return sayRanks(band.ranks);
  if ('topPercent' in band) return `the first ${band.topPercent} %`;
  return `everybody from ${formatDecimal(band.minScore)} on`;
}

function sayRanks({ from, to }: { from: number; to: number }): string {
  return say(from, to).toLowerCase();
}

function say(first: number, last: number): string {
  return first === last ? `Rank ${first}` : `Ranks ${first} to ${last}`;
}
