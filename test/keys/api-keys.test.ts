import { describe, expect, it } from 'vitest';
import {
  createKey,
  FEEDBACK_SOURCE,
  findKey,
  findOrMakeSource,
  isSameKey,
  listKeys,
  revokeKey,
  type NewKey,
} from '../../src/keys/api-keys.ts';
import { makeCommunity, NOW, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
const refusal = (code: string) => expect.objectContaining({ name: 'DomainError', code }) as unknown;

async function setUp() {
  const { db } = database;
  const { id } = await makeCommunity(db);
  return {
    db,
    id,
    create: (wanted: Partial<NewKey> = {}) =>
      createKey(db, id, { name: 'importer', scopes: ['write'], ...wanted }, TESTER, NOW),
    revoke: (keyId: number) => revokeKey(db, id, keyId, TESTER, NOW),
    source: (name: string) => findOrMakeSource(db, id, name),
  };
}

describe('keys', () => {
  it('KE-1 a key is found by its text, with what it may do', async () => {
    const { db, id, create, source } = await setUp();
    const { id: keyId, key } = await create({ scopes: ['write', 'admin'], source: 'ci', contributor: 'ada' });
    expect(await findKey(db, key)).toEqual({
      id: keyId,
      communityId: id,
      name: 'importer',
      scopes: ['write', 'admin'],
      sourceId: await source('ci'),
      contributor: 'ada',
    });
  });

  it('KE-1 a key without a source has one of its own name, and one without a contributor writes for everybody', async () => {
    const { db, create, source } = await setUp();
    const { key } = await create();
    expect(await findKey(db, key)).toMatchObject({ sourceId: await source('importer'), contributor: undefined });
  });

  it('KE-50 the source of credited feedback is the bot’s own: no key has it, by name or source', async () => {
    const { db, id, create } = await setUp();
    for (const wanted of [{ source: FEEDBACK_SOURCE }, { name: FEEDBACK_SOURCE }]) {
      await expect(create(wanted)).rejects.toEqual(refusal('name-taken'));
    }
    expect(await listKeys(db, id)).toEqual([]);
    await create({ name: FEEDBACK_SOURCE, source: 'another' });
    expect(await listKeys(db, id)).toMatchObject([{ name: FEEDBACK_SOURCE, source: 'another' }]);
  });

  it('KE-2 of a key only a hash is kept: its secret is nowhere in the database, the audit log included', async () => {
    const { db, create } = await setUp();
    const { key } = await create();
    const secret = key.split('_').at(-1) ?? '';
    expect(secret).toHaveLength(43);
    const rows = [
      await db.selectFrom('api_keys').selectAll().execute(),
      await db.selectFrom('audit_log').selectAll().execute(),
      await listKeys(db, 1),
    ];
    const everything = JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain(Buffer.from(secret).toString('hex'));
  });

  it('KE-3 a text that is nearly a key is none', async () => {
    const { db, id, create } = await setUp();
    const { id: keyId, key } = await create();
    const other = await setUp();
    const foreign = await other.create();
    const secret = key.split('_').at(-1) ?? '';
    for (const text of [
      '',
      secret,
      `${key}x`,
      ` ${key}`,
      `${key}\n`,
      key.toUpperCase(),
      key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A'),
      `omni_${id}_${foreign.id}_${secret}`,
      `omni_${other.id}_${keyId}_${secret}`,
      `omni_999999999_999999999_${secret}`,
      `omni_9999999999_1_${secret}`,
      `omni_-1_${keyId}_${secret}`,
      'x'.repeat(1_000_000),
      '\u0000',
    ]) {
      expect(await findKey(db, text)).toBeUndefined();
    }
    expect(await findKey(db, key)).toBeDefined();
  });

  it('KE-4 a revoked key is none from that moment, and its name and source are free for a new one', async () => {
    const { db, create, revoke } = await setUp();
    const { id, key } = await create();
    const before = await findKey(db, key);
    await revoke(id);
    expect(await findKey(db, key)).toBeUndefined();
    await expect(revoke(id)).rejects.toEqual(refusal('unknown-key'));
    const next = await create();
    expect(await findKey(db, next.key)).toMatchObject({ sourceId: before?.sourceId });
  });

  it('KE-4 a key of another community cannot be revoked', async () => {
    const { db, create } = await setUp();
    const { id, key } = await create();
    const other = await setUp();
    await expect(other.revoke(id)).rejects.toEqual(refusal('unknown-key'));
    expect(await findKey(db, key)).toBeDefined();
  });

  it('KE-5 two keys in use cannot have one name, also when they are made at once', async () => {
    const { db, id, create } = await setUp();
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => create()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toEqual(refusal('name-taken'));
    }
    expect(await listKeys(db, id)).toHaveLength(1);
  });

  it('KE-6 a source is made once, however many ask for it at once', async () => {
    const { source } = await setUp();
    expect(new Set(await Promise.all(Array.from({ length: 10 }, () => source('shared')))).size).toBe(1);
  });

  it('KE-7 what is done with keys is in the audit log', async () => {
    const { db, id, create, revoke } = await setUp();
    await revoke((await create({ contributor: 'ada' })).id);
    const log = await db
      .selectFrom('audit_log')
      .select(['actor', 'action', 'target'])
      .where('community_id', '=', id)
      .where('action', 'like', 'key.%')
      .orderBy('audit_id')
      .execute();
    expect(log).toEqual([
      { actor: 'tester', action: 'key.create', target: 'importer' },
      { actor: 'tester', action: 'key.revoke', target: 'importer' },
    ]);
  });

  it('KE-8 keys are compared whole', () => {
    expect(isSameKey('secret', 'secret')).toBe(true);
    for (const other of ['', 'secre', 'secret ', 'Secret']) expect(isSameKey('secret', other)).toBe(false);
  });
});
