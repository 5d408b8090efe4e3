import pg from 'pg';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { settleExclusions } from '../../jobs/settle-exclusions.ts';
import { noteRoles } from '../../src/fair-play/discord-roles.ts';
import type { NewExclusion } from '../../src/fair-play/exclusion-store.ts';
import { exclude, liftExclusion } from '../../src/fair-play/exclusions.ts';
import { settleAllOffBoards } from '../../src/fair-play/off-boards.ts';
import { createLinkCode, linkDiscordUser } from '../../src/members/link.ts';
import { mergeMembers } from '../../src/members/merge.ts';
import { unlinkDiscordUser, unlinkMember } from '../../src/members/unlink.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { readLeaderboard } from '../../src/ranking/read-leaderboard.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { differencesOf } from '../support/verifying.ts';

const STAFF = '77';
/** As many members as are settled in one transaction. */
const PAGE = 100;

const database = useDatabase();
let community: Awaited<ReturnType<typeof makeCommunity>>;
let context: RankingContext;
let contributions = 0;

beforeEach(async () => {
  community = await makeCommunity(database.db);
  context = recording(database.db);
});

const later = (days: number) => new Date(NOW.getTime() + days * 86_400_000);

/** Records a contribution of each, all of the same worth: the first is ahead. */
async function send(...contributors: string[]): Promise<void> {
  const events = contributors.map((contributor, n) => {
    const occurredAt = new Date(Date.UTC(2026, 7, 20, 10) + n * 1_000).toISOString();
    return contribution({ id: `c${(contributions += 1)}`, contributor, occurredAt });
  });
  await record(context, community, events);
}

/** A user is seen with roles, by a process of its own. */
async function see(user: number, ...roles: string[]): Promise<void> {
  const other = recording(database.db);
  await noteRoles(other, await other.directory.bySlug(community.slug), String(user), roles, NOW);
}

const excludeFromBoards = (target: NewExclusion['target'], endsAt?: Date) =>
  exclude(context, community.id, { target, scope: 'boards', reason: 'Staff', endsAt }, TESTER, NOW);
const lift = (id: number) => liftExclusion(context, community.id, id, TESTER, NOW);

/** What the job does, in a process of its own. */
async function settle(now = NOW): Promise<Date | undefined> {
  const services = { ...recording(database.db), clock: () => now, lookAtClock: async () => {}, outside: undefined };
  return settleExclusions.run({ ...services, stopping: new AbortController().signal }, now);
}

/** Who is on the board, after everything was compared with the contributions. */
async function board(): Promise<string[]> {
  expect(await differencesOf(context, community.slug)).toEqual([]);
  const known = await recording(database.db).directory.bySlug(community.slug);
  const request = { category: 'gpu-contributors', window: 'all', period: 'current', limit: 100, offset: 0 } as const;
  return (await readLeaderboard(database.db, known, request, NOW)).entries.map(({ handle }) => handle);
}

async function lastSeq(): Promise<bigint> {
  const row = database.db.selectFrom('communities').select('last_seq').where('community_id', '=', community.id);
  return (await row.executeTakeFirstOrThrow()).last_seq;
}

async function countOff(): Promise<number> {
  const rows = database.db.selectFrom('off_boards').select('member_id').where('community_id', '=', community.id);
  return (await rows.where('until_seq', 'is', null).execute()).length;
}

