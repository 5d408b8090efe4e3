import type { Migration } from 'kysely/migration';
import * as contributionsAndStandings from './0001-contributions-and-standings.ts';
import * as multipliersQuestsAndGrants from './0002-multipliers-quests-and-grants.ts';

/** Every migration, by name, in order. There is no way down: a release that must be undone is followed by one that undoes it. */
export const migrations = {
  '0001-contributions-and-standings': contributionsAndStandings,
  '0002-multipliers-quests-and-grants': multipliersQuestsAndGrants,
} satisfies Record<string, Migration>;
