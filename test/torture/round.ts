import type { Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import { pick, type Random } from '../demo/random.ts';
import { findBegun, findLeft } from './find-left.ts';
import type { Installation } from './installation.ts';
import { waitForMoment } from './moments.ts';
import type { MovedClock } from './moved-clock.ts';
import { windowsEnding } from './plain-windows.ts';
import { makeTrouble } from './trouble.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Windows are looked for as far ahead as this: a season ends in it. */
const SEASON = 93 * DAY;

export type RoundOptions = { installation: Installation; clock: MovedClock; timeZone: string; random: Random };

/**
 * What a round did. `isKill`: the server or its PostgreSQL was killed; `isInMiddle`: in the middle of something, as far as
 * that could be seen.
 */
export type Round = { what: string; isKill: boolean; isInMiddle: boolean };

/** One round: the server runs, something is done to it at some moment, and it runs again. */
export async function playRound(options: RoundOptions): Promise<Round> {
  const { installation, clock, random } = options;
  const trouble = random() < 0.35 ? makeTrouble(installation, random) : Promise.resolve(undefined);
  const moment = await waitForMoment(installation, random);
  const deed = pick(random, DEEDS);
  // Only what dies is kept where it is.
  if (!deed.isKill) await moment.release();
  await deed.act(installation, random);
  // What a dead server had sent and Discord has not taken never arrives: it would come days late.
  if (deed.endsServer) installation.cable.refuse();
  const left = deed.leavesDatabase ? await installation.withDatabase((db) => look(db, clock.now())) : undefined;
  // What was under way has arrived, or never will, when it is another time.
  await moment.release();
  const troubled = await trouble;
  if (deed.endsServer || !installation.runs) {
    installation.cable.open();
    if (random() < 0.85) clock.moveTo(nextMoment(options));
    await installation.start();
  }
  const rest = left && left.all > 0 ? ` (${left.all} things left)` : '';
  const what = [deed.name, moment.name, ...(troubled === undefined ? [] : [`Discord ${troubled}`])].join(', ') + rest;
  return { what, isKill: deed.isKill, isInMiddle: deed.isKill && (moment.isInMiddle || (left?.begun ?? 0) > 0) };
}

/** How much a server has left behind: what it had begun, and all that is due. */
async function look(db: Kysely<Database>, now: Date): Promise<{ begun: number; all: number }> {
  return { begun: (await findBegun(db)).length, all: (await findLeft(db, now)).length };
}

type Deed = {
  name: string;
  act: (installation: Installation, random: Random) => Promise<void>;
  isKill: boolean;
  endsServer: boolean;
  leavesDatabase: boolean;
};

const KILL_SERVER: Deed = {
  name: 'server killed',
  act: (installation) => installation.killServer(),
  isKill: true,
  endsServer: true,
  leavesDatabase: true,
};
const KILL_BOTH: Deed = {
  name: 'server and PostgreSQL killed',
  async act(installation, random) {
    if (random() < 0.5) await installation.killDatabase();
    await installation.killServer();
    await installation.killDatabase();
  },
  isKill: true,
  endsServer: true,
  leavesDatabase: false,
};
const KILL_DATABASE: Deed = {
  name: 'PostgreSQL killed',
  async act(installation) {
    await installation.killDatabase();
    await installation.isBack();
  },
  isKill: true,
  endsServer: false,
  leavesDatabase: false,
};
const STOP: Deed = {
  name: 'server stopped',
  act: (installation) => installation.stop(),
  isKill: false,
  endsServer: true,
  leavesDatabase: false,
};

const NOTHING: Deed = {
  name: 'nothing killed',
  act: () => Promise.resolve(),
  isKill: false,
  endsServer: false,
  leavesDatabase: false,
};

const DEEDS: [Deed, ...Deed[]] = [
  KILL_SERVER,
  KILL_SERVER,
  KILL_SERVER,
  KILL_SERVER,
  KILL_BOTH,
  KILL_BOTH,
  KILL_DATABASE,
  STOP,
  NOTHING,
];

/** When it is next: some time later, or right before or after something is due. */
function nextMoment({ clock, timeZone, random }: RoundOptions): Date {
  const now = clock.now();
  const longest = pick(random, [HOUR, 9 * HOUR, 2 * DAY, 6 * DAY, 18 * DAY, 40 * DAY]);
  const later = new Date(now.getTime() + random() * longest);
  if (random() < 0.5) return later;
  const kind = pick(random, ['week', 'week', 'month', 'season']);
  const ahead = windowsEnding(timeZone, { after: now, until: new Date(now.getTime() + SEASON) });
  const next = ahead.find((window) => window.kind === kind);
  if (!next) return later;
  const offset = pick(random, [0, HOUR, 3 * HOUR, 25 * HOUR]) + pick(random, [-1_500, -1_500, 20 * MINUTE]);
  return new Date(next.endsAt.getTime() + offset);
}
