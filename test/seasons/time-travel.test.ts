import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { updateCommunity } from '../../src/communities/update-community.ts';
import type { KnownCommunity } from '../../src/communities/directory.ts';
import { changeCounting } from '../../src/contributions/void.ts';
import { exclude, liftExclusion } from '../../src/fair-play/exclusions.ts';
import { mergeMembers } from '../../src/members/merge.ts';
import type { Window } from '../../src/ranking/calendar.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { formatDecimal } from '../../src/ranking/score.ts';
import { acceptAnyRole } from '../../src/rewards/role-checker.ts';
import { createPrize } from '../../src/rewards/prizes.ts';
import { amendFinalTables } from '../../src/seasons/amend.ts';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { createSeason } from '../../src/seasons/seasons.ts';
import { contributionAt, makeCommunity, record, recording, TESTER } from '../support/communities.ts';
import { pick, seededRandom, type Random } from '../demo/random.ts';
import { useDatabase } from '../support/database.ts';
import { readDocument } from '../support/final-tables.ts';
import { BOUNDED_KINDS, keyOf, localDate } from '../support/plain-ranking.ts';
import { everyDifferenceOf } from '../support/verifying.ts';

const database = useDatabase();
const CATEGORY = 'data-validators';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEARS = 5;
const ZONES: [string, ...string[]] = [
  'UTC',
  'America/New_York',
  'Asia/Kolkata',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'America/St_Johns',
];
const CREATED = Date.parse('2026-02-11T09:30:00Z');
/** How long after its end a window is frozen. */
const FROZEN_AFTER = { week: HOUR, month: 3 * HOUR, season: 25 * HOUR };

/** A contribution as the plain model has it. */
type PlainEvent = { id: string; member: string; amount: bigint; occurredAt: number; voided: boolean };

/** What stands in a window by the book: sorted by score, then by who reached it first, then by who was there first. */
function plainDocument(events: readonly PlainEvent[], order: readonly string[], { startsAt, endsAt }: Window): string {
  const sums = new Map<string, { amount: bigint; reachedAt: number }>();
  for (const { member, amount, occurredAt, voided } of events) {
    if (voided || occurredAt < startsAt.getTime() || occurredAt >= endsAt.getTime()) continue;
    const sum = sums.get(member) ?? { amount: 0n, reachedAt: 0 };
    sums.set(member, { amount: sum.amount + amount, reachedAt: Math.max(sum.reachedAt, occurredAt) });
  }
  return [...sums]
    .toSorted(
      ([a, one], [b, other]) =>
        Number(other.amount - one.amount) || one.reachedAt - other.reachedAt || order.indexOf(a) - order.indexOf(b),
    )
    .map(([member, { amount, reachedAt }], index) =>
      [index + 1, member, formatDecimal(amount), new Date(reachedAt).toISOString()].join('\t').concat('\n'),
    )
    .join('');
}

/** A community that lives through years, and beside it what a plain model makes of the same. */
class Traveller {
  readonly frozen = new Map<string, { window: Window; documents: string[] }>();
  readonly #context: RankingContext;
  readonly #community: { id: number; slug: string; sourceId: number };
  readonly #random: Random;
  readonly #note: string;
  readonly #events: PlainEvent[] = [];
  /** Handles in the order of creation. */
  readonly #order: string[] = [];
  readonly #merged = new Set<string>();
  readonly #offBoards = new Map<string, number>();
  #zone: string;
  /** Whether windows are still those of the plain calendar. */
  #isPlain = true;

  constructor(
    context: RankingContext,
    community: { id: number; slug: string; sourceId: number },
    { random, note, zone }: { random: Random; note: string; zone: string },
  ) {
    this.#context = context;
    this.#community = community;
    this.#random = random;
    this.#note = note;
    this.#zone = zone;
  }

  known(): Promise<KnownCommunity> {
    return this.#context.directory.bySlug(this.#community.slug);
  }

