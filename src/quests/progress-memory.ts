import type { Quest } from './quest.ts';
import type { QuestRound } from './quest-store.ts';
import type { Count, Counter, ReachedTest } from './tally.ts';

/** How many counts, and rounds that were reached, are remembered a community, at some 60 bytes each. */
const MAX_REMEMBERED = 1_000_000;

/** When a member reached the goal of a round, and whether that completed it: something may have to be met beforehand. */
export type ReachedSlot = { reachedAt: number; isComplete: boolean };

/** What is known of a member, by the indexes of counters and rounds. */
export type KnownMember = {
  readonly id: number;
  /** Undefined: not known, to be counted from what was recorded. */
  readonly counts: (Count | undefined)[];
  /** Nothing that was counted is later. */
  latest: number;
  /** The rounds that were reached. The counts of any other round that are known do not reach it. */
  readonly reached: (ReachedSlot | undefined)[];
};

/**
 * What counts in the time of some rounds. Rounds of the same time share it, whatever their goals want of it, so that
 * fifty quests for one kind of work count it once.
 */
export type KnownCounter = Pick<Counter, 'begin' | 'concerns' | 'add'> & {
  readonly index: number;
  readonly from: number;
  readonly to: number;
  /** One of its rounds: the only one where it has to be joined, and where a reviewer decides. */
  readonly round: QuestRound;
  /** Whether a reviewer decides what it counts. */
  readonly isProof: boolean;
};

/** A round with the counters of its goal, and the test of their counts. */
export type KnownRound = QuestRound & {
  readonly index: number;
  readonly from: number;
  readonly to: number;
  readonly counters: readonly KnownCounter[];
  readonly isReached: ReachedTest;
};

/** The quests of a community, as of one moment of it. */
export class KnownProgress {
  /** Rounds that ended earlier are not in it, but for the last of each quest. */
  readonly since: Date;
  readonly quests: readonly Quest[];
  readonly rounds: KnownRound[] = [];
  readonly #members = new Map<number, KnownMember>();
  #counters = 0;
  #reached = 0;

  constructor(since: Date, quests: readonly Quest[], rounds: readonly QuestRound[]) {
    this.since = since;
    this.quests = quests;
    this.addRounds(rounds);
  }

  /** Adds rounds. They share counters among them alone: nobody has reached any of them by what was counted before. */
  addRounds(rounds: readonly QuestRound[]): void {
    const shared = new Map<string, KnownCounter>();
    for (const round of rounds) {
      const [from, to] = [round.startsAt.getTime(), round.endsAt.getTime()];
      const { parts, counters } = round.quest.reckoner;
      const own = counters.map((counter, part) => {
        const isProof = parts[part]?.kind === 'proof';
        const key = `${from} ${to} ${isProof || round.quest.joinRequired ? round.id : ''} ${counter.key}`;
        const made = shared.get(key) ?? { ...counter, index: this.#counters++, from, to, round, isProof };
        shared.set(key, made);
        return made;
      });
      const isReached = round.quest.reckoner.testAt(own.map(({ index }) => index));
      this.rounds.push({ ...round, index: this.rounds.length, from, to, counters: own, isReached });
    }
  }

  /** What is known of a member, to be written to directly. */
  memberOf(id: number): KnownMember {
    let member = this.#members.get(id);
    if (member) this.#members.delete(id);
    else member = { id, counts: [], latest: Number.NEGATIVE_INFINITY, reached: [] };
    // Set again, so that members are in the order in which they were last seen.
    this.#members.set(id, member);
    return member;
  }

  /** Notes that a member has reached a round, or that this is not known any more. */
  setReached(memberId: number, round: KnownRound, slot: ReachedSlot | undefined): void {
    const { reached } = this.memberOf(memberId);
    this.#reached += Number(slot !== undefined) - Number(reached[round.index] !== undefined);
    reached[round.index] = slot;
  }

  /** Forgets members who were not seen for long, as far as there are too many. */
  trim(): void {
    for (const [id, { reached }] of this.#members) {
      if (this.#members.size * this.#counters + this.#reached <= MAX_REMEMBERED) return;
      this.#members.delete(id);
      for (const slot of reached) if (slot) this.#reached -= 1;
    }
  }
}

/**
 * What this process remembers of the progress of quests in a community. It holds only as long as nobody else records,
 * voids or merges: each of those takes sequence numbers, and what is remembered belongs to the last one. Changes of
 * settings, of quests and rounds begin a new memory.
 */
export class ProgressMemory {
  #known: KnownProgress | undefined;
  #lastSeq = -1n;

  /**
   * What is known, if it still holds for whoever holds the lock and has taken the sequence numbers from `firstSeq` on.
   * It is taken out: it may be changed, and a transaction that fails does not put it back.
   */
  take(firstSeq: bigint): KnownProgress | undefined {
    const known = this.#lastSeq + 1n === firstSeq ? this.#known : undefined;
    this.#known = undefined;
    return known;
  }

  /** Puts back what is known as of a sequence number. To be called once the transaction has committed, never before. */
  keep(known: KnownProgress, lastSeq: bigint): void {
    known.trim();
    this.#known = known;
    this.#lastSeq = lastSeq;
  }
}
