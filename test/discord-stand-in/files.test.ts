import { MessageFlags, REST, Routes } from 'discord.js';
import { expect, it, onTestFinished } from 'vitest';
import { DiscordStandIn } from '../support/discord/stand-in.ts';

it('PR-29 the stand-in keeps files that come with a message, gives them out, and refuses to show what did not come', async () => {
  const discord = await DiscordStandIn.start();
  onTestFinished(() => discord.close());
  const channel = discord.createGuild({ name: 'Lab' }).createChannel({ name: 'general' });
  const rest = new REST({ api: discord.apiUrl, retries: 0 }).setToken(discord.token);
  const route = Routes.channelMessages(channel.id);
  const showing = (name: string) => ({
    flags: MessageFlags.IsComponentsV2,
    components: [{ type: 13, file: { url: `attachment://${name}` } }],
  });
  const files = [{ name: 'a.txt', data: Buffer.from('words'), contentType: 'text/plain' }];
  await expect(rest.post(route, { body: showing('b.txt'), files })).rejects.toMatchObject({ code: 50035 });
  const made = await rest.post(route, { body: showing('a.txt'), files });
  const [message] = discord.messages(channel);
  const [attachment] = message?.attachments ?? [];
  expect(made).toMatchObject({ attachments: [{ filename: 'a.txt', size: 5, content_type: 'text/plain' }] });
  const fetched = await fetch(attachment?.url ?? '');
  expect([fetched.status, await fetched.text()]).toEqual([200, 'words']);
  // An edit that says nothing of files keeps them, and can show them again.
  const one = Routes.channelMessage(channel.id, message?.id ?? '');
  await rest.patch(one, { body: { components: showing('a.txt').components } });
  await expect(
    rest.patch(one, { body: { components: showing('a.txt').components, attachments: [] } }),
  ).rejects.toMatchObject({ code: 50035 });
  expect((await fetch(`${new URL(discord.apiUrl).origin}/attachments/1/a.txt`)).status).toBe(404);
});
