import type { Messenger } from '../src/announcements/messenger.ts';
import type { Calendar } from '../src/multipliers/mirror.ts';
import type { RankingContext } from '../src/ranking/context.ts';
import type { RoleGiver } from '../src/rewards/deliver.ts';

/** What jobs call. */
export type JobServices = RankingContext & {
  /** The time, for jobs that ask for it more than once a run. */
  clock: () => Date;
  /** Aborted when the worker ends: nothing new is begun then. */
  stopping: AbortSignal;
  /** Undefined without Discord: what is to be said waits. */
  outside: { messenger: Messenger; roles: RoleGiver; calendar: Calendar } | undefined;
};
