/** What the driver knows of what it sent: the plain model that the server is held against. */
import { formatDecimal } from '../../src/ranking/score.ts';

/** OMNIT and reputation a unit, in thousandths, as the preset has them. */
export const CATEGORIES = {
  'gpu-contributors': { rate: 6_250n, reputation: 0n },
  'data-validators': { rate: 10_000n, reputation: 5_000n },
  'model-testers': { rate: 4_000n, reputation: 2_000n },
} as const;
export type CategorySlug = keyof typeof CATEGORIES;

/** A contribution that was sent. Amount and reward in thousandths. */
export type Sent = {
  readonly id: string;
  readonly contributor: string;
  readonly category: CategorySlug;
  readonly amount: bigint;
  readonly occurredAt: Date;
  /** Whether it was answered: from then on it is there, whatever happens. */
  certain: boolean;
  voided: boolean;
};

/** All that was sent, and who was merged into whom. */
export class PlainLedger {
  readonly sent: Sent[] = [];
  /** Those of which it is not known whether they were heard. */
  readonly unsure = new Set<Sent>();
  /** What was answered otherwise than it must be. */
  readonly faults: string[] = [];
  readonly #mergedInto = new Map<string, string>();
  readonly #accepted = new Set<string>();

  add(contribution: Omit<Sent, 'certain' | 'voided'>): Sent {
    const sent = { ...contribution, certain: false, voided: false };
    this.sent.push(sent);
    this.unsure.add(sent);
    return sent;
  }

  /** Notes how a contribution was answered. `wasCertain`: whether it had been answered before it was sent this time. */
  answered(sent: Sent, wasCertain: boolean, result: { status: string; reward?: string }): void {
    const { status, reward } = result;
    const say = (fault: string) => this.faults.push(`${sent.id} ${fault}: ${JSON.stringify(result)}`);
    if (status !== 'accepted' && status !== 'duplicate') return void say('was not taken');
    if (status === 'accepted') {
      if (wasCertain || this.#accepted.has(sent.id)) say('was accepted twice');
      this.#accepted.add(sent.id);
    }
    if (reward !== formatDecimal(rewardOf(sent))) say(`earns ${formatDecimal(rewardOf(sent))}`);
    sent.certain = true;
    this.unsure.delete(sent);
  }

  merged(from: string, into: string): void {
    this.#mergedInto.set(from, into);
  }

  /** Who a handle stands for by now. */
  survivorOf(handle: string): string {
    const into = this.#mergedInto.get(handle);
    return into === undefined ? handle : this.survivorOf(into);
  }

  /** The Discord user that one of the handles of a survivor stood for. */
  userOf(survivor: string): string | undefined {
    const handles = [survivor, ...this.#mergedInto.keys()].filter((handle) => this.survivorOf(handle) === survivor);
    return handles.flatMap((handle) => /^discord-(\d+)$/.exec(handle)?.[1] ?? [])[0];
  }
}

/** What a contribution earns, in thousandths of OMNIT. */
export function rewardOf({ category, amount }: Pick<Sent, 'category' | 'amount'>): bigint {
  return (amount * CATEGORIES[category].rate) / 1_000n;
}
