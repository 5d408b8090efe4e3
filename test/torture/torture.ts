import { setTimeout as sleep } from 'node:timers/promises';
import { pick, seededRandom, type Random } from '../demo/random.ts';
import { Admin, createPrizes, type AdminOptions, type PlainPrize } from './admin.ts';
import { Caller } from './caller.ts';
import { findFaults } from './check.ts';
import { Installation } from './installation.ts';
import { PlainLedger } from './ledger.ts';
import { MovedClock } from './moved-clock.ts';
import { People } from './people.ts';
import { windowsEnding } from './plain-windows.ts';
import { SaidRecord } from './said.ts';
import { settle } from './settle.ts';
import { makeTrouble } from './trouble.ts';
import { send, write } from './writer.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WRITERS = 3;
const FIRST_CONTRIBUTORS = 8;
const LONGEST_LIFE_MS = 1_500;
/** Windows are looked for as far ahead as this: a season ends in it. */
const SEASON_MS = 93 * DAY;
const ZONES: [string, ...string[]] = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
];

export type TortureOptions = {
  seed: number;
  rounds: number;
  /** Told after each round. */
  onRound?: (round: { number: number; at: Date; what: string }) => void;
};

export type TortureReport = {
  /** What is not as it must be, in sentences. */
  faults: string[];
  /** What servers have logged as errors at last; for whoever looks for the cause of a fault. */
  errors: readonly string[];
  /** What was done and found, for people. */
  summary: string;
};

/**
 * Lets a server live through months, under contributions, quests, prizes and closing windows, and kills it, or its
 * PostgreSQL, or its way to Discord, at random moments, round after round; then lets everything settle, and holds all of
 * it against a plain model.
 */
export async function torture({ seed, rounds, onRound }: TortureOptions): Promise<TortureReport> {
  const random = seededRandom(seed);
  const timeZone = pick(random, ZONES);
  const clock = new MovedClock(new Date(Date.UTC(2027, Math.floor(random() * 12), 1 + Math.floor(random() * 28), 9)));
  await using installation = await Installation.open(clock);
  const scene = await setUp(installation, { clock, timeZone, seed });
  const ending = new AbortController();
  const busy = Promise.all(scene.actors.map((act) => act({ ending: ending.signal })));
  try {
    for (let number = 1; number <= rounds; number += 1) {
      const what = await playRound(installation, scene, random);
      onRound?.({ number, at: clock.now(), what });
    }
    ending.abort();
    await busy;
    const unsettled = await settle(installation, scene, async () => {
      for (const sent of scene.ledger.unsure) await send(scene, [sent]);
    });
    const { faults, summary } = await findFaults({ installation, ...scene, now: clock.now() });
    await installation.stop();
    return {
      faults: [...unsettled, ...scene.caller.improper, ...scene.ledger.faults, ...faults, ...installation.faults],
      errors: installation.errors,
      summary,
    };
  } finally {
    ending.abort();
    scene.caller.close();
  }
}

type Actor = (until: { ending: AbortSignal }) => Promise<void>;

type Scene = {
  caller: Caller;
  ledger: PlainLedger;
  people: People;
  prizes: PlainPrize[];
  said: SaidRecord;
  clock: MovedClock;
  timeZone: string;
  createdAt: Date;
  contributors: [string, ...string[]];
  actors: Actor[];
};

/** Everything in place, and nothing done yet. */
async function setUp(
  installation: Installation,
  { clock, timeZone, seed }: { clock: MovedClock; timeZone: string; seed: number },
): Promise<Scene> {
  const { guild, discord, announcements } = installation;
  const createdAt = clock.now();
  const caller = new Caller(() => installation.url);
  const ledger = new PlainLedger();
  const people = new People(installation, seededRandom(seed + 1));
  // By then the commands are known to Discord.
  await installation.start(/^Started/);
  await discord.runCommand(guild.owner, announcements, 'setup', { channel: announcements.id, 'time-zone': timeZone })
    .answer;
  const role = (name: string) => guild.createRole({ name }).id;
  const admin: AdminOptions = {
    caller,
    ledger,
    random: seededRandom(seed + 2),
    now: clock.now,
    timeZone,
    roleIds: {
      quest: role('Quester'),
      week: role('Of the week'),
      month: role('Of the month'),
      season: role('Of the season'),
    },
  };
  const plain = Array.from({ length: FIRST_CONTRIBUTORS }, (_, n) => `miner-${n}`);
  const contributors: [string, ...string[]] = ['miner', ...plain, ...people.users.map(({ id }) => `discord-${id}`)];
  const writers = Array.from({ length: WRITERS }, (_, n): Actor => {
    const options = { name: `w${n}`, caller, ledger, random: seededRandom(seed + 3 + n), now: clock.now, contributors };
    return (until) => write(options, until);
  });
  const boss = new Admin(admin);
  return {
    caller,
    ledger,
    people,
    prizes: await createPrizes(admin),
    said: new SaidRecord(installation),
    clock,
    timeZone,
    createdAt,
    contributors,
    actors: [...writers, (until) => boss.work(until), (until) => people.live(until)],
  };
}

