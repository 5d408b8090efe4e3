/** Why somebody stands where they stand. */
import { formatDecimal } from './score.ts';

/** What a place has to do with the one beside it. Scores in thousandths. */
export type Placed = { rank: number; displayName: string; memberId: number; score: bigint; reachedAt: Date };

/** Which rule parts two neighbours: the score; on equal scores who reached it first; then who became a member first. */
type Parting = 'score' | 'reached-first' | 'member-first';

/** A place, explained by the neighbour whom it is parted from: the one ahead, or behind the first the second. */
export type PlaceExplanation = {
  own: Placed;
  total: number;
  neighbour: { is: 'ahead' | 'behind'; placed: Placed; difference: bigint; by: Parting } | undefined;
};

/** How a sentence is written where it is shown. What it is given is outside text where it says so. */
export type Wording = {
  /** `You are`, `ada is`: whose place it is, ready to be shown. */
  who: string;
  score(thousandths: bigint): string;
  rank(rank: number): string;
  /** A display name: outside text. */
  name(displayName: string): string;
  time(at: Date): string;
};

/**
 * Explains a place by its neighbours on the board, as the board ranks: higher score, then the earlier `reachedAt`, then
 * who became a member first.
 *
 * @param entries a stretch of the board that holds the member and the neighbours there are
 * @returns undefined when the member is not among the entries
 */
export function explainPlace(
  entries: readonly Placed[],
  memberId: number,
  total: number,
): PlaceExplanation | undefined {
  const own = entries.find((entry) => entry.memberId === memberId);
  if (!own) return undefined;
  const ahead = entries.find(({ rank }) => rank === own.rank - 1);
  const behind = entries.find(({ rank }) => rank === own.rank + 1);
  const placed = ahead ?? behind;
  if (!placed) return { own, total, neighbour: undefined };
  const difference = ahead ? ahead.score - own.score : own.score - placed.score;
  return { own, total, neighbour: { is: ahead ? 'ahead' : 'behind', placed, difference, by: partingOf(own, placed) } };
}

/** Says an explanation in one or two sentences. */
export function sayPlace({ own, total, neighbour }: PlaceExplanation, wording: Wording): string {
  const place = `${wording.who} ${wording.rank(own.rank)} of ${total} with ${wording.score(own.score)}`;
  if (!neighbour) return `${place}: nobody else is on this board yet.`;
  const { placed, difference, by } = neighbour;
  const name = wording.name(placed.displayName);
  const isAhead = neighbour.is === 'ahead';
  if (by === 'score') {
    return isAhead
      ? `${place}: ${wording.score(difference)} behind ${name}, who reached that score first. On equal scores whoever reached the score first is ahead.`
      : `${place}: ${wording.score(difference)} ahead of ${name}.`;
  }
  const [first, second] = isAhead ? [placed, own] : [own, placed];
  if (by === 'reached-first') {
    const when = `${wording.time(first.reachedAt)}, against ${wording.time(second.reachedAt)}`;
    return isAhead
      ? `${place}: tied with ${name}, who reached it first, at ${when}.`
      : `${place}: tied with ${name}, and ahead for having reached it first, at ${when}.`;
  }
  const when = `both reached it at ${wording.time(own.reachedAt)}`;
  return isAhead
    ? `${place}: tied with ${name}, who became a member first; ${when}.`
    : `${place}: tied with ${name}, and ahead for having become a member first; ${when}.`;
}

/** The words for places that programs and terminals show: exact decimals, times in UTC. */
export function plainWording(who: string, unit: string): Wording {
  return {
    who,
    score: (score) => `${formatDecimal(score)} ${unit === 'OMNIT' || score === 1000n ? unit : `${unit}s`}`,
    rank: (rank) => `${rank}${ordinalEnding(rank)}`,
    name: (displayName) => displayName,
    time: (at) => at.toISOString(),
  };
}

const ORDINAL_RULES = new Intl.PluralRules('en', { type: 'ordinal' });
const ORDINAL_ENDINGS: Partial<Record<Intl.LDMLPluralRule, string>> = { one: 'st', two: 'nd', few: 'rd' };

/** What makes a number an ordinal in English: `st` of 1, `th` of 11, `nd` of 22. */
export function ordinalEnding(rank: number): string {
  return ORDINAL_ENDINGS[ORDINAL_RULES.select(rank)] ?? 'th';
}

function partingOf(a: Placed, b: Placed): Parting {
  if (a.score !== b.score) return 'score';
  return a.reachedAt.getTime() === b.reachedAt.getTime() ? 'member-first' : 'reached-first';
}
