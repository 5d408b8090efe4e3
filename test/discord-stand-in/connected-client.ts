import { Client, Events, GatewayIntentBits, type ClientOptions } from 'discord.js';
import { onTestFinished } from 'vitest';
import { DiscordStandIn } from '../support/discord/stand-in.ts';

/** A stand-in that closes when the test is over. */
export async function startStandIn(): Promise<DiscordStandIn> {
  const standIn = await DiscordStandIn.start();
  onTestFinished(() => standIn.close());
  return standIn;
}

/** The real discord.js client, not yet logged in, that is destroyed when the test is over. */
export function clientOf(standIn: DiscordStandIn, options: Partial<ClientOptions> = {}): Client {
  const client = new Client({
    intents: [GatewayIntentBits.Guilds],
    ...options,
    rest: { api: standIn.apiUrl, retries: 1, ...options.rest },
  });
  onTestFinished(() => client.destroy());
  return client;
}

/** The same, ready. */
export async function connect(standIn: DiscordStandIn, options: Partial<ClientOptions> = {}): Promise<Client<true>> {
  const client = clientOf(standIn, options);
  const { promise, resolve } = Promise.withResolvers<Client<true>>();
  client.once(Events.ClientReady, resolve);
  await client.login(standIn.token);
  return promise;
}
