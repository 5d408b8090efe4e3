import type { Person } from './people.ts';
import { pick, seededRandom, type Random } from './random.ts';

/** A contribution in the import format. */
export type DemoContribution = {
  id: string;
  contributor: string;
  displayName: string;
  category: string;
  amount: string;
  subject: string;
  occurredAt: string;
};

const DAY_MS = 86_400_000;

const GPUS = ['NVIDIA RTX 3080', 'NVIDIA RTX 4090', 'NVIDIA A100', 'AMD RX 7900 XTX'] as const;
const DATASETS = ['street-signs-v2', 'medical-notes-anon', 'bird-songs', 'legal-de'] as const;
const MODELS = ['omni-chat-7b', 'omni-vision-2', 'whisper-lite'] as const;

/** What everybody did from one day on until now, oldest first. */
export function historySince(firstDay: number, people: readonly Person[], now: Date): DemoContribution[] {
  const today = dayOf(now);
  return Array.from({ length: today - firstDay + 1 }, (_, n) => contributionsOfDay(firstDay + n, people, firstDay))
    .flat()
    .filter(({ occurredAt }) => Date.parse(occurredAt) <= now.getTime());
}

/** The day of an instant in UTC, counted from 1970. */
export function dayOf(instant: Date): number {
  return Math.floor(instant.getTime() / DAY_MS);
}

/** What everybody did on one day, counted in days since 1970: the same whenever it is asked for. */
function contributionsOfDay(day: number, people: readonly Person[], firstDay: number): DemoContribution[] {
  const random = seededRandom(day);
  return people.flatMap((person, index) => {
    // Communities grow, and rest on weekends.
    const weekday = new Date(day * DAY_MS).getUTCDay();
    const mood = (weekday === 0 || weekday === 6 ? 0.7 : 1) * (0.6 + 0.8 * random());
    const expected = day < firstDay + person.joinedDay ? 0 : person.zeal * mood;
    const count = Math.floor(expected) + (random() < expected % 1 ? 1 : 0);
    return Array.from({ length: count }, (_, n) => {
      const occurredAt = new Date(day * DAY_MS + Math.floor(random() * DAY_MS));
      return makeContribution(random, person, `day-${day}-${index}-${n}`, occurredAt);
    });
  });
}

/** One contribution of somebody, of a likely kind and size. */
export function makeContribution(random: Random, person: Person, id: string, occurredAt: Date): DemoContribution {
  const { handle: contributor, displayName } = person;
  const common = { id, contributor, displayName, occurredAt: occurredAt.toISOString() };
  const kind = random();
  if (kind < 0.5) {
    const hours = (Math.ceil(random() ** 2 * 48) / 2).toString();
    return { ...common, category: 'gpu-contributors', amount: hours, subject: pick(random, GPUS) };
  }
  if (kind < 0.8) {
    const datasets = String(1 + Math.floor(random() ** 3 * 5));
    return { ...common, category: 'data-validators', amount: datasets, subject: pick(random, DATASETS) };
  }
  const tests = String(1 + Math.floor(random() ** 2 * 9));
  return { ...common, category: 'model-testers', amount: tests, subject: pick(random, MODELS) };
}