describe('a role that is excluded from boards', () => {
  it('FP-40 takes those with it off every board, and they come back when it is lifted', async () => {
    await excludeFromBoards({ roleId: '78' });
    await send('ada', 'discord-5', 'discord-6');
    await see(5, STAFF, '79');
    await see(6, '79');
    const { id } = await excludeFromBoards({ roleId: STAFF });
    await settle();
    expect(await board()).toEqual(['ada', 'discord-6']);
    const standings = database.db.selectFrom('standings').select('member_id').where('community_id', '=', community.id);
    expect(new Set(await standings.execute()).size).toBe(2 * 4);
    await lift(id);
    await settle();
    expect(await board()).toEqual(['ada', 'discord-5', 'discord-6']);
  });

  it('FP-40 they come back at its end, for which the job asks to be woken', async () => {
    await send('discord-5');
    await excludeFromBoards({ roleId: STAFF }, later(3));
    await see(5, STAFF);
    expect(await board()).toEqual([]);
    expect(await settle(later(2.9))).toEqual(later(3));
    expect(await board()).toEqual([]);
    expect(await settle(later(3))).toBeUndefined();
    expect(await board()).toEqual(['discord-5']);
  });

  it('FP-40 who is seen with the role goes at once, and who is seen without it comes back at once', async () => {
    await excludeFromBoards({ roleId: STAFF });
    await send('discord-5', 'discord-6');
    await see(5, STAFF);
    expect(await board()).toEqual(['discord-6']);
    await see(5);
    await see(6, STAFF);
    expect(await board()).toEqual(['discord-5']);
  });

  it('FP-41 what its holders contribute makes no standing, and a holder who becomes a member goes too', async () => {
    await excludeFromBoards({ roleId: STAFF });
    await send('discord-5', 'ada');
    await see(5, STAFF);
    await see(6, STAFF);
    await send('discord-5');
    expect(await board()).toEqual(['ada']);
    await send('discord-6');
    await settle();
    expect(await board()).toEqual(['ada']);
    await see(5);
    expect(await board()).toEqual(['discord-5', 'ada']);
  });

  it.each([
    ['member', 'role'],
    ['role', 'member'],
  ] as const)(
    'FP-42 who is excluded by name and by role is off until both have ended: first the %s',
    async (...order) => {
      await send('ada', 'discord-5');
      const ids = {
        role: (await excludeFromBoards({ roleId: STAFF })).id,
        member: (await excludeFromBoards({ member: 'discord-5' })).id,
      };
      await see(5, STAFF);
      expect(await board()).toEqual(['ada']);
      await lift(ids[order[0]]);
      await settle();
      expect(await board()).toEqual(['ada']);
      await lift(ids[order[1]]);
      await settle();
      expect(await board()).toEqual(['ada', 'discord-5']);
    },
  );

  it('FP-44 its stretches tell at any cut who was off', async () => {
    await excludeFromBoards({ roleId: STAFF });
    await send('discord-5', 'discord-6');
    const cuts = [await lastSeq()];
    for (const roles of [[STAFF], [STAFF, '78'], [], [STAFF]]) {
      await see(5, ...roles);
      cuts.push(await lastSeq());
      await send('ada');
    }
    // The second sighting changed nothing, and took no number.
    expect((cuts[2] ?? 0n) - (cuts[1] ?? 0n)).toBe(1n);
    const offAt = async (cut: bigint) => {
      const rows = database.db
        .selectFrom('off_boards as o')
        .innerJoin('members as m', (join) =>
          join.onRef('m.community_id', '=', 'o.community_id').onRef('m.member_id', '=', 'o.member_id'),
        )
        .select('m.handle')
        .where('o.community_id', '=', community.id)
        .where('o.from_seq', '<=', cut)
        .where((eb) => eb.or([eb('o.until_seq', 'is', null), eb('o.until_seq', '>', cut)]));
      return (await rows.execute()).map(({ handle }) => handle);
    };
    expect(await Promise.all(cuts.map(offAt))).toEqual([[], ['discord-5'], ['discord-5'], [], ['discord-5']]);
  });
});

