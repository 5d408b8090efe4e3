import { beforeEach, describe, expect, it } from 'vitest';
import { mergeMembers } from '../../src/members/merge.ts';
import { joinQuest } from '../../src/quests/join.ts';
import { cancelQuest } from '../../src/quests/manage.ts';
import { newQuestSchema } from '../../src/quests/quest.ts';
import { settleDueRounds } from '../../src/quests/settle.ts';
import { verifyQuests } from '../../src/quests/verify.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { decide, handIn, PROOF_GOAL, proofsOf, setVoided } from '../support/proofs.ts';
import { announcementsOf, completionsOf, hours, makeQuest, questBody, tokensOf } from '../support/quests.ts';

const database = useDatabase();
let ranking: RankingContext;
let community: Awaited<ReturnType<typeof makeCommunity>>;

/** Contributions of members, so that they are members: 1 GPU-hour long ago, or as many as told an hour ago. */
async function contribute(handle: string, amount = '1', occurredAt = '2026-01-01T00:00:00Z') {
  await record(ranking, community, [
    contribution({ id: `${handle} ${amount} ${occurredAt}`, contributor: handle, amount, occurredAt }),
  ]);
}
const newQuest = (fields: Record<string, unknown> = {}) =>
  makeQuest(ranking, community.slug, { goal: PROOF_GOAL, ...fields });
const prove = (handle: string, quest: number, at = NOW, more = {}) =>
  handIn(ranking, community, quest, { handle }, { ...more, now: at });
const settle = (at: Date) => settleDueRounds(ranking, at);
const completed = async () =>
  (await completionsOf(ranking, community.id)).map(({ handle, at, won }) => [handle, at, won]);

beforeEach(async () => {
  // Rounds of other tests are not to be settled by this one.
  await database.db.updateTable('quests').set({ cancelled_at: NOW }).execute();
  ranking = recording(database.db);
  community = await makeCommunity(database.db);
  await contribute('ada');
  await contribute('bob');
});

describe('goals with proof', () => {
  it.each([
    [{ proof: 'Show it' }, undefined],
    [{ all: [{ proof: 'Show it' }, { days: 1 }] }, undefined],
    [{ proof: ' ' }, 'is empty'],
    [{ proof: 'x'.repeat(301) }, 'longer than 300'],
    [{ proof: 'x', category: 'gpu-contributors' }, 'belongs to none'],
    [{ proof: 'x', days: 1 }, 'asks for both'],
  ])('PR-1 ask for one proof, alone or among others: %j', (goal, problem) => {
    const parsed = newQuestSchema.safeParse(questBody({ goal }));
    if (problem === undefined) expect(parsed.success).toBe(true);
    else expect(parsed.error?.message).toContain(problem);
  });

  it('PR-1 ask for no two proofs', async () => {
    await expect(newQuest({ goal: { any: [{ proof: 'a' }, { proof: 'b' }] } })).rejects.toThrow('more than one proof');
  });
});

describe('handing in', () => {
  it('PR-2 waits for a review; the same again changes nothing, another one is refused meanwhile', async () => {
    const quest = await newQuest();
    const proof = await prove('ada', quest);
    expect(proof).toMatchObject({ state: 'waiting', times: 1, handle: 'ada', round: 'once', submittedAt: NOW });
    expect((await prove('ada', quest, hours(1))).id).toBe(proof.id);
    await expect(prove('ada', quest, NOW, { text: 'Another' })).rejects.toMatchObject({ code: 'state-conflict' });
    expect(await proofsOf(ranking, community)).toMatchObject([{ state: 'waiting' }]);
    expect(await completed()).toEqual([]);
  });

  it('PR-3 is refused before the start, after the end, without joining where that is needed, and where no proof is asked', async () => {
    const later = await newQuest({ startsAt: hours(1).toISOString() });
    await expect(prove('ada', later)).rejects.toThrow('has not begun');
    const quest = await newQuest({ joinRequired: true });
    await expect(prove('ada', quest)).rejects.toThrow('/quest join');
    await joinQuest(ranking, community.id, quest, { handle: 'ada' }, TESTER, NOW);
    expect(await prove('ada', quest)).toMatchObject({ state: 'waiting' });
    await expect(prove('ada', await newQuest(), hours(12))).rejects.toThrow('was over');
    await expect(prove('ada', await makeQuest(ranking, community.slug))).rejects.toThrow('asks for no proof');
    await expect(prove('nobody', quest)).rejects.toMatchObject({ code: 'unknown-member' });
    await expect(prove('ada', 999_999)).rejects.toMatchObject({ code: 'unknown-quest' });
    await cancelQuest(ranking, community.id, quest, TESTER, NOW);
    await expect(prove('bob', quest)).rejects.toThrow('was cancelled');
  });

  it('PR-4 belongs to the round that runs', async () => {
    const quest = await newQuest({
      recurrence: 'daily',
      startsAt: hours(-36).toISOString(),
      endsAt: hours(36).toISOString(),
    });
    expect(await prove('ada', quest)).toMatchObject({ round: '2026-08-22' });
    expect(await prove('ada', quest, hours(13))).toMatchObject({ round: '2026-08-23', state: 'waiting' });
    await expect(prove('ada', quest, hours(13), { round: '2026-08-21' })).rejects.toThrow('was over');
    await expect(prove('ada', quest, NOW, { round: '2026-08-30' })).rejects.toThrow('no round');
  });
});

