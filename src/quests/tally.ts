/** Reckoning how far a member has come towards a goal. Pure: what counts is given, in whatever order unless it says so. */
import { isJudged, MAX_GOAL, singleGoals, type Goal, type SingleGoal } from './goal.ts';

/** A contribution that counts, as far as goals go. */
export type Deed = {
  category: string;
  subject: string | undefined;
  /** In thousandths, far below what a number holds exactly. */
  amount: number;
  /** When it occurred, in milliseconds. */
  at: number;
  /** The local day that it lies on: the same number for the same day. */
  day: number;
};

/**
 * How far one single goal has come: a sum in thousandths, up to the largest that a goal may ask for; days seen;
 * contributions a subject, in the order of their names; 1 when judged and met.
 */
export type Count = number | number[];

/** How far a member has come, one count a single goal. Changed in place by {@link GoalReckoner.add}. */
export type Tally = Count[];

/** What came of reckoning everything: how far, and when the goal was reached, if it was. */
export type Reckoning = { tally: Tally; reachedAt: number | undefined };

/** One single goal with how far somebody has come: both in thousandths, or as counts. */
export type Part = { goal: SingleGoal; done: bigint; wanted: bigint; isMet: boolean; share: number };

/** The rules of one goal, prepared for many contributions of many members. */
export class GoalReckoner {
  readonly parts: readonly SingleGoal[];
  /** How each part counts. */
  readonly counters: readonly Counter[];
  readonly #goal: Goal;
  readonly #isReached: ReachedTest;
  readonly #shareOf: (shares: readonly number[]) => number;

  constructor(goal: Goal) {
    this.parts = singleGoals(goal);
    this.counters = this.parts.map(counterOf);
    this.#goal = goal;
    this.#isReached = this.testAt(this.parts.map((_, index) => index));
    let index = 0;
    this.#shareOf = foldGoal<(shares: readonly number[]) => number>(
      goal,
      () => {
        const own = index++;
        return (shares) => shares[own] ?? 0;
      },
      (kind, parts) => (shares) => {
        const each = parts.map((part) => part(shares));
        return kind === 'all' ? each.reduce((a, b) => a + b, 0) / each.length : Math.max(...each);
      },
    );
  }

  /** The tally of who has done nothing. */
  begin(): Tally {
    return this.counters.map((counter) => counter.begin());
  }

  /** Whether a contribution could bring anybody nearer to the goal. */
  concerns(deed: Deed): boolean {
    return this.counters.some((counter) => counter.concerns(deed));
  }

  /**
   * A test of whether the goal is reached, for counts that lie among others.
   *
   * @param places where the count of each part lies. What is not there is not met.
   */
  testAt(places: readonly number[]): ReachedTest {
    let index = 0;
    return foldGoal<ReachedTest>(
      this.#goal,
      () => {
        const [counter, place] = [this.counters[index], places[index] ?? -1];
        index += 1;
        return (counts) => {
          const count = counts[place];
          return counter !== undefined && count !== undefined && counter.isMet(count);
        };
      },
      (kind, tests) =>
        kind === 'all'
          ? (counts) => tests.every((test) => test(counts))
          : (counts) => tests.some((test) => test(counts)),
    );
  }

  /** Adds a contribution. In whatever order they are added, the tally becomes the same. */
  add(tally: Tally, deed: Deed): void {
    for (let index = 0; index < this.counters.length; index += 1) {
      const counter = this.counters[index];
      const before = tally[index];
      if (counter && before !== undefined && counter.concerns(deed)) tally[index] = counter.add(before, deed);
    }
  }

  /** Whether the goal is reached. */
  isReached(tally: Tally): boolean {
    return this.#isReached(tally);
  }

  /**
   * Reckons everything that counts of a member.
   *
   * @param deeds in the order in which they occurred
   * @param judged by the index of a part: when a goal that a board or a reviewer judges was reached, for those that were
   */
  reckon(deeds: readonly Deed[], judged: ReadonlyMap<number, number> = new Map()): Reckoning {
    const tally = this.begin();
    let reachedAt: number | undefined;
    const verdicts = [...judged].toSorted(([, a], [, b]) => a - b);
    const pass = (until: number) => {
      for (let next = verdicts[0]; next && next[1] <= until; next = verdicts[0]) {
        verdicts.shift();
        tally[next[0]] = 1;
        if (reachedAt === undefined && this.isReached(tally)) reachedAt = next[1];
      }
    };
    for (const deed of deeds) {
      pass(deed.at);
      if (!this.concerns(deed)) continue;
      this.add(tally, deed);
      if (reachedAt === undefined && this.isReached(tally)) reachedAt = deed.at;
    }
    pass(Number.POSITIVE_INFINITY);
    return { tally, reachedAt };
  }

  /** How far each single goal has come. */
  partsOf(tally: Tally): Part[] {
    return this.parts.map((goal, index) => {
      const counter = this.counters[index];
      const count = tally[index];
      if (!counter || count === undefined) throw new Error('A tally belongs to another goal.');
      const isMet = counter.isMet(count);
      const { done, wanted } = counter.progress(count);
      return { goal, done, wanted, isMet, share: isMet ? 1 : Number(done) / Number(wanted) };
    });
  }

  /** How far the whole goal has come, from 0 to 1, by how far its parts have: of several that are all needed the mean, of alternatives the farthest. */
  shareOf(shares: readonly number[]): number {
    return this.#shareOf(shares);
  }
}

