import type { Quest } from './quest.ts';
import type { QuestRound } from './quest-store.ts';
import type { Tally } from './tally.ts';

/** How many pairs of a member and a round are remembered a community, at some 60 bytes each. */
const MAX_SLOTS = 1_000_000;

/** When a member reached the goal of a round, and whether that completed it: something may have to be met beforehand. */
export type ReachedSlot = { reachedAt: number; isComplete: boolean };

/**
 * What is known of a member in a round: how far the goal has come, or when it was reached. Undefined: not known, to be
 * reckoned from what was recorded.
 */
export type Slot = Tally | ReachedSlot | undefined;

/** A round with its place among the slots of each member. */
export type KnownRound = QuestRound & { index: number; from: number; to: number };

/** The quests of a community, as of one moment of it. */
export class KnownProgress {
  /** Rounds that ended earlier are not in it, but for the last of each quest. */
  readonly since: Date;
  readonly quests: readonly Quest[];
  readonly rounds: KnownRound[] = [];
  readonly #members = new Map<number, Slot[]>();

  constructor(since: Date, quests: readonly Quest[], rounds: readonly QuestRound[]) {
    this.since = since;
    this.quests = quests;
    this.addRounds(rounds);
  }

  addRounds(rounds: readonly QuestRound[]): void {
    for (const round of rounds) {
      const [from, to] = [round.startsAt.getTime(), round.endsAt.getTime()];
      this.rounds.push({ ...round, index: this.rounds.length, from, to });
    }
  }

  /** The slots of a member, by the index of rounds. To be written to directly. */
  slotsOf(memberId: number): Slot[] {
    let slots = this.#members.get(memberId);
    if (slots) this.#members.delete(memberId);
    else slots = [];
    // Set again, so that members are in the order in which they were last seen.
    this.#members.set(memberId, slots);
    return slots;
  }

  /** Forgets members who were not seen for long, as far as there are too many. */
  trim(): void {
    for (const memberId of this.#members.keys()) {
      if (this.#members.size * this.rounds.length <= MAX_SLOTS) return;
      this.#members.delete(memberId);
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
