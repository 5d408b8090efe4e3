import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Events, GatewayIntentBits, Options, type Guild as DiscordGuild } from 'discord.js';
import type { Logger } from 'pino';
import { ensureGuildCommunity, type Home } from '../communities/guilds.ts';
import type { AnyCommand, DiscordServices } from './command.ts';
import { refusalOfClose, refusalToConnect } from './discord-errors.ts';
import { createInteractionRouter } from './interactions.ts';
import { retryWhereAllowed } from './live-boards.ts';
import { registerCommands } from './registration.ts';

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
const START_WITHIN_MS = 10_000;
const STOP_WITHIN_MS = 5_000;
const LEAVE_WITHIN_MS = 2_000;

export type DiscordBotOptions = {
  token: string;
  applicationId: string;
  /** Another server that speaks Discord's API, such as `http://127.0.0.1:3001/api`. */
  apiUrl?: string | undefined;
  /** The guild that gets the installation's community. With it commands are registered guild by guild, and show at once. */
  guildId?: string | undefined;
  /** The slug of the installation's community. */
  community: string;
  services: DiscordServices;
  commands: readonly AnyCommand[];
  logger: Logger;
};

export type DiscordBot = {
  /**
   * Connects, and stays connected as long as Discord lets it. Resolves when the commands are registered, or the first
   * attempt has failed, or after 10 seconds; whatever is not done by then goes on by itself. Never rejects.
   */
  start(): Promise<void>;
  /** Finishes what is in hand, in some seconds at most, and disconnects. */
  stop(): Promise<void>;
};

