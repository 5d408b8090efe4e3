import { setTimeout as sleep } from 'node:timers/promises';
import { formatDecimal } from '../../src/ranking/score.ts';
import { pick, type Random } from '../demo/random.ts';
import type { Caller } from './caller.ts';
import { CATEGORIES, type CategorySlug, type PlainLedger, type Sent } from './ledger.ts';
import { COMMUNITY } from './installation.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LARGEST_BATCH = 8;
const LONGEST_PAUSE_MS = 250;
const SLUGS = Object.keys(CATEGORIES) as [CategorySlug, ...CategorySlug[]];

export type WriterOptions = {
  name: string;
  caller: Caller;
  ledger: PlainLedger;
  random: Random;
  now: () => Date;
  /** Who contributes; it may grow. */
  contributors: readonly [string, ...string[]];
};

/**
 * A program that sends contributions, batch after batch: new ones, some of which occurred long ago, and some that it sent
 * before. Where the connection breaks it sends the batch again, or leaves it and sends it another time.
 */
export async function write(options: WriterOptions, { ending }: { ending: AbortSignal }): Promise<void> {
  const { random } = options;
  for (let number = 0; !ending.aborted; number += 1) {
    const batch = [...makeNew(options, number), ...takeAgain(options.ledger, random)];
    while (!(await send(options, batch)) && !ending.aborted) {
      await sleep(random() * LONGEST_PAUSE_MS);
      if (random() < 0.2) break;
    }
    await sleep(random() * LONGEST_PAUSE_MS);
  }
}

/** Sends contributions once. Returns whether they were answered. */
export async function send(
  { caller, ledger }: Pick<WriterOptions, 'caller' | 'ledger'>,
  batch: readonly Sent[],
): Promise<boolean> {
  const wereCertain = batch.map(({ certain }) => certain);
  const answer = await caller.ask('POST', `${COMMUNITY}/contributions`, {
    contributions: batch.map(({ id, contributor, category, amount, occurredAt }) => ({
      id,
      contributor,
      category,
      amount: formatDecimal(amount),
      occurredAt: occurredAt.toISOString(),
    })),
  });
  if (!answer) return false;
  caller.expect([200], answer, 'A batch');
  for (const [index, sent] of batch.entries()) {
    ledger.answered(sent, wereCertain[index] === true, answer.json?.results?.[index] ?? { status: 'no result' });
  }
  return true;
}

function makeNew({ name, ledger, random, now, contributors }: WriterOptions, number: number): Sent[] {
  const at = now().getTime();
  return Array.from({ length: 1 + Math.floor(random() * LARGEST_BATCH) }, (_, index) =>
    ledger.add({
      id: `${name}-${number}-${index}`,
      // Some do much more than others.
      contributor: contributors[Math.floor(random() ** 2 * contributors.length)] ?? contributors[0],
      category: pick(random, SLUGS),
      amount: pick(random, [1n, 1_000n, 1_000n, 2_000n, 24_000n, 777_777n]),
      occurredAt: new Date(at - Math.floor(random() * pick(random, [60_000, HOUR, HOUR, DAY, 3 * DAY, 40 * DAY]))),
    }),
  );
}

/** Some that were sent before, of which it is known what became of them or not. */
function takeAgain({ sent, unsure }: PlainLedger, random: Random): Sent[] {
  const any = sent[Math.floor(random() * sent.length)];
  return [...unsure.values().take(3), ...(any ? [any] : [])].filter(() => random() < 0.3);
}
