import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { pick, type Random } from '../demo/random.ts';
import { findLeft } from './find-left.ts';
import type { Installation } from './installation.ts';
import type { MovedClock } from './moved-clock.ts';
import { windowsEnding } from './plain-windows.ts';
import { makeTrouble } from './trouble.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How long a server lives at the longest, once it serves, by how long it took to start. */
const LONGEST_LIFE = 1.5;
const LOOK_EVERY_MS = 5;
/** Windows are looked for as far ahead as this: a season ends in it. */
const SEASON = 93 * DAY;

const SAYING = /^POST \/channels\/\d+\/messages/;
const GIVING = /^(PUT|DELETE) \/guilds\/\d+\/members\/\d+\/roles/;

export type RoundOptions = { installation: Installation; clock: MovedClock; timeZone: string; random: Random };

/** What a round did. `left`: how much was begun and not ended, where a server was killed alone. */
export type Round = { what: string; left: number | undefined };

/** One round: the server runs, something is done to it at some moment, and it runs again. */
export async function playRound(options: RoundOptions): Promise<Round> {
  const { installation, clock, random } = options;
  const trouble = random() < 0.35 ? makeTrouble(installation, random) : Promise.resolve(undefined);
  const moment = await waitForMoment(installation, random);
  const deed = pick(random, DEEDS);
  await deed.act(installation, random);
  const left = deed.leavesDatabase
    ? await installation.withDatabase(async (db) => (await findLeft(db, clock.now())).length)
    : undefined;
  // What was under way has arrived, or never will, when it is another time.
  moment.release();
  const troubled = await trouble;
  if (deed.endsServer || !installation.runs) {
    if (random() < 0.85) clock.moveTo(nextMoment(options));
    await installation.start();
  }
  const what = [deed.name, moment.name, ...(troubled === undefined ? [] : [`Discord ${troubled}`])].join(', ');
  return { what, left };
}

type Deed = {
  name: string;
  act: (installation: Installation, random: Random) => Promise<void>;
  endsServer: boolean;
  leavesDatabase: boolean;
};

const KILL_SERVER: Deed = {
  name: 'server killed',
  act: (installation) => installation.killServer(),
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
  endsServer: true,
  leavesDatabase: false,
};
const KILL_DATABASE: Deed = {
  name: 'PostgreSQL killed',
  async act(installation) {
    await installation.killDatabase();
    await installation.isBack();
  },
  endsServer: false,
  leavesDatabase: false,
};
const STOP: Deed = {
  name: 'server stopped',
  act: (installation) => installation.stop(),
  endsServer: true,
  leavesDatabase: false,
};

const NOTHING: Deed = {
  name: 'nothing killed',
  act: () => Promise.resolve(),
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

type Moment = { name: string; release: () => void };

/** Waits for any moment, or for one that matters: a frozen table has yet to become final, something is being said, or a role given. */
async function waitForMoment(installation: Installation, random: Random): Promise<Moment> {
  const over = new AbortController();
  const any = sleep(random() * LONGEST_LIFE * installation.startMs).then(() => over.abort());
  const until = async (name: string, arrived: Promise<unknown>, release = () => {}): Promise<Moment> => {
    const isThere = await Promise.race([any.then(() => false), arrived.then(() => true)]);
    return { name: isThere ? name : 'at any moment', release };
  };
  const request = async (name: string, pattern: RegExp) => {
    const hold = installation.discord.faults.holdNext(pattern, pick(random, ['before', 'after']));
    return until(name, hold.arrived, () => hold.release());
  };
  const wait = pick(random, [
    () => until('at any moment', any),
    () => until('at any moment', any),
    () => until('while it closes a window', waitForClosing(installation, over.signal)),
    () => request('while it says something', SAYING),
    () => request('while it gives a role', GIVING),
  ]);
  return wait();
}

/** Resolves when a window is frozen whose tables have yet to become final, or when told to end. */
async function waitForClosing(installation: Installation, over: AbortSignal): Promise<void> {
  await installation.withDatabase(async (db) => {
    for (let isClosing = false; !isClosing && !over.aborted; await sleep(LOOK_EVERY_MS)) {
      const { rows } = await sql`
        select from final_versions where sha256 is null and replaced_by is null limit 1`.execute(db);
      isClosing = rows.length > 0;
    }
  });
}

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
