/** How far a member has come towards achievements. */
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { countCategories, cutTime, readActivePieces, runUpTo } from './active-time.ts';
import type { Achievement } from './badge.ts';
import { readCompleted, type BadgeCommunity } from './reckon.ts';
import { isTotal, type Rule } from './rule.ts';
import { findFeedbackSource, readTallies, sumByMember, totalOf } from './tallies.ts';

/** Of amounts in thousandths, of all else a count; `share` from 0 to 1. */
export type Progress = { done: bigint; wanted: bigint; share: number };

/**
 * Reads how far a member has come, by achievement, where a number tells: of a streak the one that goes on, of several
 * categories those in the present window. Rules of ranks and comebacks have none.
 */
export async function readProgress(
  db: Kysely<Database>,
  community: BadgeCommunity,
  achievements: readonly Achievement[],
  memberId: number,
  now: Date,
): Promise<Map<number, Progress>> {
  const counts = new Map<number, Progress>();
  const count = countsOf(db, community, memberId, now);
  for (const { id, rule } of achievements) {
    const counted = await count(rule);
    if (counted) counts.set(id, toProgress(counted.done, counted.wanted));
  }
  return counts;
}

/** Makes a function that counts for any rule, and reads what several of them need once. */
function countsOf(db: Kysely<Database>, community: BadgeCommunity, memberId: number, now: Date) {
  const tallies = once(() => readTallies(db, community.id, [memberId]));
  const feedbackSource = once(() => findFeedbackSource(db, community.id));
  const streak = once(async () => {
    const weeks = await cutTime(db, community, 'week', now);
    const active = (await readActivePieces(db, community, weeks, [memberId])).get(memberId) ?? [];
    return runUpTo(active, pieceAt(weeks.edges, now));
  });
  return async (rule: Rule): Promise<{ done: bigint; wanted: bigint } | undefined> => {
    if (isTotal(rule)) {
      const { of, wanted } = totalOf(rule, community, await feedbackSource());
      return { done: sumByMember(await tallies(), of).get(memberId) ?? 0n, wanted };
    }
    switch (rule.kind) {
      case 'streak':
        return { done: BigInt(await streak()), wanted: BigInt(rule.weeks) };
      case 'quests': {
        const done = (await readCompleted(db, community.id, [memberId])).get(memberId);
        return { done: done ?? 0n, wanted: BigInt(rule.atLeast) };
      }
      case 'categories': {
        const slugs = new Set(rule.categories);
        const categoryIds = community.categories.flatMap(({ id, slug }) => (slugs.has(slug) ? [id] : []));
        const window = community.calendar.windowAt(rule.window, now);
        // Between two seasons nothing can be done.
        if (!window) return { done: 0n, wanted: BigInt(slugs.size) };
        const present = { edges: [window.startsAt, window.endsAt], keys: [window.key, undefined] };
        const [counted] = await countCategories(db, community, present, categoryIds, [memberId]);
        return { done: BigInt(counted?.categories ?? 0), wanted: BigInt(slugs.size) };
      }
      case 'comeback':
      case 'rank':
        return undefined;
    }
  };
}

/** The piece that holds a moment, as statements count. */
function pieceAt(edges: readonly Date[], moment: Date): number {
  return edges.findLastIndex((edge) => edge <= moment) + 1;
}

function toProgress(done: bigint, wanted: bigint): Progress {
  const capped = done < wanted ? done : wanted;
  return { done: capped, wanted, share: Number(capped) / Number(wanted) };
}

function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let value: Promise<Value> | undefined;
  return () => (value ??= read());
}
