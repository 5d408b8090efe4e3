import { sql } from 'kysely';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { addCategory } from '../../src/communities/communities.ts';
import { updateCommunity } from '../../src/communities/update-community.ts';
import { openRest } from '../../src/discord/rest.ts';
import { createRoleChecker } from '../../src/discord/role-checker.ts';
import { DomainError } from '../../src/errors.ts';
import { exclude } from '../../src/fair-play/exclusions.ts';
import { changePrivacy } from '../../src/privacy/settings.ts';
import { settleDueRounds } from '../../src/quests/settle.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { formatDecimal } from '../../src/ranking/score.ts';
import { NOT_LINKED, NOT_THERE } from '../../src/rewards/plan-roles.ts';
import { previewPrizes, type PreviewedBoard, type PrizePreview } from '../../src/rewards/preview.ts';
import { createPrize, removePrize, type Band, type PrizeWindow } from '../../src/rewards/prizes.ts';
import type { Reward } from '../../src/rewards/reward.ts';
import { acceptAnyRole, type RoleChecker } from '../../src/rewards/role-checker.ts';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { createSeason } from '../../src/seasons/seasons.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { DiscordStandIn } from '../support/discord/stand-in.ts';
import { makeQuest } from '../support/quests.ts';

const database = useDatabase();
let community: Awaited<ReturnType<typeof makeCommunity>>;
let context: RankingContext;
let sent = 0;

// A Monday; NOW is the Saturday of the third week.
const CREATED = new Date('2026-08-03T00:00:00Z');
const FIRST: Band = { ranks: { from: 1, to: 1 } };
const NEXT_TWO: Band = { ranks: { from: 2, to: 3 } };
const tokens = (whole: number): Reward => ({ kind: 'tokens', amount: BigInt(whole) * 1_000n });
const role = (which: { roleId: string } | { name: string }): Reward => ({ kind: 'role', ...which });

beforeEach(async () => {
  community = await makeCommunity(database.db, { preset: undefined }, CREATED);
  context = recording(database.db);
  for (const slug of ['gpu-contributors', 'data-validators']) {
    const wanted = { slug, title: slug, unit: 'unit', measure: 'amount', rate: 1_000n } as const;
    await addCategory(database.db, community.id, wanted, TESTER, CREATED);
  }
  // The weeks that are over by now.
  await closeDueWindows(context, NOW);
});

const known = () => context.directory.bySlug(community.slug);

/** Records who contributed how much. */
async function send(amounts: Record<string, number>, at = NOW, category = 'gpu-contributors'): Promise<void> {
  const events = Object.entries(amounts).map(([contributor, amount]) =>
    contribution({ id: `${(sent += 1)}`, contributor, amount, category, occurredAt: at.toISOString() }),
  );
  await record(context, community, events, at);
}

async function prize(window: PrizeWindow, band: Band, rewards: Reward[], at = CREATED): Promise<number> {
  const wanted = { category: 'gpu-contributors', window, band, rewards };
  return (await createPrize({ ...context, checkRole: acceptAnyRole }, await known(), wanted, TESTER, at)).prize.id;
}

async function preview(
  at = NOW,
  wanted: Parameters<typeof previewPrizes>[2] = {},
  checkRole: RoleChecker = acceptAnyRole,
): Promise<PrizePreview> {
  return previewPrizes(database.db, await known(), wanted, at, checkRole);
}

/** A board in a few words: who wins what. */
function winnersOf(board: PreviewedBoard | undefined): string[] | undefined {
  return board?.first.map(
    ({ rank, handle, rewards }) => `${rank} ${handle} ${rewards.map(say).toSorted().join(' + ')}`,
  );
}

function say(reward: Reward): string {
  return 'amount' in reward ? `${formatDecimal(reward.amount)} ${reward.kind}` : `${reward.kind} ${reward.name ?? ''}`;
}

/** What was granted, in the same words and without ranks. */
async function granted(): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`
    select m.handle || ' ' || string_agg(
      case when g.kind = 'badge' then g.kind || ' ' || g.name else g.amount / 1000 || ' ' || g.kind end, ' + '
      order by case when g.kind = 'badge' then g.kind || ' ' || g.name else g.amount / 1000 || ' ' || g.kind end collate "C") as line
    from grants g join members m using (community_id, member_id)
    where g.community_id = ${community.id} and g.entitlement like 'window %' group by m.handle order by 1`.execute(
    database.db,
  );
  return rows.map(({ line }) => line);
}

