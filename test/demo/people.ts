import { pick, seededRandom, type Random } from './random.ts';

/** Somebody made up. `zeal` is how many contributions a day to expect of them. */
export type Person = { handle: string; displayName: string; zeal: number; joinedDay: number };

const PEOPLE = 420;

/** Those whom the first page of the README knows, and names from all over the world. */
const KNOWN = [
  ['user123', 'user123'],
  ['gpu_master99', 'GPU Master'],
  ['data_wizard', 'Data Wizard'],
  ['lovelace', 'Ada Lovelace'],
  ['小林', '小林 さくら'],
  ['noor', 'نور الهدى'],
  ['zoe', 'Zoë 🚀'],
  ['priya', 'प्रिया'],
  ['katya', 'Катя'],
  ['minji', '김민지'],
] as const;

const FIRST = [
  'amber',
  'binary',
  'cosmic',
  'dusty',
  'electric',
  'fuzzy',
  'golden',
  'hyper',
  'iron',
  'jolly',
  'kernel',
  'lunar',
  'misty',
  'neon',
  'orbital',
  'pixel',
  'quiet',
  'rapid',
  'silent',
  'tensor',
  'ultra',
  'vivid',
  'warp',
  'zen',
] as const;
const SECOND = [
  'badger',
  'comet',
  'dolphin',
  'falcon',
  'gecko',
  'heron',
  'ibex',
  'jaguar',
  'koala',
  'lynx',
  'marmot',
  'narwhal',
  'otter',
  'panda',
  'quokka',
  'raven',
  'sloth',
  'tapir',
  'vole',
  'wombat',
  'yak',
] as const;

/** The members of the example community: some do a lot, most a little, and they joined over the days. */
export function makePeople(days: number): Person[] {
  const random = seededRandom(20_260_822);
  const taken = new Set<string>();
  return Array.from({ length: PEOPLE }, (_, index) => {
    const [handle, displayName] = KNOWN[index] ?? inventName(random, taken);
    // A heavy tail, as in real communities: the n-th of a community does about 1/n of what the first does.
    const zeal = 3.2 / (index + 2) ** 0.85;
    return { handle, displayName, zeal, joinedDay: index < 40 ? 0 : Math.floor(random() * days) };
  });
}

function inventName(random: Random, taken: Set<string>): [string, string] {
  for (;;) {
    const [first, second] = [pick(random, FIRST), pick(random, SECOND)];
    const handle = random() < 0.6 ? `${first}_${second}` : `${first}-${second}${Math.floor(random() * 100)}`;
    if (taken.has(handle)) continue;
    taken.add(handle);
    return [handle, `${first[0]?.toUpperCase()}${first.slice(1)} ${second[0]?.toUpperCase()}${second.slice(1)}`];
  }
}
