import { setTimeout as sleep } from 'node:timers/promises';
import { pick, type Random } from '../demo/random.ts';
import type { Installation } from './installation.ts';

const LONGEST_MS = 1_200;
const MOST_REQUESTS = 15;
const WRITES = /^(POST|PUT|PATCH|DELETE) /;

/**
 * Discord is in trouble for a while: not to be reached, mute, answering with errors or asking to wait, or it drops the
 * connection to its gateway.
 *
 * @returns what it was
 */
export async function makeTrouble({ cable, discord }: Installation, random: Random): Promise<string> {
  const lasts = () => sleep(random() * LONGEST_MS);
  const times = 1 + Math.floor(random() * MOST_REQUESTS);
  const name = pick(random, ['unreachable', 'mute', 'failing', 'asking to wait', 'dropping the gateway']);
  switch (name) {
    case 'unreachable':
      cable.refuse();
      await lasts();
      cable.open();
      break;
    case 'mute':
      cable.stall();
      await lasts();
      cable.open();
      break;
    case 'failing':
      for (let n = 0; n < times; n += 1) discord.faults.failNext(/./, pick(random, [500, 502, 503]));
      break;
    case 'asking to wait':
      for (let n = 0; n < times; n += 1) discord.faults.rateLimitNext(WRITES, random());
      break;
    default:
      discord.faults.dropGateway({ resumable: random() < 0.5 });
  }
  return name;
}
