import type { AnyCommand } from '../src/discord/command.ts';
import { cap } from './cap.ts';
import { contribution } from './contribution.ts';
import { creditFeedbackCommand } from './credit-feedback.ts';
import { exclude } from './exclude.ts';
import { held } from './held.ts';
import { leaderboard } from './leaderboard.ts';
import { link } from './link.ts';
import { me } from './me.ts';
import { multiplier } from './multiplier.ts';
import { quest } from './quest.ts';
import { rate } from './rate.ts';
import { setup } from './setup.ts';
import { unlink } from './unlink.ts';
import { why } from './why.ts';

/** Every command that is registered. A file that is not named here does nothing. */
export const commands = [
  cap,
  contribution,
  creditFeedbackCommand,
  exclude,
  held,
  leaderboard,
  link,
  me,
  multiplier,
  quest,
  rate,
  setup,
  unlink,
  why,
] as const satisfies readonly AnyCommand[];
