import { ComponentType, MessageFlags, PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { countWaitingForChannel } from '../../src/announcements/administer.ts';
import { setChannel } from '../../src/announcements/channel.ts';
import { componentIdOf } from '../../src/discord/announcement-messages.ts';
import { TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { cancelled, Outbox } from '../support/outbox.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3_600_000;
const YEAR_MS = 366 * DAY_MS;
/** As long as a sender has to tell how it ended. */
const CLAIM_MS = 31_000;

const database = useDatabase();
const open = (options?: { channel?: boolean }) => Outbox.open(database.db, options);

const POST = /^POST \/channels\/\d+\/messages/;

async function actionsOf({ db, communityId }: Outbox): Promise<string[]> {
  const rows = await db
    .selectFrom('audit_log')
    .select('action')
    .where('community_id', '=', communityId)
    .where('action', 'like', 'community.channel%')
    .orderBy('audit_id')
    .execute();
  return rows.map(({ action }) => action);
}

describe('delivering announcements', () => {
  it('AN-1 what is due is said once in the channel of the community, and carries its number', async () => {
    const outbox = await open();
    await outbox.say(cancelled('Sprint'));
    await outbox.say(cancelled('Not yet'), { dueAt: new Date(outbox.now().getTime() + MINUTE_MS) });
    const next = await outbox.deliver();
    await outbox.deliver();

    const [message, ...others] = outbox.messages();
    expect(others).toEqual([]);
    expect(message?.text()).toContain('2× is off: Sprint');
    expect(message?.flags).toBe(MessageFlags.IsComponentsV2);
    const [row] = await outbox.db
      .selectFrom('announcements')
      .selectAll()
      .where('community_id', '=', outbox.communityId)
      .orderBy('announcement_id')
      .execute();
    expect(message?.components).toMatchObject([
      { type: ComponentType.Container, id: componentIdOf(row?.announcement_id ?? 0) },
    ]);
    expect(row).toMatchObject({ state: 'delivered', message_id: message?.id, attempts: 1 });
    expect((next?.getTime() ?? 0) - outbox.now().getTime()).toBeGreaterThan(MINUTE_MS / 2);
    expect(outbox.problems()).toEqual([]);

    outbox.pass(MINUTE_MS);
    await outbox.deliver();
    expect(outbox.messages().map((one) => one.text())).toEqual([
      expect.stringContaining('Sprint'),
      expect.stringContaining('Not yet'),
    ]);
  });

  it('AN-2 a burst of one group becomes one message', async () => {
    const outbox = await open();
    for (let n = 1; n <= 20; n += 1) {
      const told = {
        quest: 'Train it',
        member: { memberId: n, name: `member-${n}` },
        rewards: [{ kind: 'tokens', amount: '1200.5' } as const],
      };
      await outbox.say({ kind: 'quest-completed', ...told }, { group: 'quest 1 completed' });
    }
    await outbox.deliver();
    expect(outbox.messages()).toHaveLength(1);
    const text = outbox.messages()[0]?.text() ?? '';
    expect(text).toContain('20 members completed it: member-1, member-2');
    expect(text).toContain('and 5 more');
    expect(text).toContain('1,200.5 OMNIT');
    expect(await outbox.states()).toEqual(['delivered', ...Array.from({ length: 19 }, () => 'joined')]);
  });

  it('AN-2 who completed several rounds of a quest is one member', async () => {
    const outbox = await open();
    for (const memberId of [1, 2, 1]) {
      const member = { memberId, name: `member-${memberId}` };
      const told = { quest: 'Every day', member, rewards: [{ kind: 'tokens', amount: '5' } as const] };
      await outbox.say({ kind: 'quest-completed', ...told }, { group: 'quest 1 completed' });
    }
    await outbox.deliver();
    const text = outbox.messages()[0]?.text() ?? '';
    expect(text).toContain('2 members completed it 3 times in all: member-1, member-2.');
    expect(text).toContain('Reward each time: 5');
  });

  it('AN-3 what gathered while nothing ran is told in few messages, in order', async () => {
    const outbox = await open();
    for (let n = 1; n <= 20; n += 1) {
      await outbox.say(cancelled(`Event ${n}.`), { dueAt: new Date(outbox.now().getTime() - (30 - n) * MINUTE_MS) });
    }
    await outbox.deliver();
    const texts = outbox.messages().map((message) => message.text());
    expect(texts).toHaveLength(3);
    const all = texts.join('\n');
    const places = Array.from({ length: 20 }, (_, n) => all.indexOf(`Event ${n + 1}.`));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBeGreaterThanOrEqual(0);
    expect(outbox.problems()).toEqual([]);
  });

  it('AN-4 without a channel it waits, with no tries lost, and is said once there is one, if it is still of use', async () => {
    const outbox = await open({ channel: false });
    await outbox.say(cancelled('Kept'));
    const startsAt = new Date(outbox.now().getTime() + MINUTE_MS).toISOString();
    const endsAt = new Date(outbox.now().getTime() + DAY_MS).toISOString();
    await outbox.say({ kind: 'multiplier-ahead', name: 'Stale', factor: '2', categories: [], startsAt, endsAt });
    expect(await outbox.deliver()).toBeUndefined();
    expect(await outbox.rows()).toMatchObject([
      { state: 'waiting', attempts: 0 },
      { state: 'waiting', attempts: 0 },
    ]);
    outbox.pass(2 * MINUTE_MS);
    await outbox.choose(outbox.channel);
    await outbox.deliver();
    expect(await outbox.states()).toEqual(['delivered', 'dropped']);
    expect(
      outbox
        .messages()
        .map((one) => one.text())
        .join(),
    ).not.toContain('Stale');
  });

  it('AN-5 told to wait, it waits as long as Discord asks, keeps the order, and counts no try', async () => {
    const outbox = await open();
    outbox.discord.faults.rateLimitNext(POST, 40);
    await outbox.say(cancelled('First'));
    const next = await outbox.deliver();
    expect((next?.getTime() ?? 0) - outbox.now().getTime()).toBeGreaterThan(30_000);
    expect(await outbox.rows()).toMatchObject([{ state: 'waiting', attempts: 0, reason: 'Discord asks to wait.' }]);
    await outbox.deliver();
    expect(outbox.messages()).toEqual([]);

    outbox.pass(41_000);
    await outbox.say(cancelled('Second'));
    await outbox.deliver();
    expect(outbox.messages()).toHaveLength(1);
    expect(outbox.messages()[0]?.text()).toMatch(/First[^]*Second/);
  });

  it('AN-6 when Discord fails, nobody knows: it is looked for before it is said again', async () => {
    const outbox = await open();
    outbox.discord.faults.failNext(POST, 503);
    await outbox.say(cancelled('Sprint'));
    await outbox.deliver();
    await outbox.deliver();
    expect(await outbox.states()).toEqual(['claimed']);
    expect(outbox.messages()).toEqual([]);
    outbox.pass(CLAIM_MS);
    await outbox.deliver();
    expect(await outbox.states()).toEqual(['delivered']);
    expect(outbox.messages()).toHaveLength(1);
    expect(outbox.discord.requests.some(({ method, path }) => method === 'GET' && path.includes('/messages?'))).toBe(
      true,
    );
  });

  it('AN-7 what was said while the answer was lost is found, and not said again', async () => {
    const outbox = await open();
    const hold = outbox.discord.faults.holdNext(POST, 'after');
    await outbox.say(cancelled('Sprint'));
    // The client gives up after some seconds.
    await Promise.all([outbox.deliver(), hold.arrived]);
    hold.release();
    expect(await outbox.states()).toEqual(['claimed']);
    // Others talk meanwhile.
    await outbox.say(cancelled('Another'), { channelId: outbox.channel.id });
    outbox.pass(CLAIM_MS);
    await outbox.deliver();
    expect(await outbox.states()).toEqual(['delivered', 'delivered']);
    expect(outbox.messages().map((one) => one.text())).toEqual([
      expect.stringContaining('Sprint'),
      expect.stringContaining('Another'),
    ]);
  }, 40_000);

  it('AN-8 where the bot may not read the history, an unsure one rests for an admin', async () => {
    const outbox = await open();
    const everyone = outbox.guild.id;
    outbox.channel.overwrites.push(
      { id: everyone, type: 0, allow: '0', deny: '0' },
      { id: outbox.guild.botRole.id, type: 0, allow: '0', deny: String(PermissionFlagsBits.ReadMessageHistory) },
    );
    outbox.discord.faults.failNext(POST, 500);
    await outbox.say(cancelled('Sprint'));
    await outbox.deliver();
    outbox.pass(CLAIM_MS);
    await outbox.deliver();
    expect(await outbox.rows()).toMatchObject([
      { state: 'unsure', reason: expect.stringContaining('"Read Message History"') },
    ]);
    expect(outbox.messages()).toEqual([]);
  });

  it('AN-9 a channel that is closed to the bot: it fails with what to do, is asked once, and is said in the next one', async () => {
    const outbox = await open();
    const closed = outbox.guild.createChannel({ name: 'closed', denyBot: true });
    await outbox.choose(closed);
    await outbox.say(cancelled('Sprint'));
    await outbox.deliver();
    outbox.pass(DAY_MS / 2);
    await outbox.deliver();
    expect(await outbox.rows()).toMatchObject([{ state: 'failed', reason: expect.stringContaining('"View Channel"') }]);
    expect(outbox.discord.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);

    await setChannel(outbox.db, outbox.communityId, outbox.channel.id, TESTER, outbox.now());
    await outbox.deliver();
    expect(outbox.messages().map((one) => one.text())).toEqual([expect.stringContaining('Sprint')]);
  });

  it('AN-57 a channel that is deleted: it is asked once, told to an admin once, and all waits for the next one', async () => {
    const outbox = await open();
    const reviews = outbox.guild.createChannel({ name: 'reviews' });
    for (const channel of [outbox.channel, reviews]) outbox.guild.deleteChannel(channel);
    for (let n = 1; n <= 10; n += 1) await outbox.say(cancelled(`Event ${n}.`));
    await outbox.say(cancelled('Elsewhere'), { channelId: reviews.id });
    for (let run = 0; run < 4; run += 1) {
      await outbox.deliver();
      outbox.pass(MINUTE_MS);
    }
    expect(await outbox.deliver()).toBeUndefined();
    const rows = await outbox.rows();
    expect(rows.slice(0, 10)).toMatchObject(Array.from({ length: 10 }, () => ({ state: 'waiting', attempts: 0 })));
    // One with a channel of its own waits for nothing.
    expect(rows[10]).toMatchObject({ state: 'failed', reason: expect.stringContaining('not there any more') });
    expect(outbox.gone).toEqual([outbox.channel.id, reviews.id]);
    expect(outbox.discord.requests.filter(({ method }) => method === 'POST')).toHaveLength(2);
    expect(await countWaitingForChannel(outbox.db, outbox.communityId, outbox.now())).toBe(10);
    expect(await actionsOf(outbox)).toEqual(['community.channel-gone']);

    const next = outbox.guild.createChannel({ name: 'next' });
    await setChannel(outbox.db, outbox.communityId, next.id, TESTER, outbox.now());
    await outbox.deliver();
    const all = outbox
      .messages(next)
      .map((one) => one.text())
      .join('\n');
    for (let n = 1; n <= 10; n += 1) expect(all.split(`Event ${n}.`)).toHaveLength(2);
    expect(await actionsOf(outbox)).toEqual(['community.channel-gone', 'community.channel']);
  });

  it('AN-58 what may have been said in a channel that was deleted since is said in the next one', async () => {
    const outbox = await open();
    outbox.discord.faults.failNext(POST, 503);
    await outbox.say(cancelled('Sprint'));
    await outbox.deliver();
    outbox.guild.deleteChannel(outbox.channel);
    outbox.pass(CLAIM_MS);
    await outbox.deliver();
    expect(await outbox.rows()).toMatchObject([{ state: 'waiting', attempts: 0 }]);
    const next = outbox.guild.createChannel({ name: 'next' });
    await setChannel(outbox.db, outbox.communityId, next.id, TESTER, outbox.now());
    await outbox.deliver();
    expect(outbox.messages(next)).toHaveLength(1);
  });

  it('AN-59 a channel that was chosen while the one before turned out to be gone stays', async () => {
    const outbox = await open();
    const next = outbox.guild.createChannel({ name: 'next' });
    outbox.guild.deleteChannel(outbox.channel);
    const hold = outbox.discord.faults.holdNext(POST, 'before');
    await outbox.say(cancelled('Sprint'));
    const delivering = outbox.deliver();
    await hold.arrived;
    await setChannel(outbox.db, outbox.communityId, next.id, TESTER, outbox.now());
    hold.release();
    await delivering;
    await outbox.deliver();
    expect(outbox.messages(next)).toHaveLength(1);
  });

  it('AN-10 a person is told in private, and who takes no messages is not asked again', async () => {
    const outbox = await open({ channel: false });
    const [ada, bob] = ['ada', 'bob'].map((username) => outbox.discord.createUser({ username }));
    if (!ada || !bob) throw new Error('Two people were made.');
    outbox.discord.refusePrivateMessages(bob);
    for (const { id } of [ada, bob]) {
      await outbox.say(
        { kind: 'proof-reviewed', quest: 'Train it', decision: 'approved', reason: '' },
        { recipientId: id },
      );
    }
    await outbox.deliver();
    expect(outbox.messages(outbox.discord.privateChannel(ada)).map((one) => one.text())).toEqual([
      'Your proof was approved: Train it\nFrom Lab',
    ]);
    expect(await outbox.rows()).toMatchObject([
      { state: 'delivered' },
      { state: 'failed', reason: 'This person takes no private messages from the bot.' },
    ]);
    outbox.pass(DAY_MS);
    await outbox.deliver();
    expect(outbox.messages(outbox.discord.privateChannel(bob))).toEqual([]);
  });

  it('AN-11 several workers at once say nothing twice', async () => {
    const outbox = await open();
    for (let n = 1; n <= 40; n += 1) await outbox.say(cancelled(`Event ${n}.`));
    await Promise.all([outbox.deliver(), outbox.deliver(), outbox.deliver(), outbox.deliver()]);
    await outbox.deliver();
    const all = outbox
      .messages()
      .map((one) => one.text())
      .join('\n');
    for (let n = 1; n <= 40; n += 1) expect(all.split(`Event ${n}.`)).toHaveLength(2);
  });

  it('AN-12 a clock that jumps a year ahead and back again loses nothing and says nothing twice', async () => {
    const outbox = await open();
    outbox.pass(YEAR_MS);
    outbox.discord.faults.failNext(POST, 503);
    await outbox.say(cancelled('Unsure in the future'));
    await outbox.deliver();
    outbox.pass(-YEAR_MS);
    await outbox.deliver();
    expect(outbox.messages()).toHaveLength(1);

    outbox.pass(YEAR_MS);
    const hold = outbox.discord.faults.holdNext(POST, 'after');
    await outbox.say(cancelled('Said in the future'));
    const sending = outbox.deliver();
    await hold.arrived;
    await sending;
    hold.release();
    outbox.pass(-YEAR_MS);
    await outbox.deliver();
    expect(outbox.messages()).toHaveLength(2);
    expect(await outbox.states()).toEqual(['delivered', 'delivered']);
  }, 40_000);

  it('AN-13 one community whose Discord fails does not keep others waiting', async () => {
    const outbox = await open();
    const other = outbox.discord.createGuild({ name: 'Other' });
    const elsewhere = other.createChannel({ name: 'news' });
    outbox.discord.faults.failNext(`/channels/${outbox.channel.id}/messages`, 502);
    await outbox.say(cancelled('Here'));
    await outbox.say(cancelled('There'), { channelId: elsewhere.id });
    await outbox.deliver();
    expect(outbox.messages(elsewhere)).toHaveLength(1);
  });
});
