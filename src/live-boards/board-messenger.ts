/** What keeping boards up to date needs of the place where they are shown. */
import type { Search } from '../announcements/messenger.ts';
import type { Leaderboard } from '../ranking/read-leaderboard.ts';

/** A live board as it is to be shown. */
export type ShownBoard = {
  /** The number on its message, by which that is found again. */
  id: number;
  board: Leaderboard;
  /** What its period goes by: the name of a season that has one, or the key. */
  name: string;
  /** How many places it shows at the most. */
  places: number;
  /** Until when late contributions to a window that is over are awaited; undefined where none are. */
  awaitedUntil: Date | undefined;
  /** How numbers are written. */
  locale: string;
  asOf: Date;
};

type BoardMessage = { channelId: string; messageId: string };

export type BoardMessenger = {
  /**
   * Posts a board in a channel, which must be one of the guild.
   *
   * @param attempt tells the tries of one message from those of the next
   * @returns the id of the message
   * @throws SendError, and nothing else
   */
  post(place: { guildId: string; channelId: string }, shown: ShownBoard, attempt: Date): Promise<string>;
  /**
   * Makes a message show a board. Safe to repeat.
   *
   * @returns false when the message was deleted
   * @throws SendError, and nothing else
   */
  edit(message: BoardMessage, shown: ShownBoard): Promise<boolean>;
  /** Whether a message is still there. @throws SendError, and nothing else */
  isThere(message: BoardMessage): Promise<boolean>;
  /** Deletes a message; one that is gone or out of reach already is left so. Safe to repeat. @throws SendError `later` or `unsure` */
  remove(message: BoardMessage): Promise<void>;
  /** Looks for the message of a board among those since a moment; undefined: among the latest. @throws SendError */
  find(channelId: string, since: Date | undefined, id: number): Promise<Search>;
};
