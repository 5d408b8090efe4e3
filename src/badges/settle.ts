/** Bringing the ledger in step with what was earned. */
import { sql, type Kysely, type Transaction } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { giveAgain, makeGrants, takeBackGrants, type Entitlement } from '../rewards/grants.ts';
import { ACHIEVEMENT_PREFIX, achievementIn, entitlementOf, type Achievement, type Earned } from './badge.ts';
import { reckon, type BadgeCommunity } from './reckon.ts';

/** How many grants one statement writes. */
const GRANTS_AT_ONCE = 2_000;
/** Why what was taken back is given again. */
const AGAIN = 'What it was earned by counts again';

/** What was given, and from whom something was taken back, of one achievement. */
export type Settled = { achievement: Achievement; given: Earned[]; takenBack: number[] };

/**
 * Gives some members what they have earned of some achievements, and takes back by counter-entries what they have not
 * earned any more. Safe to repeat. For a transaction that holds the lock of awards.
 *
 * @returns what was changed, an entry an achievement
 */
export async function settle(
  trx: Transaction<Database>,
  community: BadgeCommunity,
  achievements: readonly Achievement[],
  memberIds: readonly number[],
  now: Date,
): Promise<Settled[]> {
  if (achievements.length === 0 || memberIds.length === 0) return [];
  const inEffect = await readInEffect(trx, community.id, achievements, memberIds);
  const settled: Settled[] = [];
  for (const { achievement, earned } of await reckon(trx, community, achievements, memberIds, now)) {
    const known = inEffect.get(achievement.id) ?? new Map<string, number>();
    const due = new Map(earned.map((one) => [entitlementOf(achievement, one), one]));
    const lacking = [...due].filter(([key]) => !known.has(key));
    const excess = [...known].filter(([key]) => !due.has(key));
    await give(trx, community.id, achievement, lacking, now);
    if (excess.length > 0) {
      const keys = excess.map(([key]) => key);
      const reason = `${reasonOf(achievement, undefined)}: ${achievement.removedAt ? 'it was removed' : 'what it was earned by counts no more'}`;
      await takeBackGrants(trx, community.id, keys, reason, now);
    }
    const takenBack = excess.map(([, memberId]) => memberId);
    settled.push({ achievement, given: lacking.map(([, one]) => one), takenBack });
  }
  return settled;
}

/** What members hold of achievements: by achievement, the keys of entitlements in effect and whose they are. */
export async function readInEffect(
  db: Kysely<Database>,
  communityId: number,
  achievements: readonly Achievement[],
  memberIds: readonly number[],
): Promise<Map<number, Map<string, number>>> {
  // By member: by key, one achievement of all members would be read.
  const { rows } = await sql<{ memberId: number; entitlement: string }>`
    select g.member_id as "memberId", g.entitlement
    from unnest(${numbers(memberIds)}::int[]) as d(member_id) cross join lateral (
      select member_id, entitlement, amount from grants
      where community_id = ${communityId} and member_id = d.member_id and kind = 'badge'
        and left(entitlement, ${ACHIEVEMENT_PREFIX.length}) = ${ACHIEVEMENT_PREFIX} offset 0
    ) g group by 1, 2 having sum(g.amount) > 0`.execute(db);
  const inEffect = new Map(achievements.map(({ id }) => [id, new Map<string, number>()]));
  for (const { memberId, entitlement } of rows) inEffect.get(achievementIn(entitlement))?.set(entitlement, memberId);
  return inEffect;
}

async function give(
  trx: Transaction<Database>,
  communityId: number,
  achievement: Achievement,
  lacking: readonly (readonly [key: string, earned: Earned])[],
  now: Date,
): Promise<void> {
  const entitlements = lacking.map(([key, { memberId, period }]): Entitlement => ({
    key,
    memberId,
    reward: { kind: 'badge', name: achievement.name },
    reason: reasonOf(achievement, period),
  }));
  for (let from = 0; from < entitlements.length; from += GRANTS_AT_ONCE) {
    const some = entitlements.slice(from, from + GRANTS_AT_ONCE);
    const made = await makeGrants(trx, communityId, some, now);
    const before = some.map(({ key }) => key).filter((key) => !made.has(key));
    if (before.length > 0) await giveAgain(trx, communityId, before, AGAIN, now);
  }
}

/** What it is granted for, as people read it. */
function reasonOf({ name }: Achievement, period: string | undefined): string {
  return `Achievement "${name}"${period === undefined ? '' : `, ${period}`}`;
}
