/** Ranking by the book, in memory and without any index: what the real one is held against. */
import type { Contribution } from '../../src/contributions/contribution.ts';

export const BOUNDED_KINDS = ['week', 'month', 'season'] as const;
type BoundedKind = (typeof BOUNDED_KINDS)[number];

/** What a category's boards add up: the amount, or the amount at a rate. Thousandths. */
export type PlainMeasures = Readonly<Record<string, 'amount' | { rate: bigint }>>;

export type PlainStanding = { rank: number; handle: string; score: bigint; reachedAt: Date };

const formats = new Map<string, Intl.DateTimeFormat>();

/** The local date of an instant, such as `2026-08-22`, by other code than the one under test. */
export function localDate(timeZone: string, at: Date): string {
  const known = formats.get(timeZone);
  const format = known ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  if (!known) formats.set(timeZone, format);
  return format.format(at);
}

/** The key of the window of a local date, by plain reckoning. */
export function keyOf(kind: BoundedKind, date: string): string {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  if (kind === 'month') return date.slice(0, 7);
  if (kind === 'season') return `${year}-Q${Math.ceil(month / 3)}`;
  // The ISO year of a week is the year of its Thursday.
  const thursday = new Date(Date.UTC(year, month - 1, day));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const week = Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 86_400_000 / 7) + 1;
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}

export type PlainBoard = {
  kind: BoundedKind | 'all';
  key: string;
  category: string;
  members: Map<string, { score: bigint; reachedAt: number }>;
};

/** Every board that a set of contributions makes. Each is to be added once, in the order in which they arrive. */
export class PlainRanking {
  readonly boards = new Map<string, PlainBoard>();
  readonly #timeZone: string;
  readonly #measures: PlainMeasures;
  readonly #created = new Map<string, number>();

  constructor(timeZone: string, measures: PlainMeasures) {
    this.#timeZone = timeZone;
    this.#measures = measures;
  }

  add({ contributor, category, amount, occurredAt }: Contribution): void {
    if (!this.#created.has(contributor)) this.#created.set(contributor, this.#created.size);
    const measure = this.#measures[category] ?? 'amount';
    const gain = measure === 'amount' ? amount : (amount * measure.rate) / 1000n;
    if (gain === 0n) return;
    const date = localDate(this.#timeZone, occurredAt);
    this.#gain('all', 'all', category, contributor, gain, occurredAt);
    for (const kind of BOUNDED_KINDS) this.#gain(kind, keyOf(kind, date), category, contributor, gain, occurredAt);
  }

  /** A board in ranking order. */
  ranked({ members }: PlainBoard): PlainStanding[] {
    const order = (handle: string) => this.#created.get(handle) ?? 0;
    return [...members]
      .toSorted(([a, left], [b, right]) => {
        if (left.score !== right.score) return left.score > right.score ? -1 : 1;
        return left.reachedAt - right.reachedAt || order(a) - order(b);
      })
      .map(([handle, { score, reachedAt }], index) => ({
        rank: index + 1,
        handle,
        score,
        reachedAt: new Date(reachedAt),
      }));
  }

  #gain(kind: PlainBoard['kind'], key: string, category: string, handle: string, gain: bigint, at: Date): void {
    const slot = `${kind} ${key} ${category}`;
    let board = this.boards.get(slot);
    if (!board) this.boards.set(slot, (board = { kind, key, category, members: new Map() }));
    const known = board.members.get(handle);
    board.members.set(handle, {
      score: (known?.score ?? 0n) + gain,
      reachedAt: Math.max(known?.reachedAt ?? 0, at.getTime()),
    });
  }
}
