import { describe, expect, it } from 'vitest';
import { linkDiscordUser, createLinkCode } from '../../src/members/link.ts';
import { unlinkMember } from '../../src/members/unlink.ts';
import { findMembersByPrefix } from '../../src/members/suggest-members.ts';
import { remindSubscribers } from '../../src/quests/remind.ts';
import { joinQuest } from '../../src/quests/join.ts';
import { requireQuest } from '../../src/quests/manage.ts';
import { readQuestRound } from '../../src/quests/read-quests.ts';
import { settleDueRounds } from '../../src/quests/settle.ts';
import { NOW, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { HIDDEN, openPrivacy } from '../support/privacy.ts';
import { announcementsOf, hours, makeQuest } from '../support/quests.ts';

const database = useDatabase();
const open = () => openPrivacy(database.db);
const names = (entries: readonly { handle: string; displayName: string }[]) =>
  entries.map(({ handle, displayName }) => [handle, displayName]);

describe('hiding', () => {
  it('PV-1 a pseudonym stands in place of both names, another each time, and nobody moves', async () => {
    const { send, hide, choose, board, member } = await open();
    await send(
      { contributor: 'ada', displayName: 'Ada L.', amount: 3 },
      { contributor: 'bob', amount: 2 },
      { contributor: 'eve', amount: 1 },
    );
    const before = await board();
    const first = await hide('ada');
    expect(first).toMatch(HIDDEN);
    expect(names(await board())).toEqual([
      [first, first],
      ['bob', 'bob'],
      ['eve', 'eve'],
    ]);
    expect((await board()).map(({ rank, score, memberId }) => [rank, score, memberId])).toEqual(
      before.map(({ rank, score, memberId }) => [rank, score, memberId]),
    );
    expect(await hide('ada')).toBe(first);
    // What comes meanwhile counts under it, whatever name it brings.
    await send({ contributor: 'ada', displayName: 'Countess', amount: 1 });
    expect(names(await board())[0]).toEqual([first, first]);
    expect(await member('ada')).toMatchObject({ displayName: 'Countess', hiddenAs: first });

    await choose('ada', { hidden: false });
    expect(await board()).toMatchObject([{ handle: 'ada', displayName: 'Countess', rank: 1 }, {}, {}]);
    const second = await hide('ada');
    expect(second).toMatch(HIDDEN);
    expect(second).not.toBe(first);
  });

  it('PV-1 quests show it, too, and announcements that are made from then on', async () => {
    const { community, context, send, hide } = await open();
    const quest = await makeQuest(context, community.slug, { maxWinners: 1 });
    await send({ contributor: 'ada', displayName: 'Ada L.', amount: 10, occurredAt: hours(-1).toISOString() });
    const pseudonym = await hide('ada');
    const known = await requireQuest(database.db, community.id, quest);
    const page = { limit: 10, offset: 0 };
    const { completions } = await readQuestRound(database.db, community.id, known, undefined, page, NOW);
    expect(completions).toMatchObject([{ handle: pseudonym, displayName: pseudonym }]);
    await settleDueRounds(context, hours(13));
    const told = (await announcementsOf(context, community.id)).at(-1);
    expect(told?.content).toMatchObject({ kind: 'quest-settled', winners: [{ name: pseudonym }] });
  });

  it('PV-7 announcements leave out who does not want to be named, also those that wait', async () => {
    const { community, context, send, choose } = await open();
    await makeQuest(context, community.slug);
    await send({ contributor: 'ada', amount: 10, occurredAt: hours(-1).toISOString() });
    await choose('ada', { mentions: false });
    await send({ contributor: 'bob', amount: 10, occurredAt: hours(-1).toISOString() });
    await choose('bob', { mentions: true });
    const completed = async () =>
      (await announcementsOf(context, community.id)).flatMap(({ kind, content }) =>
        kind === 'quest-completed' ? [(content as { member: { name: string } }).member.name] : [],
      );
    expect(await completed()).toEqual(['Somebody', 'bob']);
    await choose('ada', { mentions: true });
    expect(await completed()).toEqual(['ada', 'bob']);
  });

  it('PV-7 whoever wants no reminders gets none', async () => {
    const { community, context, send, choose } = await open();
    const quest = await makeQuest(context, community.slug);
    for (const contributor of ['discord-1', 'discord-2']) {
      await send({ contributor, amount: 6, occurredAt: hours(-1).toISOString() });
      await joinQuest(context, community.id, quest, { handle: contributor }, TESTER, NOW);
    }
    await choose('discord-1', { reminders: false });
    await remindSubscribers(context, hours(8));
    const told = (await announcementsOf(context, community.id)).filter(({ kind }) => kind === 'quest-reminder');
    expect(told.map((row) => row.recipient_id)).toEqual(['2']);
  });

  it('PV-7 boards tell a Discord account only where the member agreed, and never while hidden', async () => {
    const { community, context, send, choose, board } = await open();
    await send(
      { contributor: 'ada', amount: 3 },
      { contributor: 'discord-7', amount: 2 },
      { contributor: 'eve', amount: 1 },
    );
    const { code } = await createLinkCode(context, community.id, 'ada', TESTER, NOW);
    await linkDiscordUser(context, community.id, { code, discordUserId: '42' }, TESTER, NOW);
    const accounts = async () => (await board()).map(({ discordUserId }) => discordUserId);
    expect(await accounts()).toEqual([undefined, undefined, undefined]);
    await choose('ada', { showDiscord: true });
    await choose('discord-7', { showDiscord: true });
    await choose('eve', { showDiscord: true });
    expect(await accounts()).toEqual(['42', '7', undefined]);
    await choose('ada', { hidden: true });
    expect(await accounts()).toEqual([undefined, '7', undefined]);
    await choose('ada', { hidden: false });
    await choose('discord-7', { showDiscord: false });
    expect(await accounts()).toEqual(['42', undefined, undefined]);
    // Who agreed is the account, and not whichever is linked next.
    await unlinkMember(context, community.id, 'ada', TESTER, NOW);
    const again = await createLinkCode(context, community.id, 'ada', TESTER, NOW);
    await linkDiscordUser(context, community.id, { code: again.code, discordUserId: '43' }, TESTER, NOW);
    expect(await accounts()).toEqual([undefined, undefined, undefined]);
  });

  it('PV-8 nobody contributes under a pseudonym, nor under the name of who was deleted', async () => {
    const { send, hide, remove, choose, board } = await open();
    await send({ contributor: 'ada', amount: 2 }, { contributor: 'bob' }, { contributor: 'hidden-dragon', amount: 5 });
    const pseudonym = await hide('ada');
    const name = await remove('bob');
    for (const contributor of [pseudonym, name]) {
      expect(await send({ contributor })).toEqual([
        { status: 'rejected', reason: 'invalid_contributor', detail: expect.stringContaining('hidden or deleted') },
      ]);
    }
    // A handle of the same shape that is somebody's own is as good as any.
    expect(await send({ contributor: 'hidden-dragon' })).toMatchObject([{ status: 'accepted' }]);
    expect((await board()).map(({ handle }) => handle)).toEqual(['hidden-dragon', pseudonym, name]);
    await choose('ada', { hidden: false });
    expect(await send({ contributor: pseudonym })).toMatchObject([{ status: 'accepted' }]);
  });

  it('PV-9 merging makes the survivor as private as either was, and hides both lines', async () => {
    const { community, send, hide, choose, merge, member, board } = await open();
    await send({ contributor: 'old', amount: 1 }, { contributor: 'ada', amount: 2 }, { contributor: 'bob', amount: 9 });
    await hide('old');
    await choose('ada', { mentions: false, showDiscord: true });
    const survivor = await merge('old', 'ada');
    expect(survivor.hiddenAs).toMatch(HIDDEN);
    expect((await board()).map(({ handle }) => handle)).toEqual(['bob', survivor.hiddenAs]);
    const rows = await database.db
      .selectFrom('members')
      .select(['handle', 'hidden_as', 'no_mention', 'shows_discord'])
      .where('community_id', '=', community.id)
      .orderBy('member_id')
      .execute();
    expect(rows).toMatchObject([
      { handle: 'old', hidden_as: expect.stringMatching(HIDDEN), no_mention: true, shows_discord: false },
      { handle: 'ada', hidden_as: survivor.hiddenAs, no_mention: true, shows_discord: false },
      { handle: 'bob', hidden_as: null, no_mention: false },
    ]);
    expect(rows[0]?.hidden_as).not.toBe(rows[1]?.hidden_as);
    await choose('ada', { hidden: false });
    expect((await member('old')).hiddenAs).toBe(undefined);
    const left = await database.db
      .selectFrom('members')
      .select('handle')
      .where('community_id', '=', community.id)
      .where('hidden_as', 'is not', null)
      .execute();
    expect(left).toEqual([]);
  });

  it('PV-3 handles of the hidden are suggested to admins alone', async () => {
    const { community, send, hide, remove } = await open();
    await send({ contributor: 'ada' }, { contributor: 'adam' }, { contributor: 'adele' });
    await hide('ada');
    const name = await remove('adele');
    const suggest = async (prefix: string, forAdmins: boolean) =>
      (await findMembersByPrefix(database.db, community.id, prefix, { limit: 25, forAdmins })).map(
        ({ handle }) => handle,
      );
    expect(await suggest('', false)).toEqual(['adam']);
    expect(await suggest('ad', true)).toEqual(['ada', 'adam']);
    expect(await suggest('del', true)).toEqual([name]);
  });

  it('PV-7 what is so already stays, and every change is in the audit log without the pseudonym', async () => {
    const { community, send, choose, hide } = await open();
    await send({ contributor: 'ada' });
    const pseudonym = await hide('ada');
    await choose('ada', { hidden: true, mentions: true });
    const log = await database.db
      .selectFrom('audit_log')
      .select(['actor', 'action', 'target', 'before', 'after'])
      .where('community_id', '=', community.id)
      .where('action', 'like', 'privacy.%')
      .execute();
    expect(log).toMatchObject([
      { actor: 'tester', action: 'privacy.change', target: 'ada', before: { hidden: false }, after: { hidden: true } },
    ]);
    expect(JSON.stringify(log)).not.toContain(pseudonym);
    await expect(choose('nobody', { hidden: true })).rejects.toMatchObject({ code: 'unknown-member' });
  });
});
