import { beforeEach, describe, expect, it } from 'vitest';
import { createLinkCode, linkDiscordUser } from '../../src/members/link.ts';
import { findDiscordMember, requireMember } from '../../src/members/members.ts';
import { unlinkDiscordUser, unlinkMember } from '../../src/members/unlink.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { differencesOf } from '../support/verifying.ts';

const database = useDatabase();
const ADA = '100000000000000001';
const BOB = '100000000000000002';

let community: Awaited<ReturnType<typeof makeCommunity>>;
let context: RankingContext;

beforeEach(async () => {
  community = await makeCommunity(database.db);
  context = recording(database.db);
  await send({ id: 'a', contributor: 'ada' }, { id: 'b', contributor: 'bob' });
});

const send = (...events: Parameters<typeof contribution>[0][]) => record(context, community, events.map(contribution));
const makeCode = async (handle: string, now = NOW) =>
  (await createLinkCode(context, community.id, handle, TESTER, now)).code;
const enter = (code: string, discordUserId: string, now = NOW) =>
  linkDiscordUser(context, community.id, { code, discordUserId }, TESTER, now);
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const memberOf = async (user: string) => (await findDiscordMember(database.db, community.id, user))?.handle;

describe('linking', () => {
  it('LI-1 a code is 8 digits that are not mistaken, kept as a hash, and forgiving about how it is typed', async () => {
    const { code, expiresAt } = await createLinkCode(context, community.id, 'ada', TESTER, NOW);
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(expiresAt).toEqual(later(15));
    const kept = JSON.stringify([
      await database.db.selectFrom('link_codes').selectAll().execute(),
      await database.db.selectFrom('audit_log').select(['target', 'before', 'after']).execute(),
    ]);
    expect(kept).not.toContain(code.slice(0, 4) + code.slice(5));
    expect(kept).not.toContain(code);
    const typed = ` ${code.toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
    expect(await enter(typed, ADA)).toMatchObject({ member: { handle: 'ada', discordUserId: ADA }, merged: undefined });
    expect(await memberOf(ADA)).toBe('ada');
  });

  it('LI-2 a code is good once, for 15 minutes, and says clearly why it is not', async () => {
    const code = await makeCode('ada');
    await enter(code, ADA);
    await expect(enter(code, BOB)).rejects.toThrow('This code was used already.');
    await expect(enter(code, ADA)).rejects.toThrow('This code was used already.');
    const old = await makeCode('bob');
    await expect(enter(old, BOB, later(15))).rejects.toThrow('This code has expired.');
    await expect(enter('ABCD-EFGH', BOB)).rejects.toThrow('There is no such code.');
    expect(await memberOf(BOB)).toBeUndefined();
  });

  it('LI-3 after 5 wrong codes in an hour a Discord user has to wait, also with a right one; nobody else has', async () => {
    const code = await makeCode('ada', later(59));
    for (let wrong = 1; wrong <= 5; wrong += 1) await expect(enter('0000-0000', BOB)).rejects.toThrow('no such code');
    await expect(enter(code, BOB, later(59))).rejects.toThrow('Wait 1 minute and');
    await enter(code, ADA, later(59));
    const next = await makeCode('bob', later(60));
    await expect(enter('??', BOB, later(60))).rejects.toThrow('4 more tries');
    expect(await enter(next, BOB, later(60))).toMatchObject({ member: { handle: 'bob' } });
  });

  it('LI-4 nobody takes another’s handle, and who is linked unlinks first', async () => {
    const [first, second] = [await makeCode('ada'), await makeCode('ada')];
    await enter(first, ADA);
    await expect(enter(second, BOB)).rejects.toThrow('"ada" is linked with another Discord account');
    await expect(enter(second, ADA)).rejects.toThrow('You are linked with "ada" already');
    const other = await makeCode('bob');
    await expect(enter(other, ADA)).rejects.toThrow('You are linked with "ada". Use /unlink first.');
    await unlinkDiscordUser(context, community.id, ADA, TESTER, NOW);
    expect(await memberOf(ADA)).toBeUndefined();
    await expect(unlinkDiscordUser(context, community.id, ADA, TESTER, NOW)).rejects.toThrow('linked with no handle');
    await enter(other, ADA);
    expect(await memberOf(ADA)).toBe('bob');
    await unlinkMember(context, community.id, 'bob', TESTER, NOW);
    expect(await memberOf(ADA)).toBeUndefined();
    await expect(unlinkMember(context, community.id, 'bob', TESTER, NOW)).rejects.toThrow('no Discord account');
  });

  it('LI-4 a handle that is a Discord user’s from the start is not for linking', async () => {
    await send({ id: 'd', contributor: `discord-${BOB}` });
    await expect(makeCode(`discord-${BOB}`)).rejects.toThrow('is a Discord user');
    await expect(makeCode('nobody')).rejects.toThrow('There is no member "nobody"');
  });

  it('LI-5 what a Discord user had contributed is merged into the handle, and what comes later goes there too', async () => {
    await send({ id: 'd1', contributor: `discord-${ADA}`, amount: '5' });
    expect(await enter(await makeCode('ada'), ADA)).toMatchObject({
      member: { handle: 'ada', earnedOmnit: 37_500n },
      merged: `discord-${ADA}`,
    });
    const outcomes = await send(
      { id: 'd1', contributor: `discord-${ADA}`, amount: '5' },
      { id: 'd2', contributor: `discord-${ADA}` },
      { id: 'd3', contributor: 'ada' },
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['duplicate', 'accepted', 'accepted']);
    expect(await requireMember(database.db, community.id, `discord-${ADA}`)).toMatchObject({
      handle: 'ada',
      earnedOmnit: 50_000n,
    });
    expect(await differencesOf(context, community.slug)).toEqual([]);
  });

  it('LI-6 `discord-<id>` means the linked member though nobody contributed under it, until it is unlinked', async () => {
    await enter(await makeCode('ada'), ADA);
    await send({ id: 'd1', contributor: `discord-${ADA}` });
    expect(await requireMember(database.db, community.id, 'ada')).toMatchObject({ earnedOmnit: 12_500n });
    await unlinkDiscordUser(context, community.id, ADA, TESTER, NOW);
    await send({ id: 'd2', contributor: `discord-${ADA}` });
    expect(await memberOf(ADA)).toBe(`discord-${ADA}`);
    expect(await differencesOf(context, community.slug)).toEqual([]);
  });

  it('LI-7 of many who enter one code at once, or one who enters many, exactly one is linked', async () => {
    const code = await makeCode('ada');
    const users = Array.from({ length: 8 }, (_, n) => `20000000000000000${n}`);
    const tried = await Promise.allSettled(users.map((user) => enter(code, user)));
    expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = await Promise.all(['bob', 'bob', 'bob'].map((handle) => makeCode(handle)));
    const same = await Promise.allSettled(codes.map((one) => enter(one, BOB)));
    expect(same.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('LI-8 linking is in the audit log with both handles', async () => {
    await send({ id: 'd1', contributor: `discord-${ADA}` });
    await enter(await makeCode('ada'), ADA);
    await unlinkDiscordUser(context, community.id, ADA, TESTER, NOW);
    const log = await database.db
      .selectFrom('audit_log')
      .select(['action', 'target', 'before', 'after'])
      .where('community_id', '=', community.id)
      .where('action', 'like', 'member.%')
      .orderBy('audit_id')
      .execute();
    expect(log).toMatchObject([
      { action: 'member.merge', target: 'ada', before: { merged: `discord-${ADA}`, survivor: 'ada' } },
      { action: 'member.link', target: 'ada', after: { discordUserId: ADA, merged: `discord-${ADA}` } },
      { action: 'member.unlink', target: 'ada', before: { discordUserId: ADA } },
    ]);
  });
});
