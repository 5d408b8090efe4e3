import { pick, seededRandom } from '../demo/random.ts';
import { Admin, createPrizes, type AdminOptions, type PlainPrize } from './admin.ts';
import { Caller } from './caller.ts';
import { findFaults, type Faults } from './check.ts';
import { Installation } from './installation.ts';
import { PlainLedger } from './ledger.ts';
import { MovedClock } from './moved-clock.ts';
import { People } from './people.ts';
import { playRound } from './round.ts';
import { rememberWhatWasSaid } from './said.ts';
import { settle } from './settle.ts';
import { setTraps } from './traps.ts';
import { send, write } from './writer.ts';

const WRITERS = 3;
const FIRST_CONTRIBUTORS = 8;
const SENT_AT_ONCE = 200;
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
  /** Told how it goes, a line a round. */
  tell?: (line: string) => void;
};

export type TortureReport = {
  faults: Faults;
  /** What servers have logged as errors at last; for whoever looks for the cause of a fault. */
  errors: readonly string[];
  /** How many kills there were, and how many of them fell into the middle of something. */
  kills: number;
  interrupted: number;
  /** What was done and found, for people. */
  summary: string;
};

/**
 * Lets a server live through months, under contributions, quests, prizes and closing windows, and kills it, or its
 * PostgreSQL, or its way to Discord, at random moments, round after round; then lets everything settle, and holds all of
 * it against a plain model.
 */
export async function torture({ seed, rounds, tell = () => {} }: TortureOptions): Promise<TortureReport> {
  const random = seededRandom(seed);
  const timeZone = pick(random, ZONES);
  const clock = new MovedClock(new Date(Date.UTC(2027, Math.floor(random() * 12), 1 + Math.floor(random() * 28), 9)));
  await using installation = await Installation.open(clock);
  const scene = await setUp(installation, { clock, timeZone, seed });
  const ending = new AbortController();
  const busy = Promise.all(scene.actors.map((act) => act({ ending: ending.signal })));
  // It is waited for below; till then nobody would hear of it.
  busy.catch(() => undefined);
  let [kills, interrupted] = [0, 0];
  try {
    for (let number = 1; number <= rounds; number += 1) {
      scene.contributors.push(`miner-${scene.contributors.length}`);
      const { what, isKill, isInMiddle } = await playRound({ installation, clock, timeZone, random });
      if (isKill) kills += 1;
      if (isInMiddle) interrupted += 1;
      tell(`${number}/${rounds}  ${clock.now().toISOString().slice(0, 16)}  ${what}`);
    }
    ending.abort();
    await busy;
    tell('Settling');
    const unsettled = await settle(installation, scene, async () => {
      const { unsure } = scene.ledger;
      while (unsure.size > 0 && installation.runs) await send(scene, [...unsure.values().take(SENT_AT_ONCE)]);
    });
    tell('Checking');
    const { faults, summary } = await findFaults({ installation, ...scene, now: clock.now() });
    await installation.stop();
    faults.server.push(...unsettled, ...scene.caller.improper, ...installation.faults);
    return { faults, errors: installation.errors, kills, interrupted, summary };
  } catch (cause) {
    throw new Error(['It could not be carried on.', ...installation.faults].join('\n'), { cause });
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
  await installation.withDatabase(rememberWhatWasSaid);
  await installation.withDatabase(setTraps);
  const role = (name: string) => guild.createRole({ name }).id;
  // The preset names it.
  role('Governance');
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
    clock,
    timeZone,
    createdAt,
    contributors,
    actors: [...writers, (until) => boss.work(until), (until) => people.live(until)],
  };
}
