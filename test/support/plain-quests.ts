/** Quests by the book, in memory, reckoned anew each time from everything: what the real ones are held against. */
import type { Goal, SingleGoal } from '../../src/quests/goal.ts';
import { keyOf, localDate } from './plain-ranking.ts';

export type PlainContribution = {
  id: string;
  member: string;
  category: string;
  subject: string | undefined;
  amount: bigint;
  at: number;
  counted: boolean;
};

export type PlainQuest = {
  id: number;
  goal: Goal;
  recurrence: 'once' | 'daily' | 'weekly' | 'monthly';
  startsAt: number;
  endsAt: number;
  maxWinners: number | undefined;
  joinRequired: boolean;
  countEarlier: boolean;
};

/** `once` or a period, by member: when it was completed, and whether it won; undefined: not decided. */
export type PlainCompletion = { quest: number; round: string; member: string; at: number; won: boolean | undefined };

const SETTLE_AFTER_MS = 3_600_000;
const HOUR_MS = 3_600_000;

export class PlainQuests {
  readonly contributions: PlainContribution[] = [];
  readonly quests: PlainQuest[] = [];
  readonly joins = new Map<string, number>();
  readonly #members: string[] = [];
  readonly #final = new Map<string, PlainCompletion[]>();
  readonly #ends = new Map<string, number>();
  readonly #settledAt = new Map<number, number>();
  readonly #zone: string;

  constructor(zone: string) {
    this.#zone = zone;
  }

  /** Is to be told of members in the order in which they were created. */
  seen(member: string): void {
    if (!this.#members.includes(member)) this.#members.push(member);
  }

  /** Everything that is completed now. */
  completions(): PlainCompletion[] {
    return this.quests.flatMap((quest) =>
      this.#roundsOf(quest).flatMap((round) => this.#final.get(`${quest.id} ${round}`) ?? this.#open(quest, round)),
    );
  }

  /** Settles what is due. */
  settle(now: number): void {
    for (const quest of this.quests) {
      if (quest.maxWinners === undefined) continue;
      for (const round of this.#roundsOf(quest)) {
        const name = `${quest.id} ${round}`;
        if (this.#final.has(name) || this.#endOf(quest, round) + SETTLE_AFTER_MS > now) continue;
        const order = this.#open(quest, round).toSorted(
          (a, b) => a.at - b.at || this.#members.indexOf(a.member) - this.#members.indexOf(b.member),
        );
        this.#final.set(
          name,
          order.map((one, place) => ({ ...one, won: place < (quest.maxWinners ?? 0) })),
        );
      }
      this.#settledAt.set(quest.id, now);
    }
  }

  /** What a round holds that was not settled with anything in it: nothing, where it was settled empty. */
  #open(quest: PlainQuest, round: string): PlainCompletion[] {
    const settledAt = this.#settledAt.get(quest.id);
    const wasSettled = settledAt !== undefined && this.#endOf(quest, round) + SETTLE_AFTER_MS <= settledAt;
    return wasSettled ? [] : this.#reckon(quest, round);
  }

  #roundKey({ recurrence }: PlainQuest, at: number): string {
    const date = localDate(this.#zone, new Date(at));
    if (recurrence === 'once') return 'once';
    if (recurrence === 'daily') return date;
    return keyOf(recurrence === 'weekly' ? 'week' : 'month', date);
  }

  /** The rounds in which anything occurred, and those that were settled. */
  #roundsOf(quest: PlainQuest): string[] {
    const inside = this.contributions.filter(({ at }) => at >= quest.startsAt && at < quest.endsAt);
    return [...new Set(inside.map(({ at }) => this.#roundKey(quest, at)))];
  }

  /** Found by trying every quarter of an hour: no rule of the product is used. */
  #endOf(quest: PlainQuest, round: string): number {
    if (quest.recurrence === 'once') return quest.endsAt;
    const known = this.#ends.get(`${quest.id} ${round}`);
    if (known !== undefined) return known;
    let end = quest.endsAt;
    for (let at = quest.endsAt - 1; at >= quest.startsAt - 1; at -= HOUR_MS / 4) {
      const moment = Math.max(at - (at % (HOUR_MS / 4)), quest.startsAt);
      if (this.#roundKey(quest, moment) === round) break;
      end = moment;
    }
    this.#ends.set(`${quest.id} ${round}`, end);
    return end;
  }

  #reckon(quest: PlainQuest, round: string): PlainCompletion[] {
    return this.#members.flatMap((member) => {
      const joined = this.joins.get(`${quest.id} ${member}`);
      const own = this.contributions.filter(
        (one) =>
          one.member === member &&
          one.counted &&
          one.at >= quest.startsAt &&
          one.at < quest.endsAt &&
          this.#roundKey(quest, one.at) === round &&
          (!quest.joinRequired ||
            (joined !== undefined && (quest.countEarlier ? joined < this.#endOf(quest, round) : one.at >= joined))),
      );
      const moments = [...new Set(own.map(({ at }) => at))].toSorted((a, b) => a - b);
      const at = moments.find((moment) =>
        this.#holds(
          quest.goal,
          own.filter((one) => one.at <= moment),
        ),
      );
      if (at === undefined) return [];
      return [{ quest: quest.id, round, member, at, won: quest.maxWinners === undefined ? true : undefined }];
    });
  }

  #holds(goal: Goal, own: readonly PlainContribution[]): boolean {
    if (!('goals' in goal)) return this.#holdsSingle(goal, own);
    const parts = goal.goals.map((part) => this.#holds(part, own));
    return goal.kind === 'all' ? parts.every(Boolean) : parts.some(Boolean);
  }

  #holdsSingle(goal: SingleGoal, own: readonly PlainContribution[]): boolean {
    // A person approves those, which no contribution does.
    if (goal.kind === 'proof') return false;
    const inCategory = own.filter(({ category }) => goal.category === undefined || category === goal.category);
    switch (goal.kind) {
      case 'amount': {
        const counting = inCategory.filter(({ subject }) => !goal.subjects || goal.subjects.includes(subject ?? ''));
        return counting.reduce((sum, { amount }) => sum + amount, 0n) >= goal.amount;
      }
      case 'each':
        return (
          goal.subjects.filter((wanted) => inCategory.filter(({ subject }) => subject === wanted).length >= goal.times)
            .length >= goal.of
        );
      case 'days':
        return new Set(inCategory.map(({ at }) => localDate(this.#zone, new Date(at)))).size >= goal.days;
      case 'rank':
      case 'score':
        return false;
    }
  }
}
