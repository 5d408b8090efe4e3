/** When a server is killed: seldom at any moment, mostly in the middle of something. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pick, type Random } from '../demo/random.ts';
import type { Installation } from './installation.ts';
import { layTrap, type Catch, type Place } from './traps.ts';

/** How long a server lives at the longest, once it serves, by how long it took to start: undisturbed, and on the watch. */
const LONGEST_HEAD_START = 0.8;
const LONGEST_LIFE = 1.5;
/** How many are killed wherever they are. */
const AT_RANDOM = 0.12;
/** How much longer to wait for what comes all the time, by the same. */
const LONGEST_WAIT = 1;

const SAYING = /^POST \/channels\/\d+\/messages/;
const GIVING = /^(PUT|DELETE) \/guilds\/\d+\/members\/\d+\/roles/;

/** Written when something is due: after a start, if ever. */
const AT_TIMES: [Place, ...Place[]] = ['windows', 'final_versions', 'grants', 'announcements', 'role_holdings'];
/** Written whenever contributions come in. */
const ALWAYS: [Place, ...Place[]] = ['contributions', 'contributions', 'quest_completions'];

/** `isInMiddle`: the server is in the middle of something, and stays there until it is released. */
export type Moment = { name: string; isInMiddle: boolean; release: () => Promise<void> };

/** Waits for a moment. What is waited for may not come in time: then it is another one. */
export async function waitForMoment(installation: Installation, random: Random): Promise<Moment> {
  // What is overdue is done right after a start; what people ask for takes a while.
  if (random() < 0.5) await sleep(random() * LONGEST_HEAD_START * installation.startMs);
  const lifeMs = random() * LONGEST_LIFE * installation.startMs;
  const isAtRandom = random() < AT_RANDOM;
  const caught = isAtRandom ? await sleep(lifeMs, undefined) : await catchSomething(installation, random, lifeMs);
  return caught
    ? { name: caught.name, isInMiddle: true, release: () => caught.release() }
    : { name: 'at any moment', isInMiddle: false, release: () => Promise.resolve() };
}

/** Waits for something rare, and when that has not come, for what comes all the time. */
async function catchSomething(installation: Installation, random: Random, lifeMs: number): Promise<Catch | undefined> {
  const rare = await within(lifeMs, catchAtTimes(installation, random));
  if (rare) return rare;
  const common = layTrap(installation, pick(random, ALWAYS), pickStage(random));
  return within(LONGEST_WAIT * installation.startMs, common);
}

function catchAtTimes(installation: Installation, random: Random): Catch {
  return pick(random, [
    () => layTrap(installation, pick(random, AT_TIMES), pickStage(random)),
    () => layTrap(installation, pick(random, AT_TIMES), pickStage(random)),
    () => catchRequest(installation, random, 'says something', SAYING),
    () => catchRequest(installation, random, 'gives a role', GIVING),
  ])();
}

/** Catches a request to Discord, before anything is done or when all but the answer is. */
function catchRequest({ discord }: Installation, random: Random, what: string, pattern: RegExp): Catch {
  const moment = pick(random, ['before', 'after'] as const);
  const hold = discord.faults.holdNext(pattern, moment);
  return { name: `as it ${what}, ${moment} it is done`, arrived: hold.arrived, release: async () => hold.release() };
}

/** Waits for something to come, and lets go what has not. */
async function within(ms: number, one: Catch): Promise<Catch | undefined> {
  const isThere = await Promise.race([sleep(ms, false), one.arrived.then(() => true)]);
  if (!isThere) await one.release();
  return isThere ? one : undefined;
}

function pickStage(random: Random): 'writing' | 'committing' {
  return pick(random, ['writing', 'committing']);
}
