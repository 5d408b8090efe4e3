import type { Migration } from 'kysely/migration';
import * as contributionsAndStandings from './0001-contributions-and-standings.ts';

/** Every migration, by name, in order. There is no way down: a release that must be undone is followed by one that undoes it. */
export const migrations = {
  '0001-contributions-and-standings': contributionsAndStandings,
} satisfies Record<string, Migration>;
