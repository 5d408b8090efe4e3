/** Who wins which prize on a board, and giving it: only the difference to what was given before is written. */
import { sql, type Kysely, type Transaction } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Window } from '../ranking/calendar.ts';
import { giveAgain, makeGrants, takeBackGrants, type Entitlement } from './grants.ts';
import type { Prize } from './prizes.ts';
import type { Reward } from './reward.ts';

/** How many grants one statement writes. */
const GRANTS_AT_ONCE = 2_000;

/** A board whose prizes are given, or would be. `excluded`: members who get none, so that it passes to the next. */
export type AwardedBoard = {
  communityId: number;
  boardId: number | undefined;
  /** How many stand on it. */
  total: number;
  excluded: ReadonlySet<number>;
};

/** A reward that a member wins. `rank`: on the board, those included who get no prize. */
export type Award = { prize: Prize; reward: Reward; rewardIndex: number; memberId: number; rank: number };

/**
 * Reckons who wins what on a board as it stands. A member in several bands wins each. Ranks of bands count those alone who
 * may win; the first per cent are of all who stand there, rounded up, and at least one.
 *
 * Reads as many standings as the bands reach down.
 */
export async function planAwards(
  db: Kysely<Database>,
  { communityId, boardId, total, excluded }: AwardedBoard,
  prizes: readonly Prize[],
): Promise<Award[]> {
  if (boardId === undefined || prizes.length === 0) return [];
  const standing = await readTop(db, communityId, boardId, {
    ranks: Math.max(0, ...prizes.map(({ band }) => lastRankOf(band, total) ?? 0)) + excluded.size,
    minScore: prizes.reduce<bigint | undefined>(
      (least, { band }) =>
        'minScore' in band && !(least !== undefined && least < band.minScore) ? band.minScore : least,
      undefined,
    ),
  });
  // Whoever was merged into a member who gets none won before that, until the table is amended.
  const eligible = standing.filter(({ memberId }) => !excluded.has(memberId));
  return prizes.flatMap((prize) =>
    eligible
      .filter(({ score }, index) => wins(prize.band, index + 1, score, total))
      .flatMap(({ heir, rank }) =>
        prize.rewards.map((reward, rewardIndex) => ({ prize, reward, rewardIndex, memberId: heir, rank })),
      ),
  );
}

function lastRankOf(band: Prize['band'], total: number): number | undefined {
  if ('ranks' in band) return band.ranks.to;
  return 'topPercent' in band ? Math.max(1, Math.ceil((total * band.topPercent) / 100)) : undefined;
}

function wins(band: Prize['band'], rank: number, score: bigint, total: number): boolean {
  if ('minScore' in band) return score >= band.minScore;
  const first = 'ranks' in band ? band.ranks.from : 1;
  return rank >= first && rank <= (lastRankOf(band, total) ?? 0);
}

type Top = { memberId: number; heir: number; rank: number; score: bigint };

/** The first of a board, down to a rank and to a score. Who was merged meanwhile has an heir. */
async function readTop(
  db: Kysely<Database>,
  communityId: number,
  boardId: number,
  { ranks, minScore }: { ranks: number; minScore: bigint | undefined },
): Promise<Top[]> {
  const ofBoard = sql`select member_id, neg_score, reached_at from standings where community_id = ${communityId} and board_id = ${boardId}`;
  const order = sql`order by neg_score, reached_at, member_id`;
  const { rows } = await sql<{ memberId: number; heir: number; negScore: bigint }>`
    with recursive first as (
      (${ofBoard} ${order} limit ${ranks})
      union
      (${ofBoard} and neg_score <= ${minScore === undefined ? null : -minScore}::bigint)
    ),
    heirs as (
      select first.*, member_id as heir from first
      union all
      select heirs.member_id, heirs.neg_score, heirs.reached_at, m.into_member_id from heirs
      join member_merges m on m.community_id = ${communityId} and m.member_id = heirs.heir
    )
    select member_id as "memberId", neg_score as "negScore", heir from heirs
    where not exists (select from member_merges m where m.community_id = ${communityId} and m.member_id = heirs.heir)
    ${order}`.execute(db);
  return rows.map(({ memberId, heir, negScore }, index) => ({ memberId, heir, rank: index + 1, score: -negScore }));
}

/** What is written when the prizes of a board are given: what is new, and what was given and is not due any more. */
export type AwardChange = { given: Award[]; takenBack: number };

/**
 * Gives the prizes of a board: what was given under the same entitlement before stays, what is not due any more is taken
 * back by a counter-entry. So giving again, also for another version of the table, writes the difference alone.
 *
 * For a transaction that holds the community's lock. Safe to repeat.
 *
 * @param rolesEnded roles of this window have been taken back since, at the close of a later one: they are left alone
 */
