import type { AnyCommand } from '../src/discord/command.ts';
import { badge } from './badge.ts';
import { badges } from './badges.ts';
import { board } from './board.ts';
import { cap } from './cap.ts';
import { contribution } from './contribution.ts';
import { creditFeedbackCommand } from './credit-feedback.ts';
import { exclude } from './exclude.ts';
import { grants } from './grants.ts';
import { held } from './held.ts';
import { leaderboard } from './leaderboard.ts';
import { link } from './link.ts';
import { me } from './me.ts';
import { multiplier } from './multiplier.ts';
import { privacy } from './privacy.ts';
import { prize } from './prize.ts';
import { quest } from './quest.ts';
import { rate } from './rate.ts';
import { season } from './season.ts';
import { setup } from './setup.ts';
import { unlink } from './unlink.ts';
import { why } from './why.ts';

/** Every command that is registered. A file that is not named here does nothing. */
export const commands = [
  badge,
  badges,
  board,
  cap,
  contribution,
  creditFeedbackCommand,
  exclude,
  grants,
  held,
  leaderboard,
  link,
  me,
  multiplier,
  privacy,
  prize,
  quest,
  rate,
  season,
  setup,
  unlink,
  why,
] as const satisfies readonly AnyCommand[];
