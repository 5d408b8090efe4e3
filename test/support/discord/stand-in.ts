import type { AddressInfo } from 'node:net';
import type { Context } from './context.ts';
import { Faults } from './faults.ts';
import { Gateway } from './gateway.ts';
import { StandInGuild } from './guild.ts';
import {
  autocompleteCommand,
  runChatCommand,
  runMenuCommand,
  type GivenValue,
  type OptionValue,
} from './hands/commands.ts';
import { pressButton, selectValues, submitForm, type Answers } from './hands/components.ts';
import type { Interaction } from './interaction.ts';
import { privateChannel } from './private-room.ts';
import { postMessage } from './messages.ts';
import { RateLimits } from './rest/rate-limits.ts';
import { openRest, type RecordedRequest } from './rest/server.ts';
import { newSnowflake } from './snowflakes.ts';
import { StandInMessage } from './stand-in-message.ts';
import { Transcript } from './transcript/transcript.ts';
import { World, type StandInChannel, type StandInUser, type StoredMessage } from './world.ts';

/**
 * A Discord of its own on 127.0.0.1, with one bot account: as much of REST v10 and of the gateway as a bot of this kind
 * uses, over real sockets, so that the real discord.js client connects to it. It refuses what Discord refuses, fails when
 * told to, and keeps a transcript of what people would see.
 */
export class DiscordStandIn {
  /** Set as `DISCORD_API_URL`, or as discord.js's `rest.api`. */
  readonly apiUrl: string;
  readonly token: string;
  readonly applicationId: string;
  readonly faults: Faults;
  /** What people would see, as plain text. */
  readonly transcript: Transcript;
  /** Every REST request, in order, with what Discord would object to. */
  readonly requests: readonly RecordedRequest[];
  readonly #context: Context;
  readonly #close: () => Promise<void>;

  private constructor(
    context: Context,
    port: number,
    requests: readonly RecordedRequest[],
    close: () => Promise<void>,
  ) {
    this.apiUrl = `http://127.0.0.1:${port}/api`;
    this.token = context.world.token;
    this.applicationId = context.world.applicationId;
    this.faults = context.faults;
    this.transcript = context.transcript;
    this.requests = requests;
    this.#context = context;
    this.#close = close;
  }

  /** Listens on a port, a free one if none is given. `rateLimits`: as many requests as Discord takes. @throws when the port is taken. */
  static async start(options: { port?: number; rateLimits?: boolean } = {}): Promise<DiscordStandIn> {
    const world = new World();
    const gateway = new Gateway(world);
    const context: Context = {
      world,
      gateway,
      faults: new Faults(gateway),
      transcript: new Transcript(world),
      rateLimits: options.rateLimits ? new RateLimits() : undefined,
      interactions: new Map(),
    };
    const { server, requests } = openRest(context);
    server.server.on('upgrade', (request, socket, head) => {
      gateway.server.handleUpgrade(request, socket, head, (connection) => {
        gateway.server.emit('connection', connection, request);
      });
    });
    await server.listen({ host: '127.0.0.1', port: options.port ?? 0 });
    // A TCP server's address is an object; only a pipe's is a string.
    const { port } = server.server.address() as AddressInfo;
    gateway.listenAt(`ws://127.0.0.1:${port}/gateway`);
    context.world.address = `http://127.0.0.1:${port}`;
    return new DiscordStandIn(context, port, requests, async () => {
      gateway.close();
      server.server.closeAllConnections();
      await server.close();
    });
  }

  /** Ends all connections and stops listening. Interactions that wait for an answer fail. */
  async close(): Promise<void> {
    for (const interaction of this.#context.interactions.values()) {
      if (interaction.state === 'waiting') interaction.fail(new Error('The stand-in was closed.'));
    }
    await this.#close();
  }

