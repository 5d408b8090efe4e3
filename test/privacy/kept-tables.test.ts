import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { readVersions } from '../../src/seasons/final-versions.ts';
import { finishVersions } from '../../src/seasons/finish-versions.ts';
import { verifyFinalTables } from '../../src/seasons/verify-final.ts';
import { useDatabase } from '../support/database.ts';
import { readDocument } from '../support/final-tables.ts';
import { DELETED, HIDDEN, openPrivacy } from '../support/privacy.ts';
import { differencesOf } from '../support/verifying.ts';

const database = useDatabase();
const WEEK = '2026-W33';
const CLOSED = new Date('2026-08-17T02:00:00Z');

/** A week that is final, with three in it, one of them merged into another since. */
async function openClosed() {
  const scene = await openPrivacy(database.db, new Date('2026-08-01T00:00:00Z'));
  const { community, context, send, merge } = scene;
  const of = (contributor: string, amount: number) => ({ contributor, amount, occurredAt: '2026-08-12T10:00:00Z' });
  await send(of('ada', 3), of('old', 2), of('bob', 1));
  await closeDueWindows(context, CLOSED);
  await merge('old', 'ada');
  const known = () => context.directory.bySlug(community.slug);
  return {
    ...scene,
    finish: () => finishVersions(context, CLOSED),
    /** The hashes that the announcement of the week tells. */
    told: async () => {
      const { rows } = await sql<{ sha256: string }>`
        select t ->> 'sha256' as sha256 from announcements a cross join lateral jsonb_array_elements(a.content -> 'tables') t
        where a.community_id = ${community.id} and a.kind = 'window-final' and a.content ->> 'period' = ${WEEK}`.execute(
        database.db,
      );
      return rows.map(({ sha256 }) => sha256);
    },
    versions: async () => {
      const { calendar, categories } = await known();
      const category = categories.find(({ slug }) => slug === 'gpu-contributors');
      return readVersions(database.db, community.id, calendar.windowByKey('week', WEEK), category?.id ?? 0);
    },
    lines: async (version?: number) => {
      const all = await known();
      const text = await readDocument(
        database.db,
        all,
        all.calendar.windowByKey('week', WEEK),
        'gpu-contributors',
        version,
      );
      return text
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t').slice(0, 3));
    },
    document: async () => {
      const all = await known();
      return readDocument(database.db, all, all.calendar.windowByKey('week', WEEK), 'gpu-contributors');
    },
    differences: async () => {
      const found: unknown[] = await differencesOf(context, community.slug);
      for await (const difference of verifyFinalTables(database.db, await known())) found.push(difference);
      return found;
    },
  };
}

