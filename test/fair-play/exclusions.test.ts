import { beforeEach, describe, expect, it } from 'vitest';
import { noteRoles } from '../../src/fair-play/discord-roles.ts';
import { findNextEnd, listExclusions, type NewExclusion } from '../../src/fair-play/exclusion-store.ts';
import { exclude, liftEndedExclusions, liftExclusion } from '../../src/fair-play/exclusions.ts';
import { excludedFromPrizes } from '../../src/fair-play/prizes.ts';
import { mergeMembers } from '../../src/members/merge.ts';
import { requireMember } from '../../src/members/members.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { readLeaderboard } from '../../src/ranking/read-leaderboard.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { differencesOf } from '../support/verifying.ts';

const database = useDatabase();
let community: Awaited<ReturnType<typeof makeCommunity>>;
let context: RankingContext;

beforeEach(async () => {
  community = await makeCommunity(database.db);
  context = recording(database.db);
  await send({ id: '1', contributor: 'ada', amount: '3' }, { id: '2', contributor: 'bob', amount: '2' });
});

const send = (...events: Parameters<typeof contribution>[0][]) =>
  record(
    context,
    community,
    events.map((event) => contribution(event)),
  );
const later = (days: number) => new Date(NOW.getTime() + days * 86_400_000);
const excludeOne = (wanted: Partial<NewExclusion>, now = NOW) =>
  exclude(
    context,
    community.id,
    { target: { member: 'ada' }, scope: 'boards', reason: 'Cheated', endsAt: undefined, ...wanted },
    TESTER,
    now,
  );
const lift = (id: number, now = NOW) => liftExclusion(context, community.id, id, TESTER, now);

async function board(): Promise<string[]> {
  const known = await recording(database.db).directory.bySlug(community.slug);
  const request = { category: 'gpu-contributors', window: 'all', period: 'current', limit: 10, offset: 0 } as const;
  const { entries, total } = await readLeaderboard(database.db, known, request, NOW);
  expect(entries).toHaveLength(total);
  return entries.map(({ rank, handle, score }) => `${rank} ${handle} ${score}`);
}

async function withoutPrizes(at = NOW): Promise<string[]> {
  const ids = await excludedFromPrizes(database.db, community.id, at);
  const rows = await database.db
    .selectFrom('members')
    .select(['member_id', 'handle'])
    .where('community_id', '=', community.id)
    .execute();
  return rows.filter(({ member_id }) => ids.has(member_id)).map(({ handle }) => handle);
}

