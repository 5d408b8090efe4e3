import { describe, expect, it } from 'vitest';
import type { KnownCommunity } from '../../src/communities/directory.ts';
import { changeCounting } from '../../src/contributions/void.ts';
import { DomainError } from '../../src/errors.ts';
import { removeCap, setCap } from '../../src/fair-play/caps.ts';
import { exclude, liftExclusion } from '../../src/fair-play/exclusions.ts';
import { decideHeld, listHeld } from '../../src/fair-play/held.ts';
import { mergeMembers } from '../../src/members/merge.ts';
import { deleteMember } from '../../src/privacy/delete-member.ts';
import { changePrivacy } from '../../src/privacy/settings.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { createPrize, type Band } from '../../src/rewards/prizes.ts';
import { acceptAnyRole } from '../../src/rewards/role-checker.ts';
import { amendFinalTables } from '../../src/seasons/amend.ts';
import { closeDueWindows, takeSteps } from '../../src/seasons/close-windows.ts';
import { readFinalTable, sumFinalTable, writeLines } from '../../src/seasons/final-table.ts';
import { readPending, readVersions, type FinalVersion } from '../../src/seasons/final-versions.ts';
import { recordFinal } from '../../src/seasons/finish-versions.ts';
import { proveVersion } from '../../src/seasons/verify-final.ts';
import { pick, seededRandom, type Random } from '../demo/random.ts';
import { contributionAt, makeCommunity, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { everyDifferenceOf } from '../support/verifying.ts';

const database = useDatabase();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CREATED = Date.parse('2026-02-11T09:30:00Z');
const CATEGORIES = ['gpu-contributors', 'data-validators'] as const;
const HANDLES = ['ada', 'bob', 'cyd', 'dan', 'eve', 'fay', 'gus', 'hal', 'ida', 'jon'] as const;
const BANDS: Band[] = [{ ranks: { from: 1, to: 2 } }, { topPercent: 40 }, { minScore: 9_000n }];
const STEPS = 100;

/** A community to which anything happens, in two processes, and what was seen of its final tables. */
class Anything {
  readonly #contexts: readonly RankingContext[];
  readonly #community: { id: number; slug: string; sourceId: number };
  readonly #random: Random;
  readonly #recorded: string[] = [];
  readonly #exclusions: number[] = [];
  readonly #hashes = new Map<string, string>();
  readonly #superseded = new Set<string>();
  readonly #done: string[] = [];
  readonly #seed: number;

  constructor(
    contexts: readonly RankingContext[],
    community: { id: number; slug: string; sourceId: number },
    seed: number,
  ) {
    this.#contexts = contexts;
    this.#community = community;
    this.#random = seededRandom(seed);
    this.#seed = seed;
  }

  get random(): Random {
    return this.#random;
  }

  get seen(): { hashes: number; superseded: number } {
    return { hashes: this.#hashes.size, superseded: this.#superseded.size };
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  /** The process in which the next thing happens. */
  #any(): RankingContext {
    const [one, other] = this.#contexts;
    if (!one || !other) throw new Error('There are two processes.');
    return this.#below(2) === 0 ? one : other;
  }

  #known(): Promise<KnownCommunity> {
    return this.#any().directory.bySlug(this.#community.slug);
  }

  #note(): string {
    return `SEED=${this.#seed}\n${this.#done.slice(-20).join('\n')}`;
  }

  async givePrizes(): Promise<void> {
    const known = await this.#known();
    const context = { ...this.#any(), checkRole: acceptAnyRole };
    for (const window of ['week', 'month'] as const) {
      for (const band of BANDS) {
        for (const category of CATEGORIES) {
          const rewards = [
            { kind: 'tokens', amount: 1_000n },
            { kind: 'role', roleId: '77' },
          ] as const;
          await createPrize(context, known, { category, window, band, rewards }, TESTER, new Date(CREATED));
        }
      }
    }
  }

  /** Something that may be refused, as merging a member with itself. */
  async #attempt(what: string, work: () => Promise<unknown>): Promise<void> {
    this.#done.push(what);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.#done.push(`  refused: ${error.message}`);
    }
  }

  async contribute(at: Date): Promise<void> {
    const batch = Array.from({ length: 1 + this.#below(6) }, (_, n) =>
      contributionAt(at, {
        id: `${at.getTime()} ${n}`,
        contributor: pick(this.#random, HANDLES),
        category: pick(this.#random, CATEGORIES),
        amount: pick(this.#random, ['1', '1', '2', '0.777', '0.001']),
        occurredAt: new Date(at.getTime() - this.#below(pick(this.#random, [HOUR, 2 * DAY, 20 * DAY]))).toISOString(),
      }),
    );
    const outcomes = await record(this.#any(), this.#community, batch, at);
    for (const [n, { id }] of batch.entries()) if (outcomes[n]?.status === 'accepted') this.#recorded.push(id);
  }

  async happen(at: Date): Promise<void> {
    const { id: communityId } = this.#community;
    const [who, other] = [pick(this.#random, HANDLES), pick(this.#random, HANDLES)];
    const id = this.#recorded[this.#below(this.#recorded.length)] ?? '';
    const target = { source: 'test', id };
    const context = this.#any();
    switch (this.#below(12)) {
      case 0:
      case 1: {
        const kind = pick(this.#random, ['void', 'unvoid'] as const);
        const request = { kind, target, reason: 'drawn' };
        return this.#attempt(`${kind} ${id}`, () => changeCounting(context, communityId, request, TESTER, at));
      }
      case 2: {
        if (this.#below(5) > 0) return undefined;
        const handles = { from: who, into: other };
        return this.#attempt(`merge ${who} ${other}`, () => mergeMembers(context, communityId, handles, TESTER, at));
      }
      case 3:
      case 4:
        return this.#hideOrShow(at);
      case 5:
        if (this.#below(8) > 0) return undefined;
        return this.#attempt(`delete ${who}`, () => deleteMember(context, communityId, { handle: who }, TESTER, at));
      case 6: {
        const scope = pick(this.#random, ['boards', 'prizes'] as const);
        const wanted = { target: { member: who }, scope, reason: 'drawn', endsAt: undefined };
        return this.#attempt(`exclude ${who} from ${scope}`, async () => {
          this.#exclusions.push((await exclude(context, communityId, wanted, TESTER, at)).id);
        });
      }
      case 7: {
        const [exclusion] = this.#exclusions.splice(this.#below(this.#exclusions.length), 1);
        if (exclusion === undefined) return undefined;
        return this.#attempt('lift', () => liftExclusion(context, communityId, exclusion, TESTER, at));
      }
      case 8: {
        const cap = { category: 'data-validators', amount: 1_500n };
        return this.#below(2) === 0
          ? this.#attempt('cap', () => setCap(context, communityId, cap, TESTER, at))
          : this.#attempt('no cap', () => removeCap(context, communityId, cap.category, TESTER, at));
      }
      case 9: {
        const [held] = await listHeld(context.db, communityId, { limit: 1 });
        if (!held) return undefined;
        const decision = pick(this.#random, ['release', 'refuse'] as const);
        const wanted = { number: held.number, decision, reason: 'drawn' };
        return this.#attempt(decision, () => decideHeld(context, communityId, wanted, TESTER, at));
      }
      default:
        return this.#amend(at);
    }
  }

  async #hideOrShow(at: Date): Promise<void> {
    const handle = pick(this.#random, HANDLES);
    const hidden = this.#below(2) === 0;
    const { id } = this.#community;
    await this.#attempt(`${hidden ? 'hide' : 'show'} ${handle}`, () =>
      changePrivacy(this.#any(), id, { handle }, { hidden }, TESTER, at),
    );
  }

  async #amend(at: Date): Promise<void> {
    const known = await this.#known();
    const windows = frozenWindows(known);
    const window = windows[this.#below(windows.length)];
    if (!window) return;
    const category = known.categories[this.#below(known.categories.length + 1)];
    const request = { window, category, reason: 'drawn', dryRun: this.#below(3) === 0 };
    await this.#attempt(`amend ${window.key} ${category?.slug}`, () =>
      amendFinalTables(this.#any(), known, request, TESTER, at),
    );
  }

  /** Closes whole, or only freezes, or has somebody hide between reading a document and recording its hash. */
  async close(at: Date): Promise<void> {
    const { id } = this.#community;
    const way = this.#below(4);
    this.#done.push(`close ${way} ${at.toISOString()}`);
    if (way === 0) while (await takeSteps(this.#any(), id, at));
    if (way === 1) {
      const [version] = await readPending(this.#any().db, id);
      if (!version) return;
      const sum = await sumFinalTable(this.#any().db, id, version);
      await this.#hideOrShow(at);
      await recordFinal(this.#any(), id, version, sum, at);
    }
    if (way > 1) await this.closeWhole(at);
  }

  async closeWhole(at: Date): Promise<void> {
    await Promise.all(this.#contexts.map((context) => closeDueWindows(context, at)));
  }

  async check(): Promise<void> {
    const known = await this.#known();
    const hidden = await this.#any()
      .db.selectFrom('members')
      .select('handle')
      .where('community_id', '=', known.id)
      .where('hidden_as', 'is not', null)
      .execute();
    for (const window of frozenWindows(known)) {
      for (const category of known.categories) {
        const versions = await readVersions(this.#any().db, known.id, window, category.id);
        for (const version of versions) await this.#checkVersion(known, version, hidden);
        expect(versions.at(-1)?.isSuperseded, window.key).toBe(false);
      }
    }
    expect(await everyDifferenceOf(this.#any(), this.#community.slug), this.#note()).toEqual([]);
  }

  async #checkVersion(
    known: KnownCommunity,
    version: FinalVersion,
    hidden: readonly { handle: string }[],
  ): Promise<void> {
    const { db } = this.#any();
    const category = known.categories.find(({ id }) => id === version.categoryId);
    if (!category) throw new Error('Categories stay.');
    const slot = `${version.window.key} ${category.slug} ${version.version}`;
    const { differences, recomputed } = await proveVersion(db, known.id, version, category);
    const ofLines = differences.filter((difference) => !difference.startsWith('The hash'));
    expect(ofLines, `${slot} ${this.#note()}`).toEqual([]);
    if (version.sha256 !== undefined) {
      expect(version.sha256, `${slot} ${this.#note()}`).toBe(this.#hashes.get(slot) ?? version.sha256);
      this.#hashes.set(slot, version.sha256);
    }
    if (version.isSuperseded) this.#superseded.add(slot);
    expect(version.isSuperseded, `${slot} ${this.#note()}`).toBe(this.#superseded.has(slot));
    if (version.isSuperseded) return;
    if (version.sha256 !== undefined) expect(recomputed.sha256, `${slot} ${this.#note()}`).toBe(version.sha256);
    let text = '';
    for await (const lines of readFinalTable(db, known.id, version)) text += writeLines(lines);
    const named = hidden.filter(({ handle }) => text.includes(`\t${handle}\t`));
    expect(named, `${slot} ${this.#note()}`).toEqual([]);
  }
}

function frozenWindows({ calendar, closings }: KnownCommunity) {
  return [...closings].flatMap(([slot, { frozenAt }]) => {
    const kind = (['week', 'month', 'season'] as const).find((one) => slot.startsWith(`${one} `));
    return frozenAt && kind ? [calendar.windowByKey(kind, slot.slice(kind.length + 1))] : [];
  });
}

describe('whatever happens in whatever order', () => {
  it('CS-39 every version is what happened up to its cut, readable ones have their hash and name nobody hidden, and prizes agree', async () => {
    const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));
    const community = await makeCommunity(database.db, {}, new Date(CREATED));
    const limits = { membersInSegment: 4, segmentsInBlock: 4 };
    // One of the two gives prizes a few at a time.
    const contexts = [recording(database.db, limits), { ...recording(database.db, limits), awardsAtOnce: 3 }];
    const anything = new Anything(contexts, community, seed);
    await anything.givePrizes();
    let now = CREATED;
    for (let step = 1; step <= STEPS; step++) {
      now +=
        pick(anything.random, [HOUR / 2, HOUR, 5 * HOUR, DAY, 2 * DAY, 3 * DAY]) + Math.floor(anything.random() * HOUR);
      const at = new Date(now);
      await anything.contribute(at);
      for (let more = Math.floor(anything.random() * 4); more > 0; more--) await anything.happen(at);
      await anything.close(at);
      if (step % 25 === 0) await anything.check();
    }
    // What was revised while it was read is read once more.
    for (const days of [100, 101]) await anything.closeWhole(new Date(now + days * DAY));
    await anything.check();
    expect(anything.seen.hashes, `SEED=${seed}`).toBeGreaterThan(60);
    expect(anything.seen.superseded, `SEED=${seed}`).toBeGreaterThan(10);
  }, 240_000);
});