describe('previewing prizes', () => {
  it('PZ-1 tells who would win what if it closed now, and closing gives just that', async () => {
    await send(Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`m${index + 1}`, index + 1])));
    await prize('week', FIRST, [tokens(5)]);
    await prize('week', NEXT_TWO, [{ kind: 'badge', name: 'Podium' }]);
    await prize('week', { topPercent: 10 }, [{ kind: 'reputation', amount: 1_000n }]);
    await prize('week', { minScore: 28_000n }, [tokens(2)]);
    const { boards, totals } = await preview();
    expect(boards).toHaveLength(1);
    const [board] = boards;
    expect(board).toMatchObject({
      category: { slug: 'gpu-contributors' },
      window: { key: '2026-W34' },
      status: 'open',
      members: 30,
      winners: 3,
      passedOver: { members: 0 },
      undeliverable: [],
    });
    expect(winnersOf(board)).toEqual([
      '1 m30 1 reputation + 2 tokens + 5 tokens',
      '2 m29 1 reputation + 2 tokens + badge Podium',
      '3 m28 1 reputation + 2 tokens + badge Podium',
    ]);
    expect(board?.prizes.map(({ winners }) => winners)).toEqual([1, 2, 3, 3]);
    expect(totals).toEqual({
      tokens: 11_000n,
      governance: 0n,
      reputation: 3_000n,
      others: [{ reward: { kind: 'badge', name: 'Podium' }, count: 2 }],
    });
    expect(await granted()).toEqual([]);
    await closeDueWindows(context, new Date('2026-08-24T01:00:00Z'));
    expect(await granted()).toEqual(
      winnersOf(board)
        ?.map((line) => line.slice(2))
        .toReversed(),
    );
  });

  it('PZ-2 passes over whoever is kept from prizes, and says so', async () => {
    await send({ ada: 9, bob: 8, eve: 7, dan: 6 });
    await prize('week', FIRST, [tokens(5)]);
    await prize('week', NEXT_TWO, [tokens(3)]);
    const wanted = { target: { member: 'ada' }, scope: 'prizes', reason: 'Staff', endsAt: undefined } as const;
    await exclude(context, community.id, wanted, TESTER, NOW);
    const [board] = (await preview()).boards;
    expect(winnersOf(board)).toEqual(['2 bob 5 tokens', '3 eve 3 tokens', '4 dan 3 tokens']);
    expect(board?.passedOver).toMatchObject({ members: 1, first: [{ rank: 1, handle: 'ada' }] });
  });

  it('PZ-3 names at most 100 winners of a board, and counts all', async () => {
    await send(Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`m${index + 1}`, index + 1])));
    await prize('week', { topPercent: 100 }, [tokens(1)]);
    const { boards } = await preview();
    expect(boards[0]).toMatchObject({ winners: 150, totals: { tokens: 150_000n } });
    expect(boards[0]?.first).toHaveLength(100);
    expect(boards[0]?.first.at(-1)).toMatchObject({ rank: 100, handle: 'm51' });
  });

  it('PZ-4 tells which roles could not be given, to whom, and why; each role is asked about once', async () => {
    await sql`update communities set discord_guild_id = ${`guild of ${community.slug}`}, config_version = config_version + 1
      where community_id = ${community.id}`.execute(database.db);
    await send({ ada: 9, 'discord-5': 8, 'discord-6': 7 });
    await prize('week', { ranks: { from: 1, to: 3 } }, [role({ roleId: '77' }), role({ name: 'Governance' })]);
    await prize('month', FIRST, [role({ roleId: '77' })]);
    await database.db
      .insertInto('role_holders')
      .values({ community_id: community.id, discord_user_id: '6', member_id: 3, left_at: NOW, look_at: NOW })
      .execute();
    const asked: string[] = [];
    const checkRole: RoleChecker = async (_, which) => {
      asked.push(which);
      return which === '@Governance' ? 'There is no role "Governance" in the server.' : undefined;
    };
    const { boards } = await preview(NOW, {}, checkRole);
    const told = boards[0]?.undeliverable.map(({ reward, why, members, first }) => ({
      role: reward.roleId ?? reward.name,
      why,
      members,
      who: first.map(({ handle }) => handle),
    }));
    expect(told).toEqual([
      { role: '77', why: NOT_LINKED, members: 1, who: ['ada'] },
      {
        role: 'Governance',
        why: 'There is no role "Governance" in the server.',
        members: 3,
        who: ['ada', 'discord-5', 'discord-6'],
      },
      { role: '77', why: NOT_THERE, members: 1, who: ['discord-6'] },
    ]);
    expect(boards[1]?.undeliverable).toMatchObject([{ why: NOT_LINKED }]);
    expect(asked.toSorted()).toEqual(['77', '@Governance']);

    const away: RoleChecker = () => Promise.reject(new DomainError('unavailable', 'Discord is away.'));
    expect((await preview(NOW, {}, away)).boards[1]?.undeliverable).toMatchObject([{ why: 'Discord is away.' }]);
  });

  it('PZ-4 without a Discord server there are no roles to give', async () => {
    await send({ ada: 9 });
    await prize('week', FIRST, [role({ name: 'Governance' })]);
    const [board] = (await preview()).boards;
    expect(board?.undeliverable).toMatchObject([{ why: expect.stringContaining('no Discord server'), members: 1 }]);
  });

  it('PZ-4 asks Discord about roles, by their ids and by their names', async () => {
    const standIn = await DiscordStandIn.start();
    onTestFinished(() => standIn.close());
    const guild = standIn.createGuild({ name: 'Omni' });
    const high = guild.createRole({ name: 'High', position: 99 });
    guild.createRole({ name: 'Governance' });
    const checkRole = createRoleChecker(openRest(standIn.token, standIn.apiUrl));
    await sql`update communities set discord_guild_id = ${guild.id}, config_version = config_version + 1
      where community_id = ${community.id}`.execute(database.db);
    await send({ 'discord-5': 8 });
    await prize('week', FIRST, [role({ roleId: high.id }), role({ name: 'governance' }), role({ name: 'Gone' })]);
    const [board] = (await preview(NOW, {}, checkRole)).boards;
    expect(board?.undeliverable).toMatchObject([
      { reward: { roleId: high.id }, why: expect.stringContaining("above the bot's own role") },
      { reward: { name: 'Gone' }, why: expect.stringContaining('There is no role "Gone"') },
    ]);
  });

  it('PZ-5 adds up a month of quests and prizes beside its budget', async () => {
    await updateCommunity(context, community.id, { monthlyBudget: 100_000n }, TESTER, NOW);
    await prize('week', { ranks: { from: 1, to: 2 } }, [tokens(10)]);
    await prize('month', FIRST, [tokens(7)]);
    await prize('season', FIRST, [tokens(1_000)]);
    await prize('week', { topPercent: 5 }, [{ kind: 'reputation', amount: 1n }]);
    const share = await prize('week', { minScore: 1_000_000n }, [tokens(1)]);
    // The week that runs has two winners, and one more ends in the month.
    await send({ ada: 12, bob: 3 });
    // Three winners, a winner in each of two rounds that are settled in the month, and as many as reach it.
    await makeQuest(context, community.slug, { maxWinners: 3 });
    const rounds = { recurrence: 'weekly', maxWinners: 1, rewards: [{ kind: 'tokens', amount: '2' }] };
    await makeQuest(context, community.slug, { ...rounds, endsAt: '2026-10-01T00:00:00Z' });
    const free = await makeQuest(context, community.slug, { name: 'All' });
    await send({ ada: 10 });

    const { budget } = await preview();
    expect(budget).toMatchObject({
      month: { key: '2026-08' },
      limit: 100_000n,
      quests: { granted: 5_000n, ahead: 19_000n },
      prizes: { granted: 0n, standing: 27_000n, ahead: 20_000n },
      total: 71_000n,
    });
    expect(budget.unlimited).toMatchObject([
      { kind: 'quest', id: free, name: 'All' },
      { kind: 'prize', prize: { id: share } },
    ]);
    // Some boards alone change what is shown, not what the month comes to.
    const { boards, budget: same } = await preview(NOW, { window: 'month' });
    expect([boards.length, same.total]).toEqual([1, 71_000n]);
    // What is over has been granted, and is known.
    const late = new Date('2026-08-30T12:00:00Z');
    await closeDueWindows(context, late);
    await settleDueRounds(context, late);
    expect((await preview(late)).budget).toMatchObject({
      quests: { granted: 12_000n, ahead: 2_000n },
      prizes: { granted: 20_000n, standing: 7_000n, ahead: 0n },
    });
    // In the next month all begins anew; the season ends in it.
    const september = new Date('2026-09-01T12:00:00Z');
    await closeDueWindows(context, september);
    await settleDueRounds(context, september);
    expect((await preview(september)).budget).toMatchObject({
      quests: { granted: 0n, ahead: 8_000n },
      prizes: { granted: 0n, standing: 1_000_000n, ahead: 60_000n },
    });
  });

  it('PZ-6 tells what a season costs at most, with those of its months and weeks that close', async () => {
    await prize('week', { ranks: { from: 1, to: 2 } }, [tokens(10)]);
    await prize('month', FIRST, [tokens(7), { kind: 'governance', amount: 500n }]);
    await prize('season', NEXT_TWO, [{ kind: 'nft', name: 'Podium' }]);
    const open = await prize('season', { topPercent: 5 }, [tokens(1)]);
    const { season } = await preview();
    expect(season).toMatchObject({
      season: { key: '2026-Q3' },
      // 13 weeks and 3 months end in it; 5 weeks and July were over when the community began.
      totals: { tokens: 174_000n, governance: 1_000n, others: [{ reward: { kind: 'nft', name: 'Podium' }, count: 2 }] },
      unlimited: [{ kind: 'prize', prize: { id: open } }],
    });
    expect((await preview(new Date('2026-10-05T00:00:00Z'))).season).toMatchObject({
      season: { key: '2026-Q4' },
      // 13 weeks and 3 months.
      totals: { tokens: 281_000n, governance: 1_500n },
    });
    const own = { key: 'autumn', name: 'Autumn', startsAt: '2026-10-01', endsAt: '2026-12-01' };
    await createSeason(context, community.id, own, TESTER, NOW);
    // 9 weeks and 2 months.
    expect((await preview(new Date('2026-11-10T00:00:00Z'))).season).toMatchObject({
      season: { key: 'autumn' },
      totals: { tokens: 194_000n },
    });
  });

  it('PZ-7 shows windows that run and those that are closing, each with the prizes that are for it', async () => {
    await send({ ada: 9 });
    const before = await prize('week', FIRST, [tokens(5)]);
    const closing = new Date('2026-08-24T00:30:00Z');
    await prize('week', FIRST, [tokens(6)], new Date('2026-08-24T00:10:00Z'));
    await removePrize(context, await known(), before, TESTER, new Date('2026-08-24T00:20:00Z'));
    const shown = (await preview(closing)).boards.map((board) => [
      board.window.key,
      board.status,
      board.prizes.map(({ prize: one }) => one.rewards.map(say).join()),
      board.winners,
    ]);
    expect(shown).toEqual([
      ['2026-W34', 'closing', ['5 tokens'], 1],
      ['2026-W35', 'open', ['6 tokens'], 0],
    ]);
    const over = new Date('2026-08-24T01:00:00Z');
    await closeDueWindows(context, over);
    expect((await preview(over)).boards.map(({ window }) => window.key)).toEqual(['2026-W35']);
  });

  it('PZ-8 names whoever is hidden by the pseudonym', async () => {
    await send({ ada: 9 });
    await prize('week', FIRST, [tokens(5)]);
    await changePrivacy(context, community.id, { handle: 'ada' }, { hidden: true }, TESTER, NOW);
    expect((await preview()).boards[0]?.first[0]).toMatchObject({ handle: expect.stringMatching(/^hidden-/), rank: 1 });
  });

  it('PZ-9 shows some boards alone, and refuses a category that is unknown', async () => {
    await prize('week', FIRST, [tokens(5)]);
    await prize('month', FIRST, [tokens(5)]);
    expect((await preview(NOW, { window: 'month' })).boards).toMatchObject([{ window: { kind: 'month' }, winners: 0 }]);
    expect((await preview(NOW, { category: 'data-validators' })).boards).toEqual([]);
    await expect(preview(NOW, { category: 'nope' })).rejects.toMatchObject({ code: 'unknown-category' });
  });
});
