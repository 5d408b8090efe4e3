import { discordNow } from './clock.ts';

/** Discord's ids count milliseconds from here (2015-01-01), shifted by 22 bits. */
const EPOCH_MS = 1_420_070_400_000n;
const TIME_SHIFT = 22n;

let last = 0n;

/** A new id of Discord's kind: unique in this process, ascending, and holding the moment it was made. */
export function newSnowflake(): string {
  const now = (BigInt(discordNow()) - EPOCH_MS) << TIME_SHIFT;
  last = now > last ? now : last + 1n;
  return String(last);
}