describe('reviewing', () => {
  it('PR-5 approving completes the quest as of when the proof was handed in, and grants once', async () => {
    const quest = await newQuest();
    const { id } = await prove('ada', quest);
    const approved = await decide(ranking, community, id, 'approve', { now: hours(2) });
    expect(approved).toMatchObject({ state: 'approved', review: { reviewer: 'Rita', at: hours(2) } });
    await decide(ranking, community, id, 'approve', { now: hours(3) });
    expect(await completed()).toEqual([['ada', NOW, true]]);
    expect(await tokensOf(ranking, community.id)).toEqual({ ada: 5_000 });
    const said = (await announcementsOf(ranking, community.id)).map(({ kind }) => kind);
    expect(said.filter((kind) => kind === 'quest-completed')).toHaveLength(1);
    await expect(prove('ada', quest, hours(4))).rejects.toThrow('approved already');
    const audit = await database.db
      .selectFrom('audit_log')
      .select(['actor', 'action', 'target', 'after'])
      .where('community_id', '=', community.id)
      .where('action', 'like', 'proof.%')
      .orderBy('audit_id')
      .execute();
    expect(audit).toMatchObject([
      { action: 'proof.hand-in', target: String(id) },
      { action: 'proof.approve', actor: 'Discord user 900', after: { reviewer: 'Rita', member: 'ada' } },
    ]);
  });

  it('PR-6 nobody reviews their own, neither as a Discord user, nor by a linked handle, nor with a key of theirs', async () => {
    const quest = await newQuest();
    const own = await handIn(ranking, community, quest, { discordUserId: '77', name: 'Cleo' });
    await expect(
      decide(ranking, community, own.id, 'approve', { by: { name: 'Cleo', discordUserId: '77' } }),
    ).rejects.toMatchObject({ code: 'forbidden' });
    const { id } = await prove('ada', quest);
    await database.db
      .updateTable('members')
      .set({ discord_user_id: '78' })
      .where('community_id', '=', community.id)
      .where('handle', '=', 'ada')
      .execute();
    for (const by of [
      { name: 'A', discordUserId: '78' },
      { name: 'key', handle: 'ada' },
    ]) {
      await expect(decide(ranking, community, id, 'refuse', { by })).rejects.toMatchObject({ code: 'forbidden' });
    }
    await mergeMembers(ranking, community.id, { from: 'bob', into: 'ada' }, TESTER, NOW);
    await expect(
      decide(ranking, community, id, 'approve', { by: { name: 'key', handle: 'bob' } }),
    ).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('PR-7 the first decision stands, whoever presses at once; the other is told by whom', async () => {
    const quest = await newQuest();
    const { id } = await prove('ada', quest);
    const outcomes = await Promise.allSettled([
      decide(ranking, community, id, 'approve', { by: { name: 'Rita', discordUserId: '900' } }),
      decide(recording(database.db), community, id, 'refuse', { by: { name: 'Sam', discordUserId: '901' } }),
    ]);
    const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
    expect(refused).toHaveLength(1);
    const [proof] = await proofsOf(ranking, community);
    expect(refused[0]).toContain(proof?.state === 'approved' ? 'Rita approved' : 'Sam refused');
    await expect(decide(ranking, community, 999_999, 'approve')).rejects.toMatchObject({ code: 'unknown-proof' });
    await expect(decide(ranking, community, id, 'refuse', { reason: undefined })).rejects.toThrow('Give a `reason`');
  });

  it('PR-8 after "ask for more" the same proof is handed in again, with what was before kept', async () => {
    const quest = await newQuest();
    const { id } = await prove('ada', quest);
    await decide(ranking, community, id, 'ask', { reason: 'Show the log' });
    const again = await prove('ada', quest, hours(1), { text: 'With the log' });
    expect(again).toMatchObject({
      id,
      state: 'waiting',
      times: 2,
      content: { text: 'With the log' },
      review: undefined,
    });
    await expect(decide(ranking, community, id, 'approve', { times: 1 })).rejects.toThrow('handed in anew');
    const [row] = await proofsOf(ranking, community);
    expect(row?.history).toMatchObject([{ reason: 'Show the log', reviewer: 'Rita', content: { text: 'I did it' } }]);
    await decide(ranking, community, id, 'approve', { times: 2 });
    expect(await completed()).toEqual([['ada', hours(1), true]]);
  });

  it('PR-9 asked for more, it is completed after the deadline, too, and counts as of the deadline', async () => {
    const quest = await newQuest({ maxWinners: 1 });
    const { id } = await prove('ada', quest);
    await decide(ranking, community, id, 'ask');
    await prove('ada', quest, hours(20), { text: 'More' });
    await decide(ranking, community, id, 'approve', { now: hours(21) });
    expect(await completed()).toEqual([['ada', hours(12), null]]);
  });

  it('PR-10 after a refusal another one is handed in, until the deadline', async () => {
    const quest = await newQuest();
    const first = await prove('ada', quest);
    await decide(ranking, community, first.id, 'refuse', { reason: 'Not yours' });
    const second = await prove('ada', quest, hours(1));
    expect(second.id).not.toBe(first.id);
    await decide(ranking, community, second.id, 'refuse');
    await expect(prove('ada', quest, hours(12))).rejects.toThrow('was over');
    expect(await completed()).toEqual([]);
  });

  it('PR-11 whoever handed it in is told in private what was decided, if known on Discord', async () => {
    const quest = await newQuest();
    const { id } = await handIn(ranking, community, quest, { discordUserId: '77', name: 'Cleo' });
    await decide(ranking, community, id, 'ask', { reason: 'Show the log' });
    const said = (await announcementsOf(ranking, community.id)).filter(({ kind }) => kind.startsWith('proof'));
    expect(said).toMatchObject([
      { kind: 'proof-reviewed', recipient_id: '77', content: { decision: 'asked', reason: 'Show the log' } },
    ]);
  });
});

describe('proofs among other goals', () => {
  it.each(['proof first', 'work first'])('PR-12 complete together with contributions: %s', async (order) => {
    const quest = await newQuest({ goal: { all: [PROOF_GOAL, { category: 'gpu-contributors', amount: '10' }] } });
    const work = (amount: string, at: Date) => contribute('ada', amount, at.toISOString());
    await work('4', hours(-2));
    const { id } = await prove('ada', quest);
    if (order === 'work first') await work('6', hours(-1));
    await decide(ranking, community, id, 'approve');
    if (order === 'proof first') {
      expect(await completed()).toEqual([]);
      await work('5', hours(-1));
      await work('1', hours(-0.5));
    }
    expect(await completed()).toEqual([['ada', NOW, true]]);
    const known = await ranking.directory.bySlug(community.slug);
    expect(await Array.fromAsync(verifyQuests(database.db, known))).toEqual([]);
    await setVoided(ranking, community, 'ada');
    expect(await completed()).toEqual([]);
    expect(await tokensOf(ranking, community.id)).toEqual({});
  });

  it('PR-13 a prerequisite that is met later lets an approved proof count when the round is settled', async () => {
    const before = await makeQuest(ranking, community.slug, { goal: { days: 1 } });
    const quest = await newQuest({ prerequisites: [{ quest: before }] });
    const { id } = await prove('ada', quest);
    await decide(ranking, community, id, 'approve');
    expect(await completed()).toEqual([]);
    await contribute('ada', '1', hours(-1).toISOString());
    await settle(hours(13));
    expect(await completed()).toEqual([
      ['ada', hours(-1), true],
      ['ada', NOW, true],
    ]);
  });
});

describe('settling', () => {
  it('PR-14 a round waits for its proofs; winners are those who handed in first, whoever was reviewed first', async () => {
    const quest = await newQuest({ maxWinners: 1 });
    const [first, second] = [await prove('ada', quest), await prove('bob', quest, hours(1))];
    await decide(ranking, community, second.id, 'approve', { now: hours(2) });
    const next = await settle(hours(14));
    expect(next).toEqual(hours(13 + 7 * 24));
    expect(await completed()).toEqual([['bob', hours(1), null]]);
    await decide(ranking, community, first.id, 'approve', { now: hours(15) });
    await settle(hours(15));
    expect(await completed()).toEqual([
      ['ada', NOW, true],
      ['bob', hours(1), false],
    ]);
    expect(await tokensOf(ranking, community.id)).toEqual({ ada: 5_000 });
  });

  it('PR-15 it waits seven days at most: what nobody approved by then is refused, and told', async () => {
    const quest = await newQuest({ maxWinners: 1 });
    const { id } = await handIn(ranking, community, quest, { discordUserId: '77', name: 'Cleo' });
    const end = 13 + 7 * 24;
    await settle(hours(end - 1));
    expect(await proofsOf(ranking, community)).toMatchObject([{ state: 'waiting' }]);
    await settle(hours(end));
    expect(await proofsOf(ranking, community)).toMatchObject([{ state: 'refused', reviewer: 'the bot' }]);
    await expect(decide(ranking, community, id, 'approve', { now: hours(end + 1) })).rejects.toThrow('the bot refused');
    expect(await completed()).toEqual([]);
    const said = (await announcementsOf(ranking, community.id)).map(({ kind }) => kind);
    expect(said).toContain('proof-reviewed');
    expect(said).toContain('quest-settled');
  });

  it('PR-16 where all who complete it win, a proof is approved after settling, too', async () => {
    const quest = await newQuest();
    const { id } = await prove('ada', quest);
    await settle(hours(13 + 7 * 24));
    await decide(ranking, community, id, 'approve', { now: hours(14 + 7 * 24) });
    expect(await completed()).toEqual([['ada', NOW, true]]);
    expect(await tokensOf(ranking, community.id)).toEqual({ ada: 5_000 });
  });

  it('PR-17 cancelling a quest refuses its proofs', async () => {
    const quest = await newQuest();
    await prove('ada', quest);
    await cancelQuest(ranking, community.id, quest, TESTER, hours(1));
    expect(await proofsOf(ranking, community)).toMatchObject([
      { state: 'refused', reason: 'The quest was cancelled.' },
    ]);
  });
});

describe('merging members', () => {
  it.each([
    ['waiting', 'waiting', ['ada waiting', 'ada refused']],
    ['waiting', 'approved', ['ada refused', 'ada approved']],
    ['approved', 'asked', ['ada approved', 'ada refused']],
  ] as const)('PR-18 keeps one proof of two: %s and %s', async (one, other, expected) => {
    const quest = await newQuest();
    const [ofAda, ofBob] = [await prove('ada', quest), await prove('bob', quest, hours(1))];
    for (const [state, { id }] of [
      [one, ofAda],
      [other, ofBob],
    ] as const) {
      if (state !== 'waiting') await decide(ranking, community, id, state === 'approved' ? 'approve' : 'ask');
    }
    await mergeMembers(ranking, community.id, { from: 'bob', into: 'ada' }, TESTER, hours(2));
    const proofs = await proofsOf(ranking, community);
    expect(proofs.map(({ handle, state }) => `${handle} ${state}`)).toEqual(expected);
    const counts = one === 'approved' || other === 'approved';
    expect(await tokensOf(ranking, community.id)).toEqual(counts ? { ada: 5_000 } : {});
  });
});