describe('exclusions', () => {
  it('FP-1 from boards: the standings go, contributions still earn, and all comes back when it ends', async () => {
    const { id } = await excludeOne({});
    expect(await board()).toEqual(['1 bob 12500']);
    await send({ id: '3', contributor: 'ada' });
    expect(await board()).toEqual(['1 bob 12500']);
    expect(await requireMember(database.db, community.id, 'ada')).toMatchObject({ earnedOmnit: 25_000n });
    expect(await differencesOf(context, community.slug)).toEqual([]);
    await lift(id);
    expect(await board()).toEqual(['1 ada 25000', '2 bob 12500']);
    expect(await differencesOf(context, community.slug)).toEqual([]);
  });

  it('FP-2 from prizes: the rank stays, and the member is named to whoever gives prizes, as of a moment', async () => {
    const { id } = await excludeOne({ scope: 'prizes', endsAt: later(2) });
    expect(await board()).toEqual(['1 ada 18750', '2 bob 12500']);
    expect(await withoutPrizes()).toEqual(['ada']);
    expect(await withoutPrizes(later(-1))).toEqual([]);
    expect(await withoutPrizes(later(2))).toEqual([]);
    await lift(id, later(1));
    expect(await withoutPrizes(NOW)).toEqual(['ada']);
    expect(await withoutPrizes(later(1))).toEqual([]);
  });

  it('FP-2 who is kept from boards gets no prizes either', async () => {
    await excludeOne({});
    expect(await withoutPrizes()).toEqual(['ada']);
  });

  it('FP-3 an exclusion ends by itself at its end date, once, whoever looks', async () => {
    await excludeOne({ endsAt: later(3) });
    await excludeOne({ target: { member: 'bob' } });
    expect(await findNextEnd(database.db, NOW)).toEqual(later(3));
    expect(await findNextEnd(database.db, later(3))).toBeUndefined();
    expect(await liftEndedExclusions(context, later(2.9))).toBe(0);
    const lifted = await Promise.all([
      liftEndedExclusions(context, later(3)),
      liftEndedExclusions(recording(database.db), later(3)),
    ]);
    expect(lifted.reduce((sum, one) => sum + one, 0)).toBe(1);
    expect(await board()).toEqual(['1 ada 18750']);
    expect(await listExclusions(database.db, community.id)).toMatchObject([{ target: { member: 'bob' } }]);
    expect(await differencesOf(context, community.slug)).toEqual([]);
  });

  it('FP-4 a role is excluded for those who had it when they were last seen, and they are counted', async () => {
    await send({ id: '3', contributor: 'discord-5' }, { id: '4', contributor: 'discord-6' });
    const note = async (user: string, ...roles: string[]) =>
      noteRoles(context, await context.directory.bySlug(community.slug), user, roles, NOW);
    await note('5', '77');
    expect(await database.db.selectFrom('discord_roles').selectAll().execute()).toEqual([]);
    await excludeOne({ target: { roleId: '77' }, scope: 'prizes' });
    await note('5', '77', '78');
    await note('6', '78');
    expect(await withoutPrizes()).toEqual(['discord-5']);
    expect(await listExclusions(database.db, community.id)).toMatchObject([{ target: { roleId: '77' }, members: 1 }]);
    await note('5', '78');
    await note('6', '77');
    expect(await withoutPrizes()).toEqual(['discord-6']);
  });

  it('FP-5 what is so already, has a past end, or names nobody is refused', async () => {
    const { id } = await excludeOne({});
    await expect(excludeOne({})).rejects.toThrow(`That is so already: exclusion ${id}.`);
    await excludeOne({ scope: 'prizes' });
    await expect(excludeOne({ endsAt: NOW })).rejects.toThrow('is past');
    await expect(excludeOne({ target: { member: 'nobody' } })).rejects.toThrow('no member');
    const guild = await makeCommunity(database.db, { discordGuildId: '900' });
    const everyone = { target: { roleId: '900' }, scope: 'boards', reason: 'x', endsAt: undefined } as const;
    await expect(exclude(context, guild.id, everyone, TESTER, NOW)).rejects.toThrow('Everybody has @everyone');
    await lift(id);
    await expect(lift(id)).rejects.toThrow(`There is no exclusion ${id} in force.`);
  });

  it('FP-6 reason, end date and both ends of an exclusion are in the audit log', async () => {
    const { id } = await excludeOne({ endsAt: later(1) });
    await liftEndedExclusions(context, later(1));
    const log = await database.db
      .selectFrom('audit_log')
      .select(['actor', 'action', 'target', 'before', 'after'])
      .where('community_id', '=', community.id)
      .where('action', 'like', 'exclusion.%')
      .orderBy('audit_id')
      .execute();
    expect(log).toMatchObject([
      {
        actor: TESTER.name,
        action: 'exclusion.create',
        target: 'ada',
        after: { id, scope: 'boards', reason: 'Cheated', endsAt: later(1).toISOString() },
      },
      { actor: 'the end date', action: 'exclusion.lift', target: 'ada', before: { id } },
    ]);
  });

  it('FP-7 nobody gets out of an exclusion by being merged into another member', async () => {
    await excludeOne({});
    await mergeMembers(context, community.id, { from: 'ada', into: 'bob' }, TESTER, NOW);
    expect(await board()).toEqual([]);
    await send({ id: '3', contributor: 'bob' });
    expect(await board()).toEqual([]);
    expect(await listExclusions(database.db, community.id)).toMatchObject([{ target: { member: 'bob' } }]);
    expect(await differencesOf(context, community.slug)).toEqual([]);
  });
});