export async function giveAwards(
  trx: Transaction<Database>,
  { communityId, prefix, rolesEnded }: { communityId: number; prefix: string; rolesEnded: boolean },
  awards: readonly Award[],
  reason: (award: Award) => string,
  now: Date,
): Promise<AwardChange> {
  const known = await readEntitlements(trx, communityId, prefix, rolesEnded);
  // Of a member and one merged into it that both won, one wins.
  const due = new Map(
    awards
      .filter(({ reward }) => !(rolesEnded && reward.kind === 'role'))
      .map((award) => [keyOf(prefix, award), award]),
  );
  const lacking = [...due].filter(([key]) => !known.get(key));
  const excess = [...known].flatMap(([key, isInEffect]) => (isInEffect && !due.has(key) ? [key] : []));
  const entitlements = lacking.map(([key, award]): Entitlement => ({
    key,
    memberId: award.memberId,
    reward: award.reward,
    reason: reason(award),
  }));
  for (let from = 0; from < entitlements.length; from += GRANTS_AT_ONCE) {
    await makeGrants(trx, communityId, entitlements.slice(from, from + GRANTS_AT_ONCE), now);
  }
  const again = lacking.flatMap(([key]) => (known.has(key) ? [key] : []));
  if (again.length > 0) await giveAgain(trx, communityId, again, 'The table was amended', now);
  if (excess.length > 0) await takeBackGrants(trx, communityId, excess, 'The table was amended', now);
  return { given: lacking.map(([, award]) => award), takenBack: excess.length };
}

/** What {@link giveAwards} would write. */
export async function compareAwards(
  db: Kysely<Database>,
  { communityId, prefix, rolesEnded }: { communityId: number; prefix: string; rolesEnded: boolean },
  awards: readonly Award[],
): Promise<{ lacking: string[]; excess: string[] }> {
  const known = await readEntitlements(db, communityId, prefix, rolesEnded);
  const due = new Set(
    awards.filter(({ reward }) => !(rolesEnded && reward.kind === 'role')).map((award) => keyOf(prefix, award)),
  );
  return {
    lacking: [...due].filter((key) => !known.get(key)),
    excess: [...known].flatMap(([key, isInEffect]) => (isInEffect && !due.has(key) ? [key] : [])),
  };
}

/** What entitlements of the prizes of a category in a window begin with. */
export function awardPrefix(windowId: number, categoryId: number): string {
  return `window ${windowId} category ${categoryId} `;
}

function keyOf(prefix: string, { prize, rewardIndex, memberId }: Award): string {
  return `${prefix}prize ${prize.id} reward ${rewardIndex} member ${memberId}`;
}

/** The entitlements that begin so, and whether each is in effect. */
async function readEntitlements(
  db: Kysely<Database>,
  communityId: number,
  prefix: string,
  withoutRoles: boolean,
): Promise<Map<string, boolean>> {
  const { rows } = await sql<{ entitlement: string; isInEffect: boolean }>`
    select entitlement, sum(amount) <> 0 as "isInEffect" from grants
    where community_id = ${communityId} and ${beginsWith(prefix)} ${withoutRoles ? sql`and kind <> 'role'` : sql``}
    group by entitlement`.execute(db);
  return new Map(rows.map((row) => [row.entitlement, row.isInEffect]));
}

/** In the order of bytes, what begins with a text that ends with a space lies before the same with "!" instead. */
function beginsWith(prefix: string) {
  return sql`entitlement >= ${prefix} and entitlement < ${prefix.replace(/ $/, '!')}`;
}

/**
 * Takes back the roles that earlier windows of the same kind gave on the board of a category: they were for the time
 * until the next one closed. Safe to repeat.
 */
export async function endRoles(
  trx: Transaction<Database>,
  communityId: number,
  window: Window,
  categoryId: number,
  now: Date,
): Promise<void> {
  const { rows } = await sql<{ entitlement: string }>`
    select g.entitlement from windows w cross join lateral (
      select entitlement from grants
      where community_id = w.community_id and kind = 'role'
        and entitlement >= 'window ' || w.window_id || ' category ' || ${categoryId}::int || ' '
        and entitlement < 'window ' || w.window_id || ' category ' || ${categoryId}::int || '!'
      group by entitlement having sum(amount) <> 0
    ) g
    where w.community_id = ${communityId} and w.kind = ${window.kind} and w.starts_at < ${window.startsAt}::timestamptz`.execute(
    trx,
  );
  const keys = rows.map(({ entitlement }) => entitlement);
  if (keys.length > 0) await takeBackGrants(trx, communityId, keys, `It was until ${window.key} closed`, now);
}

/** The members among some who stand on a board. */
export async function amongStandings(
  db: Kysely<Database>,
  communityId: number,
  boardId: number | undefined,
  memberIds: Iterable<number>,
): Promise<number[]> {
  if (boardId === undefined) return [];
  const { rows } = await sql<{ memberId: number }>`
    select member_id as "memberId" from standings
    where community_id = ${communityId} and board_id = ${boardId} and member_id = any(${numbers([...memberIds])}::int[])
    order by member_id`.execute(db);
  return rows.map(({ memberId }) => memberId);
}