/** The bot's side of Discord: one connection to the gateway, whose interactions go to the commands. */
export function createDiscordBot(options: DiscordBotOptions): DiscordBot {
  const { services, commands, logger: log } = options;
  const home: Home = { slug: options.community, guildId: options.guildId };
  const router = createInteractionRouter(services, home, commands, log);
  const bodies = commands.map((command) => command.data.toJSON());
  const stopping = new AbortController();
  const started = Promise.withResolvers<void>();
  let client: Client | undefined;

  async function connect(): Promise<void> {
    for (let retryMs = FIRST_RETRY_MS; !stopping.signal.aborted; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
      // A client whose login failed is of no more use.
      client = createClient(options);
      listen(client);
      try {
        await client.login(options.token);
        return;
      } catch (error) {
        started.resolve();
        const refusal = refusalToConnect(error);
        if (refusal) return log.error(`The Discord side does not run. ${refusal}`);
        if (!stopping.signal.aborted) {
          log.warn({ err: error, retryMs }, 'Discord cannot be reached; trying again by itself');
        }
      }
      await sleep(retryMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  function listen(client: Client): void {
    let away = false;
    client.on(Events.ClientReady, (ready) => {
      log.info({ user: ready.user.tag, guilds: ready.guilds.cache.size }, 'Connected to Discord');
      away = false;
      inBackground(settleIn(ready).then(started.resolve));
    });
    client.on(Events.GuildCreate, (guild) => inBackground(welcome(guild)));
    client.on(Events.ChannelUpdate, (_, channel) => {
      if (!channel.isDMBased()) inBackground(lookAfterBoards(channel.guild));
    });
    client.on(Events.GuildRoleUpdate, (_, { guild }) => inBackground(lookAfterBoards(guild)));
    client.on(Events.InteractionCreate, (interaction) => router.handle(interaction));
    client.on(Events.ShardReconnecting, () => {
      // Tried twice a second while the gateway is away, told once.
      if (!away && !stopping.signal.aborted) log.warn('The connection to Discord was lost; reconnecting');
      away = true;
    });
    const back = () => {
      if (away) log.info('The connection to Discord is back');
      away = false;
    };
    client.on(Events.ShardResume, back);
    client.on(Events.ShardReady, () => {
      back();
      // A new session: servers may have been joined meanwhile. For the first one there is ClientReady.
      if (client.isReady()) inBackground(settleIn(client));
    });
    client.on(Events.ShardDisconnect, ({ code }) => {
      // While logging in, the failed login tells it.
      const refusal = client.isReady() ? refusalOfClose(code) : undefined;
      if (refusal) log.error({ code }, `Discord has ended the connection for good. ${refusal}`);
    });
    client.on(Events.ShardError, (error) => log.debug({ err: error }, 'Error on the connection to Discord'));
    client.on(Events.Error, (error) => log.error({ err: error }, 'Error in the Discord client'));
    client.on(Events.Warn, (message) => log.warn(message));
  }

  /** Commands and communities for every guild that the bot is in. */
  async function settleIn(client: Client<true>): Promise<void> {
    const guilds = client.guilds.cache.sorted((a, b) => Number(b.id === home.guildId) - Number(a.id === home.guildId));
    // Where commands are registered in each guild, the list for everywhere is empty, and the other way round: none shows twice.
    await register(client, undefined);
    for (const guild of guilds.values()) {
      if (stopping.signal.aborted) return;
      await welcome(guild);
    }
  }

  async function welcome(guild: DiscordGuild): Promise<void> {
    await register(guild.client, guild.id);
    try {
      const { id, name, preferredLocale } = guild;
      await ensureGuildCommunity(services.db, { id, name, locale: preferredLocale }, home, services.clock());
      log.debug({ guildId: id }, 'Welcomed a server');
    } catch (error) {
      log.warn({ err: error, guildId: guild.id }, 'A server has no community yet; it gets one when it is needed');
    }
  }

  /** Somebody changed what the bot may do: live boards that failed may be shown again. */
  async function lookAfterBoards(guild: DiscordGuild): Promise<void> {
    try {
      await retryWhereAllowed(services, guild);
    } catch (error) {
      log.warn({ err: error, guildId: guild.id }, 'Live boards that failed were not looked after');
    }
  }

  async function register(client: Client<true>, guildId: string | undefined): Promise<void> {
    const { applicationId } = options;
    const here = (home.guildId === undefined) === (guildId === undefined);
    try {
      const scope = guildId === undefined ? { applicationId } : { applicationId, guildId };
      const written = await registerCommands(client.rest, scope, here ? bodies : []);
      if (written) log.info({ guildId, commands: here ? bodies.length : 0 }, 'Registered the commands');
    } catch (error) {
      log.warn({ err: error, guildId }, 'The commands could not be registered; the next start tries again');
    }
  }

  const work = new Set<Promise<void>>();
  function inBackground(task: Promise<void>): void {
    const tracked = task.finally(() => work.delete(tracked));
    work.add(tracked);
  }

  return {
    async start() {
      void connect();
      await Promise.race([started.promise, patience(START_WITHIN_MS)]);
    },
    async stop() {
      stopping.abort();
      await Promise.race([Promise.all([router.settled(), ...work]), patience(STOP_WITHIN_MS)]);
      // A Discord that does not answer does not take leave either.
      await Promise.race([client?.destroy(), patience(LEAVE_WITHIN_MS)]);
    },
  };
}

/** Resolves after a time, and keeps no process alive for it. */
async function patience(ms: number): Promise<void> {
  await sleep(ms, undefined, { ref: false });
}

function createClient({ apiUrl }: DiscordBotOptions): Client {
  return new Client({
    intents: [GatewayIntentBits.Guilds],
    allowedMentions: { parse: [] },
    // Nothing is read from memory but guilds with their channels and roles, and the bot's own place among them.
    makeCache: Options.cacheWithLimits({
      MessageManager: 0,
      GuildMessageManager: 0,
      UserManager: { maxSize: 0, keepOverLimit: ({ id, client }) => id === client.user?.id },
      GuildMemberManager: { maxSize: 0, keepOverLimit: ({ id, client }) => id === client.user.id },
      ThreadManager: 0,
      ThreadMemberManager: 0,
      VoiceStateManager: 0,
      PresenceManager: 0,
      ReactionManager: 0,
      ReactionUserManager: 0,
      GuildEmojiManager: 0,
      GuildStickerManager: 0,
      GuildScheduledEventManager: 0,
      GuildInviteManager: 0,
      GuildBanManager: 0,
      StageInstanceManager: 0,
      AutoModerationRuleManager: 0,
      ApplicationCommandManager: 0,
    }),
    rest: {
      // Answers to interactions, nearly all that is sent here, do not count towards Discord's 50 requests a second. discord.js
      // counts them, and in a burst would hold the first response back for longer than the 3 seconds it may take.
      globalRequestsPerSecond: Number.POSITIVE_INFINITY,
      ...(apiUrl ? { api: apiUrl } : {}),
    },
  });
}
