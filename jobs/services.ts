import type { Messenger } from '../src/announcements/messenger.ts';
import type { EmojiMaker } from '../src/badges/keep-emojis.ts';
import type { RoleReader } from '../src/fair-play/read-roles.ts';
import type { BoardMessenger } from '../src/live-boards/board-messenger.ts';
import type { RankingContext } from '../src/ranking/context.ts';
import type { RoleGiver } from '../src/rewards/role-giver.ts';
import type { EventCalendar } from '../src/scheduled-events/scheduled-event.ts';

/** What jobs call. */
export type JobServices = RankingContext & {
  /** The time, for jobs that ask for it more than once a run. */
  clock: () => Date;
  /** Warns whoever runs the server where the clock is wrong, or was. */
  lookAtClock: () => Promise<void>;
  /** Aborted when the worker ends: nothing new is begun then. */
  stopping: AbortSignal;
  /** Undefined without Discord: what is to be said waits. */
  outside:
    | {
        messenger: Messenger;
        roles: RoleGiver;
        readRoles: RoleReader;
        calendar: EventCalendar;
        boards: BoardMessenger;
        emojis: EmojiMaker;
      }
    | undefined;
};
