/** What delivering needs of the place where things are said. */
import type { Announcement } from './announcement.ts';

/** Where something is said: in a channel, or to a person in private. */
export type Target = { channelId: string } | { userId: string };

/** A message: what is told in it, in order. Each part is one announcement, or several of one kind joined into one. */
export type Told = {
  /** The number on the message, by which it is found again. */
  id: number;
  parts: readonly (readonly Announcement[])[];
  /** How numbers are written. */
  locale: string;
  /** In private: the name of the community that it is about, of which the reader may know several. */
  from?: string | undefined;
};

/** A message that was found, or why nobody can tell whether it is there. */
export type Search = { messageId: string | undefined } | { unreadable: string };

export type Messenger = {
  /**
   * Says something.
   *
   * @returns the id of the message
   * @throws SendError, and nothing else
   */
  send(target: Target, told: Told): Promise<string>;
  /**
   * Changes what a message in a channel tells. Safe to repeat.
   *
   * @throws SendError, and nothing else
   */
  edit(message: { channelId: string; messageId: string }, told: Told): Promise<void>;
  /**
   * Looks for a message of a number among those since a moment; undefined: among the latest.
   *
   * @throws SendError `later`
   */
  find(target: Target, since: Date | undefined, id: number): Promise<Search>;
};

/**
 * Why something was not said: `later`, it certainly was not, and may be when tried again; `refused`, it never will be
 * unless somebody changes something, which the message says; `unsure`, it may have been.
 */
export class SendError extends Error {
  override readonly name = 'SendError';
  readonly outcome: 'later' | 'refused' | 'unsure';
  /** How long to leave the place alone, where it says so: then the try does not count. */
  readonly retryAfterMs: number | undefined;
  /** Whether the place itself is not there any more. */
  readonly isGone: boolean;

  constructor(
    outcome: SendError['outcome'],
    message: string,
    options: ErrorOptions & { retryAfterMs?: number; isGone?: boolean } = {},
  ) {
    super(message, options);
    this.outcome = outcome;
    this.retryAfterMs = options.retryAfterMs;
    this.isGone = options.isGone ?? false;
  }
}

/** By how much the clock of the place where things are said may differ from ours. */
const CLOCK_MARGIN_MS = 10 * 60_000;

/**
 * From when on to look for what was begun at a moment. Undefined: that was by a clock that was ahead and says nothing, so
 * that the latest messages are to be looked through.
 */
export function searchFrom(begunAt: Date, now: Date): Date | undefined {
  return begunAt > now ? undefined : new Date(begunAt.getTime() - CLOCK_MARGIN_MS);
}
