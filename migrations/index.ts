import type { Migration } from 'kysely/migration';
import * as contributionsAndStandings from './0001-contributions-and-standings.ts';
import * as multipliersQuestsAndGrants from './0002-multipliers-quests-and-grants.ts';
import * as seasons from './0003-seasons.ts';
import * as roleHoldings from './0004-role-holdings.ts';
import * as badges from './0005-badges.ts';
import * as privacy from './0006-privacy.ts';
import * as liveBoards from './0007-live-boards.ts';
import * as seasonPosts from './0008-season-posts.ts';
import * as roundsToCome from './0009-rounds-to-come.ts';

/** Every migration, by name, in order. There is no way down: a release that must be undone is followed by one that undoes it. */
export const migrations = {
  '0001-contributions-and-standings': contributionsAndStandings,
  '0002-multipliers-quests-and-grants': multipliersQuestsAndGrants,
  '0003-seasons': seasons,
  '0004-role-holdings': roleHoldings,
  '0005-badges': badges,
  '0006-privacy': privacy,
  '0007-live-boards': liveBoards,
  '0008-season-posts': seasonPosts,
  '0009-rounds-to-come': roundsToCome,
} satisfies Record<string, Migration>;
