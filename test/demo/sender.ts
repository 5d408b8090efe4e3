import type { DemoContribution } from './history.ts';

/** Sends contributions to the API, as the network's own programs would. */
export type Send = (contributions: readonly DemoContribution[]) => Promise<void>;

/** How many one call may hold. */
const MAX_IN_CALL = 1_000;

/** @throws Error (from what is returned) when the API refuses any of them: all are made up here, so that is a fault. */
export function createSender(url: string, community: string, key: string): Send {
  return async (contributions) => {
    for (let at = 0; at < contributions.length; at += MAX_IN_CALL) {
      const response = await fetch(`${url}/v1/communities/${community}/contributions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ contributions: contributions.slice(at, at + MAX_IN_CALL) }),
      });
      const answer = await response.text();
      if (!response.ok || !answer.includes('"rejected":0')) {
        throw new Error(`The example's contributions were refused: ${answer.slice(0, 500)}`);
      }
    }
  };
}
