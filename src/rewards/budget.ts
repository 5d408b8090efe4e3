/** What a month's quests and prizes come to, and what a season costs at most. */
import { sql, type Kysely } from 'kysely';
import type { KnownCommunity } from '../communities/directory.ts';
import type { Database } from '../db/database.ts';
import { readQuestsEndingAfter, readRounds } from '../quests/quest-store.ts';
import type { Quest } from '../quests/quest.ts';
import { roundsUntil } from '../quests/rounds.ts';
import type { Window } from '../ranking/calendar.ts';
import { CLOSING_KINDS } from '../seasons/steps.ts';
import type { Prize } from './prizes.ts';
import type { Reward } from './reward.ts';
import { sumRewards, type RewardTotals } from './reward-totals.ts';

/** A round waits this long for late contributions and reviewers, at most. */
const LONGEST_SETTLING_MS = 15 * 86_400_000;

/** What gives as much as there are members who reach it. */
export type Unlimited =
  { kind: 'quest'; id: number; name: string; rewards: readonly Reward[] } | { kind: 'prize'; prize: Prize };

/** The OMNIT of a calendar month of the community, in thousandths. */
export type MonthlyBudget = {
  month: Window;
  /** What an admin has allowed; undefined: nothing said. */
  limit: bigint | undefined;
  /** What quests granted this month, and what rounds with a limit of winners that are settled in it may still grant. */
  quests: { granted: bigint; ahead: bigint };
  /** Of windows that end this month: what was granted, what those that run would grant as they stand, and later ones at most. */
  prizes: { granted: bigint; standing: bigint; ahead: bigint };
  total: bigint;
  /** Quests and prizes that may come to more than can be said. */
  unlimited: Unlimited[];
};

/** What the prizes of a season, and of the months and weeks that end in it, come to at most; without those that have no limit. */
export type SeasonCost = { season: Window; totals: RewardTotals; unlimited: Unlimited[] };

/** What windows that run would give as they stand, and the prizes that there are. */
type Planned = {
  standing: readonly { window: Window; totals: RewardTotals }[];
  prizes: readonly Prize[];
};

/** Reckons what the running month's quests and prizes come to. Reads only. */
export async function readBudget(
  db: Kysely<Database>,
  community: KnownCommunity,
  { standing, prizes }: Planned,
  now: Date,
): Promise<MonthlyBudget> {
  const month = community.calendar.currentAt('month', now);
  const quests = await readQuestsAhead(db, community, month, now);
  const later = CLOSING_KINDS.flatMap((kind) =>
    community.calendar
      .windowsBetween(kind, now, month.endsAt)
      .filter((window) => window.startsAt > now && endsIn(window, month))
      .flatMap(() => prizes.filter((prize) => prize.window === kind)),
  );
  const money = {
    quests: { granted: await readGrantedByQuests(db, community.id, month), ahead: quests.ahead },
    prizes: {
      granted: await readGrantedByPrizes(db, community.id, month),
      standing: standing
        .filter(({ window }) => endsIn(window, month))
        .reduce((sum, { totals }) => sum + totals.tokens, 0n),
      ahead: sumRewards(later.flatMap(timesAtMost)).tokens,
    },
  };
  return {
    month,
    limit: community.monthlyBudget,
    ...money,
    total: [money.quests, money.prizes].flatMap(Object.values<bigint>).reduce((sum, part) => sum + part, 0n),
    unlimited: [...quests.unlimited, ...unlimitedOf(new Set(later))].filter(givesTokens),
  };
}

/**
 * Reckons what a whole season costs at most, by the prizes that there are now. What was over before the community began
 * never closes and costs nothing. Pure.
 */
export function costOfSeason(
  { calendar, createdAt }: Pick<KnownCommunity, 'calendar' | 'createdAt'>,
  prizes: readonly Prize[],
  now: Date,
): SeasonCost {
  const season = calendar.currentAt('season', now);
  const times = CLOSING_KINDS.flatMap((kind) => {
    const windows = calendar
      .windowsBetween(kind, season.startsAt, season.endsAt)
      .filter((window) => endsIn(window, season) && window.endsAt > createdAt);
    return prizes
      .filter((prize) => prize.window === kind)
      .flatMap(timesAtMost)
      .map(([reward, winners]) => [reward, winners * windows.length] as const);
  });
  return { season, totals: sumRewards(times), unlimited: unlimitedOf(prizes) };
}