/** Makes one thing of a goal, from its single goals, in order, upwards. */
function foldGoal<Made>(
  goal: Goal,
  ofSingle: (goal: SingleGoal) => Made,
  ofSeveral: (kind: 'all' | 'any', parts: Made[]) => Made,
): Made {
  if (!('goals' in goal)) return ofSingle(goal);
  return ofSeveral(
    goal.kind,
    goal.goals.map((part) => foldGoal(part, ofSingle, ofSeveral)),
  );
}

/** Whether a goal is reached, by counts. */
export type ReachedTest = (counts: readonly (Count | undefined)[]) => boolean;

/** How one single goal counts. */
export type Counter = {
  /** Those of one key count alike, whatever the goals want of it. */
  readonly key: string;
  begin(): Count;
  concerns(deed: Deed): boolean;
  add(count: Count, deed: Deed): Count;
  isMet(count: Count): boolean;
  progress(count: Count): { done: bigint; wanted: bigint };
};

function counterOf(goal: SingleGoal): Counter {
  if (isJudged(goal) || goal.kind === 'proof') return JUDGED;
  switch (goal.kind) {
    case 'amount':
      return amountCounter(goal);
    case 'each':
      return eachCounter(goal);
    case 'days':
      return daysCounter(goal);
  }
}

function amountCounter({ category, subjects, amount }: Extract<SingleGoal, { kind: 'amount' }>): Counter {
  const only = subjects && new Set(subjects);
  const wanted = Number(amount);
  return {
    key: JSON.stringify(['amount', category, subjects?.toSorted()]),
    begin: () => 0,
    concerns: (deed) => deed.category === category && (!only || (deed.subject !== undefined && only.has(deed.subject))),
    // Capped: beyond every goal nothing is asked any more, and the sum stays exact.
    add: (count, deed) => Math.min(Number(count) + deed.amount, Number(MAX_GOAL)),
    isMet: (count) => Number(count) >= wanted,
    progress: (count) => ({ done: BigInt(Math.min(Number(count), wanted)), wanted: amount }),
  };
}

function eachCounter({ category, subjects, times, of }: Extract<SingleGoal, { kind: 'each' }>): Counter {
  const places = new Map(subjects.toSorted().map((subject, place) => [subject, place]));
  const whole = (count: Count) => {
    let enough = 0;
    if (typeof count === 'object') for (const done of count) if (done >= times) enough += 1;
    return enough;
  };
  return {
    key: JSON.stringify(['each', category, ...places.keys()]),
    begin: () => [],
    concerns: (deed) => deed.category === category && deed.subject !== undefined && places.has(deed.subject),
    add(count, { subject }) {
      const place = subject === undefined ? undefined : places.get(subject);
      if (typeof count === 'number' || place === undefined) return count;
      while (count.length <= place) count.push(0);
      count[place] = (count[place] ?? 0) + 1;
      return count;
    },
    isMet: (count) => whole(count) >= of,
    progress: (count) => ({ done: BigInt(whole(count)), wanted: BigInt(of) }),
  };
}

function daysCounter({ category, days }: Extract<SingleGoal, { kind: 'days' }>): Counter {
  const seen = (count: Count) => (typeof count === 'object' ? count.length : 0);
  return {
    key: JSON.stringify(['days', category]),
    begin: () => [],
    concerns: (deed) => category === undefined || deed.category === category,
    add(count, { day }) {
      // Mostly the last one again.
      if (typeof count === 'object' && count.at(-1) !== day && !count.includes(day)) count.push(day);
      return count;
    },
    isMet: (count) => seen(count) >= days,
    progress: (count) => ({ done: BigInt(seen(count)), wanted: BigInt(days) }),
  };
}

/** No contribution brings it nearer: a board, asked once at the end, or a reviewer says whether it is met. */
const JUDGED: Counter = {
  key: 'judged',
  begin: () => 0,
  concerns: () => false,
  add: (count) => count,
  isMet: (count) => count === 1,
  progress: (count) => ({ done: count === 1 ? 1n : 0n, wanted: 1n }),
};
