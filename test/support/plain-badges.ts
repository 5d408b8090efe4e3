/** Achievements by the book: everything reckoned anew from a list, in the simplest way. For zones without clock changes. */
import type { Contribution } from '../../src/contributions/contribution.ts';
import type { Rule } from '../../src/badges/rule.ts';

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
/** A Monday. */
const FIRST_MONDAY = Date.UTC(1970, 0, 5);

export class PlainBadges {
  readonly #offsetHours: number;
  readonly sent: Contribution[] = [];
  readonly voided = new Set<string>();
  readonly #mergedInto = new Map<string, string>();

  constructor(offsetHours: number) {
    this.#offsetHours = offsetHours;
  }

  merge(from: string, into: string): void {
    this.#mergedInto.set(from, into);
  }

  /** Whose a handle is by now. */
  survivor(handle: string): string {
    const into = this.#mergedInto.get(handle);
    return into === undefined ? handle : this.survivor(into);
  }

  /** How often each member has earned what a rule asks for. */
  earned(rule: Rule, kind: 'once' | 'counted'): Map<string, number> {
    const counting = this.sent.filter(({ id }) => !this.voided.has(id));
    const byMember = Map.groupBy(counting, ({ contributor }) => this.survivor(contributor));
    const times = [...byMember].map(([handle, own]) => [handle, this.#times(rule, own)] as const);
    return new Map(
      times.filter(([, count]) => count > 0).map(([handle, count]) => [handle, kind === 'once' ? 1 : count]),
    );
  }

  #times(rule: Rule, own: readonly Contribution[]): number {
    switch (rule.kind) {
      case 'contributions':
        return own.filter(({ category }) => rule.category === undefined || category === rule.category).length >=
          rule.atLeast
          ? 1
          : 0;
      case 'amount': {
        const meant = own.filter(({ category }) => category === rule.category);
        return meant.reduce((sum, { amount }) => sum + amount, 0n) >= rule.atLeast ? 1 : 0;
      }
      case 'streak': {
        const weeks = new Set(own.map((one) => this.#week(one)));
        const inARow = (week: number) =>
          Array.from({ length: rule.weeks }, (_, n) => week + n).every((one) => weeks.has(one));
        return [...weeks].some(inARow) ? 1 : 0;
      }
      case 'comeback': {
        const weeks = [...new Set(own.map((one) => this.#week(one)))].toSorted((a, b) => a - b);
        return weeks.some((week, n) => n > 0 && week - (weeks[n - 1] ?? week) - 1 >= rule.weeks) ? 1 : 0;
      }
      case 'categories': {
        const months = Map.groupBy(own, (one) => this.#period(one, rule.window));
        const isFull = (list: readonly Contribution[]) =>
          (rule.categories ?? []).every((slug) => list.some(({ category }) => category === slug));
        return [...months.values()].filter(isFull).length;
      }
      default:
        throw new Error(`The model knows no ${rule.kind}.`);
    }
  }

  #local({ occurredAt }: Contribution): Date {
    return new Date(occurredAt.getTime() + this.#offsetHours * HOUR_MS);
  }

  #week(one: Contribution): number {
    return Math.floor((this.#local(one).getTime() - FIRST_MONDAY) / WEEK_MS);
  }

  #period(one: Contribution, window: 'week' | 'month' | 'season'): number {
    const local = this.#local(one);
    const month = local.getUTCFullYear() * 12 + local.getUTCMonth();
    return window === 'week' ? this.#week(one) : window === 'month' ? month : Math.floor(month / 3);
  }
}