/** One round: the server runs, and is done something to. It runs again when the round is over. Returns what was done. */
async function playRound(installation: Installation, scene: Scene, random: Random): Promise<string> {
  await scene.said.note();
  scene.contributors.push(`miner-${scene.contributors.length}`);
  const trouble = random() < 0.35 ? makeTrouble(installation, random) : Promise.resolve(undefined);
  const moment = await waitForMoment(installation, random);
  const end = pick(random, ['server', 'server', 'server', 'both', 'both', 'database', 'none', 'in order']);
  switch (end) {
    case 'server':
      await installation.killServer();
      break;
    case 'both':
      if (random() < 0.5) await installation.killDatabase();
      await installation.killServer();
      await installation.killDatabase();
      break;
    case 'database':
      await installation.killDatabase();
      break;
    case 'in order':
      await installation.stop();
      break;
    default:
  }
  moment.release();
  const troubled = await trouble;
  if (end === 'database' || end === 'none') await scene.caller.insist('GET', '/v1/communities/omnitensor/quests');
  else {
    if (random() < 0.85) scene.clock.moveTo(nextMoment(scene, random));
    await installation.start();
  }
  return [END_WORDS[end], moment.name, ...(troubled === undefined ? [] : [`Discord ${troubled}`])].join(', ');
}

const END_WORDS: Record<string, string> = {
  server: 'server killed',
  both: 'server and PostgreSQL killed',
  database: 'PostgreSQL killed',
  none: 'nothing killed',
  'in order': 'ended in order',
};

/** Waits for any moment, or for one that matters: something is being said, or a role given. */
async function waitForMoment(
  { discord }: Installation,
  random: Random,
): Promise<{ name: string; release: () => void }> {
  const any = sleep(random() * LONGEST_LIFE_MS);
  const request = pick(random, [
    undefined,
    undefined,
    { name: 'while it says something', pattern: /^POST \/channels\/\d+\/messages/ },
    { name: 'while it gives a role', pattern: /^(PUT|DELETE) \/guilds\/\d+\/members\/\d+\/roles/ },
  ]);
  const hold = request && discord.faults.holdNext(request.pattern, pick(random, ['before', 'after']));
  const release = () => hold?.release();
  if (!hold) {
    await any;
    return { name: 'at any moment', release };
  }
  const isThere = await Promise.race([hold.arrived.then(() => true), any.then(() => false)]);
  return { name: isThere ? request.name : 'at any moment', release };
}

/** When it is next: some time later, or right before or after something is due. */
function nextMoment({ clock, timeZone }: Scene, random: Random): Date {
  const now = clock.now();
  const later = new Date(
    now.getTime() + random() * pick(random, [HOUR, 9 * HOUR, 2 * DAY, 6 * DAY, 18 * DAY, 40 * DAY]),
  );
  if (random() < 0.5) return later;
  const kind = pick(random, ['week', 'week', 'month', 'season']);
  const ahead = windowsEnding(timeZone, { after: now, until: new Date(now.getTime() + SEASON_MS) });
  const next = ahead.find((window) => window.kind === kind);
  if (!next) return later;
  const offset = pick(random, [0, HOUR, 3 * HOUR, 25 * HOUR]) + pick(random, [-1_500, -1_500, 20 * MINUTE]);
  return new Date(next.endsAt.getTime() + offset);
}