  /**
   * Makes a guild with the bot in it. The owner is a new user, `owner` if not named. Ids, here and below, are made up
   * unless given: a bot that keeps its data finds the same guild again in the next stand-in.
   */
  createGuild(options: { id?: string; name: string; ownerName?: string; preferredLocale?: string }): StandInGuild {
    const owner = this.createUser({ username: options.ownerName ?? 'owner' });
    return StandInGuild.create(this.#context, owner, options);
  }

  /** Makes a person, in no guild yet. `timeZone` (default UTC) and `locale` (default en-US) are the person's client's. */
  createUser(options: {
    id?: string;
    username: string;
    globalName?: string;
    locale?: string;
    timeZone?: string;
  }): StandInUser {
    const user: StandInUser = {
      id: options.id ?? newSnowflake(),
      username: options.username,
      globalName: options.globalName,
      locale: options.locale ?? 'en-US',
      timeZone: options.timeZone ?? 'UTC',
      bot: false,
    };
    this.#context.world.users.set(user.id, user);
    return user;
  }

  /** A channel's messages, oldest first: what everyone there sees, and with `reader` that person's ephemeral ones too. */
  messages(channel: StandInChannel, reader?: StandInUser): StandInMessage[] {
    const { world } = this.#context;
    return [...world.messages.values()]
      .filter((message) => message.channel.id === channel.id && !message.deleted)
      .filter(({ visibleTo }) => !visibleTo || visibleTo.id === reader?.id)
      .map((message) => new StandInMessage(world, message));
  }

  /** Where the bot and a person talk in private. */
  privateChannel(user: StandInUser): StandInChannel {
    return privateChannel(this.#context.world, user);
  }

  /** From now on a person takes no private messages from the bot. */
  refusePrivateMessages(user: StandInUser): void {
    this.#context.world.closedToBot.add(user.id);
  }

  /** The next message that is posted to a channel for everyone. Ask before causing it. */
  async nextMessage(channel: StandInChannel): Promise<StandInMessage> {
    const { world } = this.#context;
    const { promise, resolve } = Promise.withResolvers<StandInMessage>();
    const take = (message: StoredMessage): void => {
      if (message.channel.id !== channel.id || message.visibleTo) return;
      world.events.off('message', take);
      resolve(new StandInMessage(world, message));
    };
    world.events.on('message', take);
    return promise;
  }

  /** A person writes into a channel. */
  say(user: StandInUser, channel: StandInChannel, content: string): StandInMessage {
    return new StandInMessage(
      this.#context.world,
      postMessage(this.#context, channel, { content }, [], { author: user }),
    );
  }

  /** Runs a slash command: `quest list` for a subcommand. Users, roles and channels as option values are given by id, files as they are. */
  runCommand(
    user: StandInUser,
    channel: StandInChannel,
    name: string,
    options: Record<string, GivenValue> = {},
  ): Interaction {
    return runChatCommand(this.#context, user, channel, name, options);
  }

  /** Runs a command from the menu on a user or on a message. */
  runContextMenu(
    user: StandInUser,
    channel: StandInChannel,
    name: string,
    target: StandInUser | StandInMessage,
  ): Interaction {
    return runMenuCommand(this.#context, user, channel, name, target);
  }

  /** Types into an option and returns what is offered. `options` holds what has been filled in, the typed text included. */
  async autocomplete(
    user: StandInUser,
    channel: StandInChannel,
    command: string,
    options: Record<string, OptionValue>,
    focused: string,
  ): Promise<{ name: string; value: string | number }[]> {
    return autocompleteCommand(this.#context, user, channel, command, options, focused).choices;
  }

  /** Presses a button, named by its custom id or exactly by its label. */
  press(user: StandInUser, message: StandInMessage, button: string): Interaction {
    return pressButton(this.#context, user, message, button);
  }

  /** Chooses in a select, named by its placeholder or custom id; options by value, or users, roles and channels by id. */
  select(user: StandInUser, message: StandInMessage, select: string, values: string[]): Interaction {
    return selectValues(this.#context, user, message, select, values);
  }

  /** Fills in and sends the form that `interaction` was answered with; fields by custom id. Await its `modal` before. */
  submitModal(user: StandInUser, interaction: Interaction, fields: Answers): Interaction {
    return submitForm(this.#context, user, interaction, fields);
  }
}
