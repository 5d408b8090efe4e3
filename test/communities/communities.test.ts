import { describe, expect, it } from 'vitest';
import { addCategory, createCommunity, listCommunities } from '../../src/communities/communities.ts';
import { addRate, type RateRequest } from '../../src/communities/rates.ts';
import { CommunityDirectory } from '../../src/communities/directory.ts';
import { requireLocale, requireSlug, requireTimeZone } from '../../src/communities/settings.ts';
import { MAX_RATE } from '../../src/ranking/score.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
const refusal = (code: string) => expect.objectContaining({ name: 'DomainError', code }) as unknown;
const minutesFrom = (minutes: number, milliseconds = 0) => new Date(NOW.getTime() + minutes * 60_000 + milliseconds);

describe('communities', () => {
  it('CO-1 the preset brings three categories with their rates, from the beginning of time', async () => {
    const { slug } = await makeCommunity(database.db);
    const community = await new CommunityDirectory(database.db).bySlug(slug);
    expect(
      community.categories.map((category) => [
        category.slug,
        category.title,
        category.unit,
        category.measure,
        community.prices.rateAt(category, undefined, new Date(0)),
        category.reputation,
      ]),
    ).toEqual([
      ['gpu-contributors', 'Top GPU Contributors', 'GPU-hour', 'reward', 6250n, 0n],
      ['data-validators', 'Data Validators', 'dataset', 'amount', 10_000n, 5000n],
      ['model-testers', 'AI Model Testers', 'test', 'amount', 4000n, 2000n],
    ]);
  });

  it('CO-1 without a preset there are no categories; locale is `en` and visibility `public` unless said otherwise', async () => {
    const { slug } = await makeCommunity(database.db, { preset: undefined });
    const community = await new CommunityDirectory(database.db).bySlug(slug);
    expect(community).toMatchObject({ categories: [], locale: 'en', visibility: 'public', timeZone: 'UTC' });
  });

  it('CO-2 a slug and a guild belong to one community', async () => {
    const wanted = { slug: 'taken', name: 'x', timeZone: 'UTC', discordGuildId: '123' };
    await createCommunity(database.db, wanted, TESTER, NOW);
    const again = (changes: object) => createCommunity(database.db, { ...wanted, ...changes }, TESTER, NOW);
    await expect(again({ discordGuildId: undefined })).rejects.toEqual(refusal('name-taken'));
    await expect(again({ slug: 'other' })).rejects.toEqual(refusal('name-taken'));
    await expect(new CommunityDirectory(database.db).bySlug('other')).rejects.toEqual(refusal('unknown-community'));
  });

  it('CO-2 of many who create one community at once, one does', async () => {
    const wanted = { slug: 'race', name: 'x', timeZone: 'UTC', preset: 'omnitensor' } as const;
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => createCommunity(database.db, wanted, TESTER, NOW)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('CO-3 the list holds public communities alone', async () => {
    const [open, unlisted, closed] = await Promise.all(
      (['public', 'unlisted', 'members'] as const).map((visibility) => makeCommunity(database.db, { visibility })),
    );
    const slugs = (await listCommunities(database.db)).map(({ slug }) => slug);
    expect(slugs).toContain(open?.slug);
    expect(slugs).not.toContain(unlisted?.slug);
    expect(slugs).not.toContain(closed?.slug);
  });

  it.each([[''], ['A'], ['-a'], ['_a'], ['a b'], ['ä'], ['a/b'], ['.'], ['a\n'], ['a'.repeat(65)], ['\u0000']])(
    'CO-4 %j cannot be a slug',
    (slug) => {
      expect(() => requireSlug(slug)).toThrow(refusal('invalid-parameter'));
    },
  );

  it.each([
    ['Mars/Olympus'],
    ['+05:30'],
    ['UTC+2'],
    [''],
    [' UTC'],
    ['Europe/Berlin\u0000'],
    ['2026-01-01T00:00[Europe/Berlin]'],
    ['x'.repeat(100_000)],
  ])('CO-5 %j is no time zone', (timeZone) => {
    expect(() => requireTimeZone(timeZone)).toThrow(refusal('invalid-parameter'));
  });

  it('CO-5 time zones and locales come out in their usual spelling', () => {
    expect(requireTimeZone('america/new_york')).toBe('America/New_York');
    expect(requireTimeZone('utc')).toBe('UTC');
    expect(requireLocale('PT-br')).toBe('pt-BR');
    for (const locale of ['', 'e', 'de_DE', '\u0000', 'x'.repeat(1000)]) {
      expect(() => requireLocale(locale)).toThrow(refusal('invalid-parameter'));
    }
  });
});

describe('categories', () => {
  const category = { slug: 'art', title: 'Art', unit: 'piece', measure: 'amount', rate: 1000n } as const;

  it('CA-3 a category of a taken slug is refused; another community may use it', async () => {
    const { id } = await makeCommunity(database.db);
    await addCategory(database.db, id, category, TESTER, NOW);
    await expect(addCategory(database.db, id, category, TESTER, NOW)).rejects.toEqual(refusal('name-taken'));
    const other = await makeCommunity(database.db);
    await addCategory(database.db, other.id, category, TESTER, NOW);
  });

  it('CA-3 a new category takes contributions at once, in processes that know the community already too', async () => {
    const community = await makeCommunity(database.db);
    const context = recording(database.db);
    const send = (id: string) => record(context, community, [contribution({ id, category: 'art' })]);
    expect(await send('e1')).toMatchObject([{ reason: 'unknown_category' }]);
    await addCategory(database.db, community.id, category, TESTER, NOW);
    expect(await send('e1')).toMatchObject([{ status: 'accepted', reward: 1000n }]);
  });

  it('CA-4 a rate is at most 10,000', async () => {
    const { id } = await makeCommunity(database.db);
    await addCategory(database.db, id, { ...category, rate: MAX_RATE, reputation: MAX_RATE }, TESTER, NOW);
    for (const over of [{ rate: MAX_RATE + 1n }, { reputation: MAX_RATE + 1n }]) {
      const wanted = { ...category, slug: 'over', ...over };
      await expect(addCategory(database.db, id, wanted, TESTER, NOW)).rejects.toEqual(refusal('invalid-parameter'));
    }
  });
});

describe('rates', () => {
  /** A community with contributions on an H100 and without a subject, on 20 August and 5 minutes ahead. */
  async function setUp() {
    const community = await makeCommunity(database.db);
    const context = recording(database.db);
    const send = (...fields: Parameters<typeof contribution>[0][]) =>
      record(context, community, fields.map(contribution));
    await send({ id: 'e1', subject: 'H100' }, { id: 'e2', occurredAt: '2026-08-10T00:00:00Z' });
    const set = (from: Date, wanted: Partial<RateRequest> = {}) =>
      addRate(
        database.db,
        community.id,
        { category: 'gpu-contributors', subject: undefined, rate: 1000n, from, ...wanted },
        TESTER,
        NOW,
      );
    return { set, send };
  }

  it('CA-5 a rate begins at least 5 minutes ahead, and prices what occurs from then on', async () => {
    const { set, send } = await setUp();
    await set(minutesFrom(5));
    const outcomes = await send(
      { id: 'e3', occurredAt: minutesFrom(5, -1).toISOString() },
      { id: 'e4', occurredAt: minutesFrom(5).toISOString() },
    );
    expect(outcomes).toMatchObject([{ reward: 6250n }, { reward: 1000n }]);
  });

  it('CA-5 or before the first contribution that it would price', async () => {
    const { set, send } = await setUp();
    await expect(set(new Date('2026-08-10T00:00:00Z'))).rejects.toEqual(refusal('state-conflict'));
    await set(new Date('2026-08-20T10:00:00.001Z'));
    expect(await send({ id: 'e3', occurredAt: '2026-08-20T10:00:00.001Z' })).toMatchObject([{ reward: 1000n }]);
  });

  it('CA-5 what was recorded at the very moment that it begins is not priced anew', async () => {
    const { set, send } = await setUp();
    await send({ id: 'e3', occurredAt: minutesFrom(5).toISOString() });
    await expect(set(minutesFrom(5))).rejects.toEqual(refusal('state-conflict'));
    await set(minutesFrom(5, 1));
  });

  it('CA-5 a rate of a subject goes by the contributions of that subject alone', async () => {
    const { set } = await setUp();
    await set(new Date(0), { subject: 'A100' });
    await expect(set(new Date('2026-08-20T10:00:00Z'), { subject: 'H100' })).rejects.toEqual(refusal('state-conflict'));
    await set(new Date('2026-08-20T10:00:00.001Z'), { subject: 'H100' });
  });

  it('CA-5 a rate that another one ends before the first contribution may begin at any time', async () => {
    const { set } = await setUp();
    await expect(set(new Date('2026-08-01T00:00:00Z'))).rejects.toEqual(refusal('state-conflict'));
    const { set: setElsewhere, send } = await setUp();
    await setElsewhere(new Date('2026-08-20T10:00:00.001Z'));
    await setElsewhere(new Date('2026-08-20T10:00:00.002Z'), { rate: 2000n });
    expect(await send({ id: 'e3', occurredAt: '2026-08-20T10:00:00.001Z' })).toMatchObject([{ reward: 1000n }]);
  });

  it('CA-6 two rates of one moment, an unknown category and a rate above 10,000 are refused', async () => {
    const { set } = await setUp();
    await set(minutesFrom(60));
    await expect(set(minutesFrom(60))).rejects.toEqual(refusal('name-taken'));
    await set(minutesFrom(60), { subject: 'H100' });
    await expect(set(minutesFrom(60), { category: 'nope' })).rejects.toEqual(refusal('unknown-category'));
    await expect(set(minutesFrom(61), { rate: MAX_RATE + 1n })).rejects.toEqual(refusal('invalid-parameter'));
    await set(minutesFrom(61), { rate: 0n });
  });
});