  /** Whether something happens that does so once in some times. */
  #once(times: number): boolean {
    return this.#below(times) === 0;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  async live(at: Date): Promise<void> {
    await this.#contribute(at);
    if (this.#once(6)) await this.#voidOrNot(at);
    if (this.#once(60)) await this.#merge(at);
    if (this.#once(20)) await this.#excludeOrNot(at);
    if (this.#once(50)) await this.#move(at);
    if (this.#once(40)) await this.#addSeason(at);
    await this.#close(at);
    if (this.#once(8)) await this.#amend(at);
  }

  async #contribute(at: Date): Promise<void> {
    const batch = Array.from({ length: this.#below(7) }, (_, n) => {
      const member = `m${this.#below(9)}`;
      return {
        id: `${this.#events.length + n}`,
        contributor: this.#merged.has(member) ? 'm0' : member,
        category: CATEGORY,
        amount: formatDecimal(BigInt(pick(this.#random, [1, 1000, 1000, 2000, 777_777]))),
        occurredAt: new Date(
          at.getTime() - this.#below(pick(this.#random, [HOUR, DAY, 3 * DAY, 40 * DAY, 500 * DAY])),
        ).toISOString(),
      };
    });
    const { calendar } = await this.known();
    const outcomes = await record(
      this.#context,
      this.#community,
      batch.map((fields) => contributionAt(at, fields)),
      at,
    );
    for (const [index, { id, contributor: member, amount, occurredAt }] of batch.entries()) {
      const when = new Date(occurredAt);
      if (!this.#order.includes(member)) this.#order.push(member);
      const late = BOUNDED_KINDS.flatMap((kind) => {
        const window = calendar.windowAt(kind, when);
        return window && this.frozen.has(`${kind} ${window.key}`) ? [window.key] : [];
      });
      expect(outcomes[index], this.#note).toMatchObject({ status: 'accepted', late });
      const thousandths = BigInt(Math.round(Number(amount) * 1000));
      this.#events.push({ id, member, amount: thousandths, occurredAt: when.getTime(), voided: false });
      if (!this.#isPlain) continue;
      // By other code than the one under test.
      const date = localDate(this.#zone, when);
      for (const kind of BOUNDED_KINDS) expect(calendar.windowAt(kind, when)?.key, this.#note).toBe(keyOf(kind, date));
    }
  }

  async #voidOrNot(at: Date): Promise<void> {
    const event = this.#events[this.#below(this.#events.length)];
    if (!event) return;
    const target = { source: 'test', id: event.id };
    const kind = event.voided ? 'unvoid' : 'void';
    await changeCounting(this.#context, this.#community.id, { kind, target, reason: 'drawn' }, TESTER, at);
    event.voided = !event.voided;
  }

  async #merge(at: Date): Promise<void> {
    const from = this.#order.find((member) => member !== 'm0' && !this.#merged.has(member));
    if (!from || !this.#order.includes('m0') || this.#offBoards.has(from) || this.#offBoards.has('m0')) return;
    await mergeMembers(this.#context, this.#community.id, { from, into: 'm0' }, TESTER, at);
    this.#merged.add(from);
    for (const event of this.#events) if (event.member === from) event.member = 'm0';
  }

  async #excludeOrNot(at: Date): Promise<void> {
    const [member] = this.#offBoards.keys();
    if (member !== undefined) {
      await liftExclusion(this.#context, this.#community.id, this.#offBoards.get(member) ?? 0, TESTER, at);
      this.#offBoards.delete(member);
      return;
    }
    const chosen = this.#order[this.#below(this.#order.length)];
    if (chosen === undefined || this.#merged.has(chosen)) return;
    const wanted = { target: { member: chosen }, scope: 'boards', reason: 'drawn', endsAt: undefined } as const;
    const { id } = await exclude(this.#context, this.#community.id, wanted, TESTER, at);
    this.#offBoards.set(chosen, id);
  }

  async #move(at: Date): Promise<void> {
    this.#zone = pick(this.#random, ZONES);
    this.#isPlain = false;
    await updateCommunity(this.#context, this.#community.id, { timeZone: this.#zone, rebuild: true }, TESTER, at);
  }

  async #addSeason(at: Date): Promise<void> {
    const { calendar, seasons } = await this.known();
    const quarterEnd = () => localDate(this.#zone, new Date(calendar.currentAt('season', at).endsAt.getTime() + DAY));
    const start = Temporal.PlainDate.from(seasons.at(-1)?.endsOn ?? quarterEnd()).add({
      days: pick(this.#random, [0, 0, 1, 30]),
    });
    if (start.toZonedDateTime(this.#zone).epochMilliseconds <= at.getTime() + DAY) return;
    const end = start.add({ days: pick(this.#random, [1, 20, 90, 200]) });
    const wanted = { key: `own-${seasons.length}`, name: 'Own', startsAt: start.toString(), endsAt: end.toString() };
    await createSeason(this.#context, this.#community.id, wanted, TESTER, at);
    this.#isPlain = false;
  }

  /** Two workers, one of which remembers nothing. */
  async #close(at: Date): Promise<void> {
    const [next] = await Promise.all([
      closeDueWindows(this.#context, at),
      closeDueWindows(recording(this.#context.db), at),
    ]);
    expect(next === undefined || next > at, this.#note).toBe(true);
    const known = await this.known();
    for (const window of dueWindows(known, at)) {
      const slot = `${window.kind} ${window.key}`;
      if (this.frozen.has(slot)) continue;
      const expected = this.#documentNow(window);
      expect(await readDocument(this.#context.db, known, window, CATEGORY), `${slot} ${this.#note}`).toBe(expected);
      this.frozen.set(slot, { window, documents: [expected] });
    }
    const recorded = [...known.closings].filter(([, { frozenAt }]) => frozenAt).map(([slot]) => slot);
    expect(recorded.toSorted(), this.#note).toEqual([...this.frozen.keys()].toSorted());
  }

  #documentNow(window: Window): string {
    const counted = this.#events.filter(({ member }) => !this.#offBoards.has(member));
    return plainDocument(counted, this.#order, window);
  }

  /** A new version wherever something has changed since, and none where nothing has. */
  async #amend(at: Date): Promise<void> {
    const chosen = [...this.frozen.values()][this.#below(this.frozen.size)];
    if (!chosen) return;
    const { window, documents } = chosen;
    const known = await this.known();
    const category = known.categories.find(({ slug }) => slug === CATEGORY);
    const expected = this.#documentNow(window);
    const amending = amendFinalTables(this.#context, known, { window, category, reason: 'drawn' }, TESTER, at);
    if (documents.at(-1) === expected) {
      await expect(amending, this.#note).rejects.toThrow('Nothing has changed');
    } else {
      expect((await amending).map(({ version }) => version)).toEqual([documents.length + 1]);
      documents.push(expected);
    }
  }

  /** Every version is what it was when it was made, all is proven by the contributions, and prizes went to the first alone. */
  async check(): Promise<void> {
    const known = await this.known();
    for (const [slot, { window, documents }] of this.frozen) {
      for (const [index, document] of documents.entries()) {
        const read = await readDocument(this.#context.db, known, window, CATEGORY, index + 1);
        expect(read, `${slot}, version ${index + 1}, ${this.#note}`).toBe(document);
      }
      const [, first] = documents.at(-1)?.split('\n')[0]?.split('\t') ?? [];
      // Of who was merged since, it is the survivor's.
      const winner = first === undefined ? [] : [this.#merged.has(first) ? 'm0' : first];
      if (window.kind === 'week') expect(await this.#winners(known, window), `${slot} ${this.#note}`).toEqual(winner);
    }
    expect(await everyDifferenceOf(this.#context, this.#community.slug), this.#note).toEqual([]);
  }

  async #winners(known: KnownCommunity, window: Window): Promise<string[]> {
    const prefix = `window ${known.closings.get(`${window.kind} ${window.key}`)?.windowId} `;
    const rows = await this.#context.db
      .selectFrom('grants as g')
      .innerJoin('members as m', (join) =>
        join.onRef('m.community_id', '=', 'g.community_id').onRef('m.member_id', '=', 'g.member_id'),
      )
      .select(['m.handle', (eb) => eb.fn.sum<bigint>('g.amount').as('amount')])
      .where('g.community_id', '=', known.id)
      .where(sql<boolean>`starts_with(g.entitlement, ${prefix})`)
      .groupBy('m.handle')
      .execute();
    return rows.filter(({ amount }) => Number(amount) === 5_000).map(({ handle }) => handle);
  }
}

/** The windows of a community that are due to be frozen by a moment. */
function dueWindows({ calendar, createdAt }: KnownCommunity, now: Date): Window[] {
  return BOUNDED_KINDS.flatMap((kind) =>
    calendar
      .windowsBetween(kind, createdAt, now)
      .filter(({ endsAt }) => endsAt.getTime() + FROZEN_AFTER[kind] <= now.getTime() && endsAt > createdAt),
  );
}

describe('five years', () => {
  it.each(ZONES)(
    'CS-10 every window of %s is frozen once, as the plain model has it, whatever comes late, changes or is amended',
    async (zone) => {
      const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));
      const random = seededRandom(seed);
      const community = await makeCommunity(database.db, { timeZone: zone }, new Date(CREATED));
      const context = recording(database.db, { membersInSegment: 4, segmentsInBlock: 4 });
      const traveller = new Traveller(context, community, { random, note: `SEED=${seed}`, zone });
      await createPrize(
        { ...context, checkRole: acceptAnyRole },
        await traveller.known(),
        {
          category: CATEGORY,
          window: 'week',
          band: { ranks: { from: 1, to: 1 } },
          rewards: [{ kind: 'tokens', amount: 5_000n }],
        },
        TESTER,
        new Date(CREATED),
      );
      for (let now = CREATED; now < CREATED + YEARS * 365 * DAY;) {
        now += pick(random, [HOUR, 7 * HOUR, 2 * DAY, 9 * DAY, 24 * DAY]) + Math.floor(random() * HOUR);
        await traveller.live(new Date(now));
      }
      await traveller.check();
      expect(traveller.frozen.size).toBeGreaterThan(300);
    },
    240_000,
  );
});
