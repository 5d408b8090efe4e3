import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { reviseAnnouncement } from '../../src/announcements/outbox.ts';
import { exclude } from '../../src/fair-play/exclusions.ts';
import { listExclusions } from '../../src/fair-play/exclusion-store.ts';
import { findKey } from '../../src/keys/api-keys.ts';
import { createLinkCode } from '../../src/members/link.ts';
import { makeGrants, readGranted } from '../../src/rewards/grants.ts';
import { NOW, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { ACCOUNT, DELETED, openPrivacy, openWithPerson, rowsWith } from '../support/privacy.ts';
import { proofsOf } from '../support/proofs.ts';
import { announcementsOf, hours, makeQuest, tokensOf } from '../support/quests.ts';
import { differencesOf } from '../support/verifying.ts';

const database = useDatabase();
const open = () => openPrivacy(database.db);
const openWithAda = () => openWithPerson(database.db);

describe('deleting', () => {
  it('PV-10 leaves no handle, name, account or word of the person in any table', async () => {
    const { context, community, remove, board, key } = await openWithAda();
    const traces = ['lovelace', 'Lovelace', 'byron', ACCOUNT];
    expect((await rowsWith(database.db, traces)).length).toBeGreaterThan(20);
    const totals = await tokensOf(context, community.id);
    const name = await remove('lovelace');
    expect(name).toMatch(DELETED);
    expect(await rowsWith(database.db, traces)).toEqual([]);
    expect(await board()).toMatchObject([{ handle: name, displayName: name, rank: 1, score: 137_500n }]);
    expect(await tokensOf(context, community.id)).toEqual({ [name]: totals['lovelace'] });
    expect(await findKey(database.db, key.key)).toBe(undefined);
    expect(await differencesOf(context, community.slug)).toEqual([]);
  });

  it('PV-10 the message that a person credited tells nothing of them but its own link', async () => {
    const { community, remove } = await openWithAda();
    const name = await remove('lovelace');
    const credits = await database.db
      .selectFrom('feedback_credits')
      .select(['author_id', 'giver_id', 'message_link'])
      .where('community_id', '=', community.id)
      .orderBy('at')
      .orderBy('message_id')
      .execute();
    expect(credits).toEqual([
      { author_id: name, giver_id: '9', message_link: '' },
      { author_id: '9', giver_id: name, message_link: 'https://discord.com/channels/1/2/written-by-9' },
    ]);
  });

  it('PV-10 what the person decided stays decided, by the new name; proofs are empty and hold up nothing', async () => {
    const { context, community, remove } = await openWithAda();
    const name = await remove('lovelace');
    expect(await proofsOf(context, community)).toMatchObject([
      { handle: name, state: 'refused', content: { text: '', links: [], files: [] } },
      { handle: 'bob', state: 'refused', reviewer: name, history: [{ reviewer: name, decidedBy: name }] },
    ]);
    const told = (await announcementsOf(context, community.id)).flatMap(({ kind, content }) =>
      kind === 'proof-submitted' ? [content] : [],
    );
    expect(told).toMatchObject([
      { member: name, text: '', decision: { state: 'refused', by: 'the bot' } },
      { member: 'bob' },
      { member: 'bob', decision: { state: 'refused', by: name } },
    ]);
    const audit = await database.db
      .selectFrom('audit_log')
      .select(['actor', 'action', 'target', 'after'])
      .where('community_id', '=', community.id)
      .orderBy('audit_id')
      .execute();
    expect(audit).toContainEqual({
      actor: 'tester',
      action: 'member.delete',
      target: name,
      after: { revokedKeys: 1 },
    });
    expect(audit).toContainEqual(
      expect.objectContaining({ actor: name, action: 'contribution.void', target: 'test b1' }),
    );
    expect(audit).toContainEqual(
      expect.objectContaining({ action: 'member.merge', after: expect.objectContaining({ survivor: name }) }),
    );
  });

  it('PV-10 other things of the same name keep it', async () => {
    const { community, send, remove } = await open();
    await send({ contributor: community.slug }, { contributor: 'tester' });
    await remove(community.slug);
    await remove('tester');
    const audit = await database.db
      .selectFrom('audit_log')
      .select(['actor', 'action', 'target'])
      .where('community_id', '=', community.id)
      .where('action', 'like', 'community.%')
      .execute();
    expect(audit).toContainEqual({ actor: 'tester', action: 'community.create', target: community.slug });
  });

  it('PV-12 what is sent again under the old handles is a duplicate, what is new makes a new member', async () => {
    const { send, merge, remove, board, member, context, community } = await open();
    const events = [
      { id: '1', contributor: 'ada', amount: 3 },
      { id: '2', contributor: 'old', amount: 2 },
      { id: '3', contributor: 'bob', amount: 1 },
    ];
    await send(...events);
    await merge('old', 'ada');
    const name = await remove('ada');
    const statuses = (outcomes: readonly { status: string }[]) => outcomes.map(({ status }) => status);
    expect(statuses(await send(...events))).toEqual(['duplicate', 'duplicate', 'duplicate']);
    expect(await send({ ...events[0], amount: 4 })).toMatchObject([{ status: 'rejected', reason: 'conflict' }]);
    // Somebody else's, it is not the deleted one's.
    expect(await send({ id: '3', contributor: 'ada', amount: 1 })).toMatchObject([{ reason: 'conflict' }]);
    await expect(member('ada')).rejects.toMatchObject({ code: 'unknown-member' });
    await expect(member('old')).rejects.toMatchObject({ code: 'unknown-member' });
    expect(statuses(await send({ id: '4', contributor: 'ada' }, ...events, { id: '5', contributor: 'old' }))).toEqual([
      'accepted',
      'duplicate',
      'duplicate',
      'duplicate',
      'accepted',
    ]);
    expect((await board()).map(({ handle, score }) => [handle, score])).toEqual([
      [name, 31_250n],
      ['bob', 6250n],
      ['ada', 6250n],
      ['old', 6250n],
    ]);
    expect(await differencesOf(context, community.slug)).toEqual([]);
  });

  it('PV-13 a deleted member is nobody any more: not merged, linked, hidden or deleted again', async () => {
    const { community, context, send, remove, choose, merge } = await open();
    await send({ contributor: 'ada' }, { contributor: 'bob' });
    const name = await remove('ada');
    const refused = { code: 'state-conflict', message: expect.stringContaining('was deleted, which cannot be undone') };
    await expect(remove(name)).rejects.toMatchObject(refused);
    await expect(choose(name, { hidden: true })).rejects.toMatchObject(refused);
    await expect(merge(name, 'bob')).rejects.toMatchObject(refused);
    await expect(merge('bob', name)).rejects.toMatchObject(refused);
    await expect(createLinkCode(context, community.id, name, TESTER, NOW)).rejects.toMatchObject(refused);
    await expect(remove('ada')).rejects.toMatchObject({ code: 'unknown-member' });
  });

  it('PV-13 of two who delete at once one does, and a contribution that comes meanwhile is lost to neither', async () => {
    const { send, remove, board } = await open();
    await send({ contributor: 'ada', amount: 2 });
    const results = await Promise.allSettled([remove('ada'), send({ contributor: 'ada', amount: 3 }), remove('ada')]);
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(2);
    const total = (await board()).reduce((sum, { score }) => sum + score, 0n);
    expect(total).toBe(31_250n);
  });

  it('PV-14 prizes pass on, and whoever was off boards stays off them', async () => {
    const { community, context, send, remove, board, member } = await open();
    await send({ contributor: 'ada', amount: 3 }, { contributor: 'discord-7', amount: 2 }, { contributor: 'bob' });
    const roleOff = { target: { roleId: '1' }, scope: 'boards' as const, reason: 'Staff', endsAt: undefined };
    await database.db
      .insertInto('discord_roles')
      .values({ community_id: community.id, discord_user_id: '7', role_ids: ['1'], seen_at: NOW })
      .execute();
    await exclude(context, community.id, roleOff, TESTER, NOW);
    const id = (await member('discord-7')).id;
    await database.db
      .insertInto('off_boards')
      .values({ community_id: community.id, member_id: id, from_seq: 1n })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const [ada, seven] = [await remove('ada'), await remove('discord-7')];
    const kept = (await listExclusions(database.db, community.id)).map(({ target, scope }) => ({ target, scope }));
    expect(kept).toEqual([
      { target: { roleId: '1' }, scope: 'boards' },
      { target: { member: ada }, scope: 'prizes' },
      { target: { member: seven }, scope: 'boards' },
    ]);
    expect((await board())[0]).toMatchObject({ handle: ada, rank: 1 });
  });

  it('PV-10 grants stay with the member, and reasons that named its handles name them no more', async () => {
    const { community, send, member, merge, remove } = await open();
    await send({ contributor: 'ada' }, { contributor: 'old' });
    const tokens = async (handle: string) => {
      const { id: memberId } = await member(handle);
      const key = `quest 1 round 1 reward 0 member ${memberId}`;
      return { key, memberId, reward: { kind: 'tokens', amount: 5000n } as const, reason: 'Quest' };
    };
    const entitlements = [await tokens('ada'), await tokens('old')];
    await database.db.transaction().execute((trx) => makeGrants(trx, community.id, entitlements, NOW));
    await merge('old', 'ada');
    const { id } = await member('ada');
    const before = await readGranted(database.db, community.id, id);
    const name = await remove('ada');
    expect(await readGranted(database.db, community.id, id)).toEqual(before);
    const { rows } = await sql<{ reason: string }>`
      select distinct reason from grants where community_id = ${community.id} and reason <> 'Quest'`.execute(
      database.db,
    );
    expect(rows).toEqual([{ reason: `"${name}" was merged into "${name}"` }]);
  });

  it('PV-5 what waits to be said names nobody who is gone, and revising one is harmless', async () => {
    const { community, context, send, remove } = await open();
    await makeQuest(context, community.slug);
    await send({ contributor: 'ada', displayName: 'Ada', amount: 10, occurredAt: hours(-1).toISOString() });
    const name = await remove('ada');
    const told = (await announcementsOf(context, community.id)).at(-1);
    expect(told).toMatchObject({ state: 'waiting', content: { kind: 'quest-completed', member: { name } } });
    await database.db
      .transaction()
      .execute((trx) => reviseAnnouncement(trx, community.id, told?.key ?? '', (same) => same, NOW));
    expect((await announcementsOf(context, community.id)).at(-1)).toEqual(told);
  });
});
