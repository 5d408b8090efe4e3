import type { DemoContribution } from './history.ts';

/** The API of the demo, as the network's own programs and its admins would use it. */
export type DemoApi = {
  /** Sends contributions. @throws when any is refused: all are made up here, so that would be a fault. */
  send(contributions: readonly DemoContribution[]): Promise<void>;
  /** Reads an address of the community. */
  read(path: string): Promise<Record<string, unknown>>;
  /** Makes something. @throws when it is refused. */
  make(path: string, body: object): Promise<void>;
};

/** How many one call may hold. */
const MAX_IN_CALL = 1_000;

export function createDemoApi(url: string, community: string, key: string): DemoApi {
  async function call(path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${url}/v1/communities/${community}${path}`, {
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    });
    const answer: unknown = await response.json();
    if (response.ok && typeof answer === 'object' && answer) return { ...answer };
    throw new Error(`The example community could not go on: ${path || '/'} answered ${JSON.stringify(answer)}`);
  }

  return {
    async send(contributions) {
      for (let at = 0; at < contributions.length; at += MAX_IN_CALL) {
        const batch = contributions.slice(at, at + MAX_IN_CALL);
        const { rejected } = await call('/contributions', { contributions: batch });
        if (rejected !== 0) throw new Error(`${String(rejected)} of the example's contributions were refused.`);
      }
    },
    read: (path) => call(path),
    async make(path, body) {
      await call(path, body);
    },
  };
}
