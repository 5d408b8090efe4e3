import { describe, expect, it } from 'vitest';
import { badgeChangesSchema } from '../../src/badges/badge.ts';
import { readBadges } from '../../src/badges/badge-store.ts';
import { editBadge } from '../../src/badges/edit.ts';
import { findImage } from '../../src/badges/image-store.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { award, forgetBadges, makeBadge } from '../support/badges.ts';

const database = useDatabase();
const png = (last: string) =>
  `data:image/png;base64,${Buffer.from(`89504e470d0a1a0a00${last}`, 'hex').toString('base64')}`;

async function open() {
  const context = recording(database.db);
  const community = await makeCommunity(database.db, {}, new Date('2026-06-01T00:00:00Z'));
  await forgetBadges(context, community);
  return {
    context,
    community,
    edit: (id: number, changes: object) =>
      editBadge(context, community.id, id, badgeChangesSchema.parse(changes), TESTER, NOW),
    /** What the audit log says of changes, the first first. */
    noted: () =>
      database.db
        .selectFrom('audit_log')
        .select(['target', 'before', 'after'])
        .where('community_id', '=', community.id)
        .where('action', '=', 'badge.edit')
        .orderBy('audit_id')
        .execute(),
    /** What waits to be told, by kinds. */
    told: async () => {
      const rows = await database.db
        .selectFrom('announcements')
        .select(['kind', 'content'])
        .where('community_id', '=', community.id)
        .where('state', '=', 'waiting')
        .execute();
      return Object.fromEntries(rows.map(({ kind, content }) => [kind, content]));
    },
  };
}

describe('editing a badge', () => {
  it('BA-27 changes what is said of it and its icon, notes from what to what, and leaves out what stays', async () => {
    const { context, community, edit, noted } = await open();
    const id = await makeBadge(context, community, {
      name: 'Founder',
      description: 'There form the start.',
      icon: '🔥',
    });
    expect(await edit(id, { description: 'There from the start.' })).toMatchObject({
      name: 'Founder',
      description: 'There from the start.',
      icon: '🔥',
    });
    await edit(id, { icon: '🏆' });
    // Again, and nothing: nothing is noted.
    await edit(id, { icon: '🏆' });
    await edit(id, {});
    await edit(id, { description: null, icon: null });
    expect(await readBadges(database.db, community.id)).toMatchObject([{ description: '', icon: undefined }]);
    const [first, second, third, ...more] = await noted();
    expect(more).toEqual([]);
    expect(first).toEqual({
      target: 'Founder',
      before: { description: 'There form the start.', icon: '🔥', image: null },
      after: { description: 'There from the start.', icon: '🔥', image: null },
    });
    expect([second?.after, third?.after]).toEqual([
      { description: 'There from the start.', icon: '🏆', image: null },
      { description: '', icon: null, image: null },
    ]);
    await expect(edit(id + 1, { icon: '🏆' })).rejects.toMatchObject({ code: 'unknown-badge' });
  });

  it('BA-27 replaces a picture and takes it away, and notes the hashes', async () => {
    const { context, community, edit, noted } = await open();
    const id = await makeBadge(context, community, { name: 'Pictured', image: png('01') });
    await edit(id, { image: png('01') });
    expect(await noted()).toEqual([]);
    const replaced = await edit(id, { image: png('02') });
    expect(replaced.picture).toMatchObject({ emojiId: undefined });
    expect((await findImage(database.db, community.id, id))?.content.at(-1)).toBe(2);
    expect((await edit(id, { image: null })).picture).toBeUndefined();
    expect(await findImage(database.db, community.id, id)).toBeUndefined();
    expect((await edit(id, { image: png('03') })).picture).toBeDefined();
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
    const images = (await noted()).map(({ before, after }) => [before, after]);
    expect(images).toMatchObject([
      [{ image: hash }, { image: hash }],
      [{ image: hash }, { image: null }],
      [{ image: null }, { image: hash }],
    ]);
  });

  it('BA-28 what waits to be told of it follows, and who has earned it keeps it', async () => {
    const { context, community, edit, told } = await open();
    await record(context, community, [contribution({ id: 'first', contributor: 'ada' })]);
    const rule = { kind: 'contributions', atLeast: 1 };
    const id = await makeBadge(context, community, { name: 'Here', description: 'You cmae.', icon: '👋', rule });
    await makeBadge(context, community, { name: 'Other', icon: '⚡', rule });
    await award(context, community);
    await record(context, community, [contribution({ id: 'second', contributor: 'bob' })]);
    await award(context, community);
    await edit(id, { description: 'You came.', icon: '🏠' });
    const { 'achievements-earned': earned } = await told();
    expect(earned).toMatchObject({
      badges: expect.arrayContaining([
        expect.objectContaining({ name: 'Here', icon: { character: '🏠' } }),
        expect.objectContaining({ name: 'Other', icon: { character: '⚡' } }),
      ]),
    });
    const created = await database.db
      .selectFrom('announcements')
      .select('content')
      .where('community_id', '=', community.id)
      .where('key', '=', `badge ${id} created`)
      .executeTakeFirstOrThrow();
    expect(created.content).toMatchObject({ description: 'You came.', icon: { character: '🏠' }, holders: 1 });
    await award(context, community);
    expect(await readBadges(database.db, community.id)).toMatchObject([{ examinedTo: undefined }, {}]);
  });

  it.each([
    [{ name: 'Other' }, '`name` stays: the ledger, quests and prizes know a badge by it.'],
    [{ icon: '🔥', rule: { kind: 'quests', atLeast: 1 } }, '`rule` stays: members would lose what they have earned'],
    [{ kind: 'once' }, '`kind` stays'],
    [{ colour: 'red' }, 'colour'],
    [{ description: '' }, 'is empty'],
    [{ icon: 'ab' }, 'one emoji'],
    [{ image: 'data:image/svg+xml;base64,AAAA' }, 'data URI'],
  ])('BA-29 refuses to change %j, and says what to do', (changes, problem) => {
    expect(badgeChangesSchema.safeParse(changes).error?.issues[0]?.message).toContain(problem);
  });
});
