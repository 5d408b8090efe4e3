/** Counting what was just recorded, beside what this process remembers of members. Pure: what has to be read is given. */
import type { KnownCounter, KnownMember, KnownProgress, KnownRound, ReachedSlot } from './progress-memory.ts';
import { countsFrom } from './quest.ts';
import { joinSlot } from './quest-store.ts';
import type { Deed } from './tally.ts';

/** A member in a round. */
export type Pair = { round: KnownRound; memberId: number };

/** Stands where a round was reached until the moment has been reckoned. */
const DOUBTFUL: ReachedSlot = { reachedAt: 0, isComplete: false };

/** What one batch adds to what is known, in rounds that it falls in. */
export class Counting {
  /** Of these something that a contribution concerns is not known: it has to be counted from what was recorded. */
  readonly unknown: KnownMember[] = [];
  /** Who has reached a round at a moment that is known: just now, or before without completing it. */
  readonly reached = new Map<ReachedSlot, Pair & { reachedAt: number }>();
  /** Who has reached a round at a moment that has to be reckoned from everything. */
  readonly doubtful: Pair[] = [];
  readonly #known: KnownProgress;
  readonly #open: readonly KnownRound[];
  readonly #counters: readonly KnownCounter[];
  readonly #joins: ReadonlyMap<string, Date>;

  /** @param joins who joined the quests of these rounds, by {@link joinSlot} */
  constructor(known: KnownProgress, open: readonly KnownRound[], joins: ReadonlyMap<string, Date>) {
    this.#known = known;
    this.#open = open;
    this.#counters = [...new Set(open.flatMap(({ counters }) => counters))];
    this.#joins = joins;
  }

  /** Adds what was recorded of a member to the counts that are known. */
  add(memberId: number, deeds: readonly Deed[]): void {
    const member = this.#known.memberOf(memberId);
    const starts = this.#counters.map((counter) => this.#startOf(counter, memberId));
    let isUnknown = false;
    // By the indexes of counters: whether they count the contribution at hand.
    const counting: boolean[] = [];
    for (const deed of deeds) {
      for (const [place, counter] of this.#counters.entries()) {
        const { index } = counter;
        counting[index] = deed.at >= (starts[place] ?? 0) && deed.at < counter.to && counter.concerns(deed);
        if (!counting[index]) continue;
        const count = member.counts[index];
        if (count === undefined) isUnknown = true;
        else member.counts[index] = counter.add(count, deed);
      }
      for (const round of this.#open) {
        if (round.counters.some(({ index }) => counting[index])) this.#look(round, member, deed.at);
      }
      if (deed.at > member.latest) member.latest = deed.at;
    }
    if (isUnknown) this.unknown.push(member);
  }

  /** The time from which everything of a member has to be read whom something is not known of. */
  spanOf(member: KnownMember): { from: Date; to: Date } {
    const missing = this.#missing(member);
    return {
      from: new Date(Math.min(...missing.map(({ from }) => from))),
      to: new Date(Math.max(...missing.map(({ counter: { to } }) => to))),
    };
  }

  /**
   * Counts what is not known of members yet.
   *
   * @param deeds all within their spans, in the order in which they occurred; what was recorded just now is among them
   * @param approvals when reviewers approved: by the ids of round and member
   */
  addUnknown(deeds: ReadonlyMap<number, readonly Deed[]>, approvals: ReadonlyMap<string, Date>): void {
    for (const member of this.unknown) {
      const own = deeds.get(member.id) ?? [];
      for (const { counter, from } of this.#missing(member)) {
        let count = counter.begin();
        for (const deed of own) {
          if (deed.at >= from && deed.at < counter.to && counter.concerns(deed)) count = counter.add(count, deed);
        }
        const approvedAt = counter.isProof ? approvals.get(`${counter.round.id} ${member.id}`)?.getTime() : undefined;
        member.counts[counter.index] = approvedAt === undefined ? count : 1;
        member.latest = Math.max(member.latest, own.at(-1)?.at ?? member.latest, approvedAt ?? member.latest);
      }
      for (const round of this.#open) {
        if (!member.reached[round.index] && round.isReached(member.counts)) this.#doubt(round, member.id);
      }
    }
  }

  /** What is not known of a member, and since when it counts. What has to be joined is left out until it was. */
  #missing(member: KnownMember): { counter: KnownCounter; from: number }[] {
    return this.#counters.flatMap((counter) => {
      if (member.counts[counter.index] !== undefined) return [];
      const from = this.#startOf(counter, member.id);
      return from === Number.POSITIVE_INFINITY ? [] : [{ counter, from }];
    });
  }

  #startOf({ from, round }: KnownCounter, memberId: number): number {
    if (!round.quest.joinRequired) return from;
    const joinedAt = this.#joins.get(joinSlot(round.quest.id, memberId));
    return countsFrom(round.quest, round, joinedAt)?.getTime() ?? Number.POSITIVE_INFINITY;
  }

  /** Looks at a round that a contribution counts for, after it was added. */
  #look(round: KnownRound, member: KnownMember, at: number): void {
    const slot = member.reached[round.index];
    if (slot === DOUBTFUL || (!slot && !round.isReached(member.counts))) return;
    const pair = { round, memberId: member.id };
    if (slot && at >= slot.reachedAt) {
      if (!slot.isComplete) this.reached.set(slot, { ...pair, reachedAt: slot.reachedAt });
    } else if (!slot && at >= member.latest) {
      // Everything else that counts came before, and did not do.
      const made: ReachedSlot = { reachedAt: at, isComplete: false };
      this.#known.setReached(member.id, round, made);
      this.reached.set(made, { ...pair, reachedAt: at });
    } else {
      // Reached at a moment that what is remembered does not tell, or earlier than was known.
      if (slot) this.reached.delete(slot);
      this.#doubt(round, member.id);
    }
  }

  #doubt(round: KnownRound, memberId: number): void {
    this.#known.setReached(memberId, round, DOUBTFUL);
    this.doubtful.push({ round, memberId });
  }
}
