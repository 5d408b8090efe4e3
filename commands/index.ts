import type { Command } from '../src/discord/command.ts';
import { leaderboard } from './leaderboard.ts';
import { me } from './me.ts';
import { setup } from './setup.ts';

/** Every command that is registered. A file that is not named here does nothing. */
export const commands = [leaderboard, me, setup] as const satisfies readonly Command[];