describe('an excluded role of many', () => {
  const MANY = 2 * PAGE + 30;

  async function manyHolders(): Promise<void> {
    const users = Array.from({ length: MANY }, (_, n) => 1_000 + n);
    await send('ada', ...users.map((user) => `discord-${user}`));
    await database.db
      .insertInto('discord_roles')
      .values(
        users.map((user) => ({
          community_id: community.id,
          discord_user_id: String(user),
          role_ids: [STAFF],
          seen_at: NOW,
        })),
      )
      .execute();
  }

  it('FP-43 is taken off and let back by pages, by several workers at once', async () => {
    await manyHolders();
    const { id, members } = await excludeFromBoards({ roleId: STAFF });
    expect(members).toBe(MANY);
    const before = await lastSeq();
    await Promise.all([settle(), settle(), settle()]);
    expect(await board()).toEqual(['ada']);
    expect(await countOff()).toBe(MANY);
    expect((await lastSeq()) - before).toBe(BigInt(Math.ceil(MANY / PAGE)));
    await lift(id);
    await Promise.all([settle(), settle()]);
    expect(await board()).toHaveLength(PAGE);
    expect(await countOff()).toBe(0);
  });

  /** Has the second page wait for a member that another connection holds. */
  async function holdSecondPage() {
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    onTestFinished(() => other.end());
    const held = `discord-${1_000 + PAGE + 50}`;
    await other.query('begin');
    await other.query('select from members where community_id = $1 and handle = $2 for update', [community.id, held]);
    const waiting = `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return {
      /** Resolves when the page waits. */
      waits: () => expect.poll(async () => (await other.query(waiting)).rowCount, { timeout: 10_000 }).toBe(1),
      kill: () => other.query(`select pg_terminate_backend(pid) from (${waiting}) waiting`),
      release: () => other.query('rollback'),
    };
  }

  it('FP-43 is carried on with where a worker ended between two pages', async () => {
    await manyHolders();
    await excludeFromBoards({ roleId: STAFF });
    const hold = await holdSecondPage();
    const worker = new AbortController();
    const ended = settleAllOffBoards(context, { stopping: worker.signal });
    await hold.waits();
    worker.abort();
    await hold.release();
    await ended;
    expect(await countOff()).toBe(2 * PAGE);
    expect(await board()).toHaveLength(MANY + 1 - 2 * PAGE);
    await settle();
    expect(await board()).toEqual(['ada']);
  });

  it('FP-43 is carried on with where a worker died, and nothing is wrong meanwhile', async () => {
    await manyHolders();
    await excludeFromBoards({ roleId: STAFF });
    const hold = await holdSecondPage();
    const died = expect(settle()).rejects.toThrow();
    await hold.waits();
    await hold.kill();
    await died;
    await hold.release();
    expect(await countOff()).toBe(PAGE);
    await send('discord-1000', `discord-${1_000 + MANY - 1}`);
    expect(await board()).toHaveLength(PAGE);
    await settle();
    expect(await board()).toEqual(['ada']);
  });
});

describe('who is excluded, and linking', () => {
  async function linkWith(handle: string, user: number): Promise<void> {
    const { code } = await createLinkCode(context, community.id, handle, TESTER, NOW);
    await linkDiscordUser(context, community.id, { code, discordUserId: String(user) }, TESTER, NOW);
  }
  const merge = (from: string, into: string) => mergeMembers(context, community.id, { from, into }, TESTER, NOW);

  it('FP-45 a role follows the Discord account: to the handle it is linked with, and away when they part', async () => {
    await excludeFromBoards({ roleId: STAFF });
    await send('ada', 'bob');
    await see(5, STAFF);
    await linkWith('ada', 5);
    expect(await board()).toEqual(['bob']);
    await unlinkDiscordUser(context, community.id, '5', TESTER, NOW);
    expect(await board()).toEqual(['ada', 'bob']);
    await linkWith('bob', 5);
    expect(await board()).toEqual(['ada']);
    await unlinkMember(context, community.id, 'bob', TESTER, NOW);
    expect(await board()).toEqual(['ada', 'bob']);
  });

  it('FP-45 linking merges what a holder had before, and nobody gets out of it', async () => {
    await excludeFromBoards({ roleId: STAFF });
    await send('ada', 'bob', 'discord-5');
    await see(5, STAFF);
    expect(await board()).toEqual(['ada', 'bob']);
    await linkWith('ada', 5);
    await settle();
    expect(await board()).toEqual(['bob']);
    expect(await countOff()).toBe(1);
    await send('discord-5');
    expect(await board()).toEqual(['bob']);
  });

  it('FP-45 merging takes the account and the exclusions of a member along, whichever way', async () => {
    await excludeFromBoards({ roleId: STAFF });
    await send('ada', 'bob', 'discord-5');
    await see(5, STAFF);
    await merge('ada', 'discord-5');
    expect(await board()).toEqual(['bob']);
    await excludeFromBoards({ member: 'bob' });
    expect(await board()).toEqual([]);
    await see(5);
    expect(await board()).toEqual(['discord-5']);
    await merge('bob', 'discord-5');
    expect(await board()).toEqual([]);
    expect(await countOff()).toBe(1);
  });
});
