import { describe, expect, it } from 'vitest';
import { deliverDue } from '../../src/announcements/deliver.ts';
import { announce } from '../../src/announcements/outbox.ts';
import { createMessenger } from '../../src/discord/messenger.ts';
import { openRest } from '../../src/discord/rest.ts';
import { useDatabase } from '../support/database.ts';
import { faultsOf, openScene } from '../support/discord-bot.ts';
import { cancelled } from '../support/outbox.ts';

const database = useDatabase();

describe('a channel of announcements that was deleted', () => {
  it('AN-60 /setup says so, with how many wait, and has them said in the channel that is chosen next', async () => {
    const now = new Date();
    const scene = await openScene(database.db, { clock: () => now });
    const { discord, guild, channel, community, ranking } = scene;
    const setup = async (options = {}) =>
      (await discord.runCommand(guild.owner, channel, 'setup', options).answer).text();
    const deliver = () =>
      deliverDue(ranking.db, createMessenger(openRest(discord.token, discord.apiUrl)), {
        clock: () => now,
        stopping: new AbortController().signal,
      });
    const [old, next] = ['old', 'next'].map((name) => guild.createChannel({ name }));
    if (!old || !next) throw new Error('Two channels were made.');
    await setup({ channel: old.id });
    expect(await setup()).not.toContain('Announcements have no channel');
    await ranking.db.transaction().execute((trx) =>
      announce(
        trx,
        community.id,
        ['Sprint', 'Dash'].map((name) => ({ key: name, announcement: cancelled(name), dueAt: now })),
      ),
    );
    guild.deleteChannel(old);
    await deliver();
    const told = await setup();
    expect(told).toContain(
      'Announcements have no channel, or it was deleted. 2 wait for one. Choose one: /setup channel:',
    );
    expect(told).not.toContain('could not be said');
    await setup({ channel: next.id });
    await deliver();
    const [message] = discord.messages(next);
    expect(message?.text()).toMatch(/Sprint[^]*Dash/);
    expect(await setup()).not.toContain('Announcements have no channel');
    // What Discord refused is the deleted channel, once.
    expect(faultsOf(scene)).toEqual([expect.stringContaining(`/channels/${old.id}/messages`)]);
  });
});
