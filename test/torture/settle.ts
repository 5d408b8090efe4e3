import { setTimeout as sleep } from 'node:timers/promises';
import { findRoleDifferences } from './check-roles.ts';
import { findLeft } from './find-left.ts';
import type { Installation } from './installation.ts';
import type { MovedClock } from './moved-clock.ts';
import type { People } from './people.ts';

const HOUR = 3_600_000;
/** Once a day everything is looked at, whether anything has changed or not. */
const MORE_THAN_A_DAY = 26 * HOUR;
const MOST_STARTS = 12;
const LOOK_EVERY_MS = 100;
const LOOKS = 30;

/**
 * Lets everything settle that is under way: starts the server again and again, each time some while later, until nothing
 * is left to do.
 *
 * @param prepare is called while the server runs
 * @returns what is left to do all the same, in sentences
 */
export async function settle(
  installation: Installation,
  { clock, people }: { clock: MovedClock; people: People },
  prepare: () => Promise<void>,
): Promise<string[]> {
  await prepare();
  let left: string[] = [];
  // The last start is a day later: nothing new may come to light by then.
  for (let starts = 0, isLast = false; starts < MOST_STARTS; starts += 1) {
    left = await waitUntilQuiet(installation, people, clock.now);
    if (left.length === 0 && isLast) return [];
    isLast = left.length === 0;
    await installation.stop();
    clock.moveTo(new Date(clock.now().getTime() + (isLast ? MORE_THAN_A_DAY : HOUR)));
    await installation.start();
  }
  return left;
}

/** Waits for some seconds until nothing is left to do, and says what is. */
async function waitUntilQuiet(installation: Installation, people: People, now: () => Date): Promise<string[]> {
  return installation.withDatabase(async (db) => {
    let left: string[] = [];
    for (let looks = 0; looks < LOOKS; looks += 1) {
      left = [...(await findLeft(db, now())), ...(await findRoleDifferences(db, people))];
      if (left.length === 0) return [];
      await sleep(LOOK_EVERY_MS);
    }
    return left;
  });
}
