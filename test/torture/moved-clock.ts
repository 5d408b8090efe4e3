import { moveDiscordClock } from '../support/discord/clock.ts';

/** The time of a torture: the real one, moved ahead. Discord goes by it as well. */
export class MovedClock {
  #aheadMs = 0;

  constructor(startsAt: Date) {
    this.moveTo(startsAt);
  }

  /** What a server that is started now is to add to the real time, in milliseconds. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  now = (): Date => new Date(Date.now() + this.#aheadMs);

  /** Makes it be a moment. For while no server runs: to one in the middle of something it would seem to have slept. */
  moveTo(at: Date): void {
    this.#aheadMs = at.getTime() - Date.now();
    moveDiscordClock(this.#aheadMs);
  }
}