/** Whether a window ends within another one, or with it. */
function endsIn({ endsAt }: Window, outer: Window): boolean {
  return endsAt > outer.startsAt && endsAt <= outer.endsAt;
}

/** How often a prize gives each of its rewards, at most. One for a share of a board, or from a score on, has no such limit. */
function timesAtMost({ band, rewards }: Prize): (readonly [Reward, number])[] {
  if (!('ranks' in band)) return [];
  const { from, to } = band.ranks;
  return rewards.map((reward) => [reward, to - from + 1] as const);
}

function unlimitedOf(prizes: Iterable<Prize>): Unlimited[] {
  return [...prizes].flatMap((prize) => ('ranks' in prize.band ? [] : [{ kind: 'prize', prize }]));
}

function givesTokens(one: Unlimited): boolean {
  const rewards = one.kind === 'quest' ? one.rewards : one.prize.rewards;
  return rewards.some(({ kind }) => kind === 'tokens');
}

/** What quests may still grant until a month is over: as many as may win each round that is settled in it. */
async function readQuestsAhead(
  db: Kysely<Database>,
  community: KnownCommunity,
  month: Window,
  now: Date,
): Promise<{ ahead: bigint; unlimited: Unlimited[] }> {
  const since = new Date(now.getTime() - LONGEST_SETTLING_MS);
  const quests = await readQuestsEndingAfter(db, community.id, since);
  const known = Map.groupBy(await readRounds(db, community.id, quests, since), ({ quest }) => quest.id);
  const unlimited = quests
    .filter((quest) => quest.maxWinners === undefined && quest.startsAt < month.endsAt && quest.endsAt > now)
    .map(({ id, name, rewards }): Unlimited => ({ kind: 'quest', id, name, rewards }));
  const times = quests.flatMap((quest) => {
    const rounds = known.get(quest.id) ?? [];
    const open = rounds.filter(({ settledAt }) => settledAt === undefined);
    const toCome = roundsUntil(quest, rounds.at(-1), community, month.endsAt);
    const settled = [...open, ...toCome].filter(({ settlesAt }) => settlesAt < month.endsAt);
    return timesInRounds(quest, settled.length);
  });
  return { ahead: sumRewards(times).tokens, unlimited };
}

function timesInRounds({ maxWinners = 0, rewards }: Quest, rounds: number): (readonly [Reward, number])[] {
  return rewards.map((reward) => [reward, maxWinners * rounds] as const);
}

/** The tokens that quests granted in a month, less what was taken back in it. */
async function readGrantedByQuests(db: Kysely<Database>, communityId: number, month: Window): Promise<bigint> {
  const { rows } = await sql<{ tokens: bigint }>`
    select coalesce(sum(amount), 0)::bigint as tokens from grants
    where community_id = ${communityId} and kind = 'tokens' and entitlement >= 'quest ' and entitlement < 'quest!'
      and made_at >= ${month.startsAt}::timestamptz and made_at < ${month.endsAt}::timestamptz`.execute(db);
  return rows[0]?.tokens ?? 0n;
}

/** The tokens that prizes of windows that end in a month granted, as far as their tables are final. */
async function readGrantedByPrizes(db: Kysely<Database>, communityId: number, month: Window): Promise<bigint> {
  const { rows } = await sql<{ tokens: bigint }>`
    select coalesce(sum(won.tokens), 0)::bigint as tokens
    from windows w join final_versions v
      on v.community_id = w.community_id and v.window_id = w.window_id and v.version = 1 and v.final_at is not null
    cross join lateral (
      select sum(amount) as tokens from grants
      where community_id = w.community_id and kind = 'tokens'
        and entitlement >= 'window ' || w.window_id || ' category ' || v.category_id || ' '
        and entitlement < 'window ' || w.window_id || ' category ' || v.category_id || '!'
    ) won
    where w.community_id = ${communityId} and w.frozen_at is not null
      and w.ends_at > ${month.startsAt}::timestamptz and w.ends_at <= ${month.endsAt}::timestamptz`.execute(db);
  return rows[0]?.tokens ?? 0n;
}