describe('tables that are final', () => {
  it('PV-6 get a version that names nobody who is hidden, both lines of who was merged, with the ranks as they were', async () => {
    const { hide, choose, finish, versions, lines, document, board, told, differences } = await openClosed();
    expect(await lines()).toEqual([
      ['1', 'ada', '18.75'],
      ['2', 'old', '12.5'],
      ['3', 'bob', '6.25'],
    ]);
    const [first] = await versions();
    const pseudonym = await hide('ada');
    await finish();
    const second = (await versions()).at(-1);
    expect(second).toMatchObject({ version: 2, reason: 'privacy', actor: 'a member, for privacy' });
    expect((await versions())[0]).toMatchObject({ sha256: first?.sha256, isSuperseded: true });
    const hidden = await lines();
    expect(hidden).toEqual([
      ['1', pseudonym, '18.75'],
      ['2', expect.stringMatching(HIDDEN), '12.5'],
      ['3', 'bob', '6.25'],
    ]);
    expect(hidden[1]?.[1]).not.toBe(pseudonym);
    expect(second?.sha256).toBe(
      createHash('sha256')
        .update(await document())
        .digest('hex'),
    );
    expect(second?.sha256).not.toBe(first?.sha256);
    // What was told of the table tells the hash of the table as it is now.
    expect(await told()).toEqual([second?.sha256]);
    expect((await board('week', WEEK)).map(({ handle, rank }) => [String(rank), handle])).toEqual(
      hidden.map((line) => line.slice(0, 2)),
    );
    // The old version says nothing else than the new one any more.
    expect(await lines(1)).toEqual(hidden);

    await choose('ada', { hidden: false });
    await finish();
    expect((await versions()).map(({ version, isSuperseded }) => [version, isSuperseded])).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ]);
    expect(await lines()).toEqual([
      ['1', 'ada', '18.75'],
      ['2', 'old', '12.5'],
      ['3', 'bob', '6.25'],
    ]);
    expect((await versions()).at(-1)?.sha256).toBe(first?.sha256);
    expect(await differences()).toEqual([]);
  });

  it('PV-16 get few versions, however often somebody hides: whoever was shown again 3 times within 30 days stays hidden until then', async () => {
    const { choose, hide, remove, finish, versions, member, differences } = await openClosed();
    const day = (n: number) => new Date(CLOSED.getTime() + n * 86_400_000);
    for (const n of [0, 1, 2]) {
      await hide('ada', day(n));
      // In the moment in which a hash is being reckoned, the version is used that is being made.
      if (n > 0) await finish();
      await choose('ada', { hidden: false }, day(n));
      await finish();
      // What is so already is no showing.
      await choose('ada', { hidden: false, mentions: false }, day(n));
    }
    const before = await versions();
    expect(before).toHaveLength(6);
    // Hiding is never refused.
    const pseudonym = await hide('ada', day(3));
    expect(pseudonym).toMatch(HIDDEN);
    await expect(choose('ada', { hidden: false, mentions: true }, day(29))).rejects.toMatchObject({
      code: 'state-conflict',
      message: expect.stringContaining(
        `"ada" stays hidden: it was shown again 3 times within 30 days, and each time makes new versions of final tables. It can be shown again from ${day(30).toISOString()} on.`,
      ),
    });
    expect(await member('ada')).toMatchObject({ hiddenAs: pseudonym });
    // All else can be chosen.
    expect(await choose('ada', { mentions: true, hidden: true }, day(29))).toMatchObject({ mentions: true });
    expect(await choose('ada', { hidden: false }, day(30))).toMatchObject({ hidden: false });
    await hide('ada', day(30));
    await expect(choose('ada', { hidden: false }, day(30))).rejects.toThrow(day(31).toISOString());
    expect(await remove('ada', day(30))).toMatch(DELETED);
    await finish();
    expect(await versions()).toHaveLength(before.length + 1);
    expect(await differences()).toEqual([]);
  });

  it('PV-16 a merge does not begin the count anew', async () => {
    const { send, choose, hide, merge } = await openPrivacy(database.db, new Date('2026-08-01T00:00:00Z'));
    await send({ contributor: 'ada' }, { contributor: 'old' });
    for (const handle of ['old', 'ada', 'old']) {
      await hide(handle);
      await choose(handle, { hidden: false });
    }
    await merge('old', 'ada');
    await hide('ada');
    await expect(choose('ada', { hidden: false })).rejects.toMatchObject({ code: 'state-conflict' });
  });

  it('PV-6 name nobody who was deleted, and what is chosen besides changes none', async () => {
    const { choose, remove, finish, versions, lines, differences } = await openClosed();
    await choose('ada', { mentions: false, reminders: false, showDiscord: true });
    expect(await versions()).toHaveLength(1);
    const name = await remove('ada');
    await finish();
    expect(await versions()).toMatchObject([{ isSuperseded: true }, { reason: 'privacy', sha256: expect.any(String) }]);
    expect(await lines()).toEqual([
      ['1', name, '18.75'],
      ['2', expect.stringMatching(DELETED), '12.5'],
      ['3', 'bob', '6.25'],
    ]);
    expect(await differences()).toEqual([]);
  });
});
