import { Writable } from 'node:stream';
import type { Kysely } from 'kysely';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { commands as allCommands } from '../../commands/index.ts';
import { createDiscordBot, type DiscordBot } from '../../src/discord/bot.ts';
import type { AnyCommand } from '../../src/discord/command.ts';
import { openRest } from '../../src/discord/rest.ts';
import { createGuildRolesReader, createRoleChecker } from '../../src/discord/role-checker.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import type { NewCommunity } from '../../src/communities/communities.ts';
import type { Database } from '../../src/db/database.ts';
import { contribution, makeCommunity, NOW, record, recording } from './communities.ts';
import type { StandInGuild } from './discord/guild.ts';
import { DiscordStandIn } from './discord/stand-in.ts';
import type { StandInChannel, StandInUser } from './discord/world.ts';

type LogLine = { level: number; msg: string; guildId?: string };

/** The levels of pino that tell of something wrong. */
export const WARN = 40;
export const ERROR = 50;

export type TestBot = DiscordBot & {
  /** What was logged from `debug` on. */
  readonly logged: readonly LogLine[];
  /** Resolves when a line that holds a text, and is of a guild if one is named, was logged. */
  logs(text: string, of?: { guildId: string }): Promise<void>;
};

export type TestBotOptions = {
  guildId?: string;
  community?: string;
  token?: string;
  apiUrl?: string;
  clock?: () => Date;
  commands?: readonly AnyCommand[];
};

/** The bot as the application makes it, with the real discord.js client, on a stand-in. */
export function makeBot(discord: DiscordStandIn, ranking: RankingContext, options: TestBotOptions = {}): TestBot {
  const logged: LogLine[] = [];
  const waiting: { isIt: (line: LogLine) => boolean; resolve: () => void }[] = [];
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      // pino writes these fields on every line.
      const line = JSON.parse(chunk.toString()) as LogLine;
      logged.push(line);
      for (const { isIt, resolve } of waiting) if (isIt(line)) resolve();
      done();
    },
  });
  const bot = createDiscordBot({
    token: discord.token,
    applicationId: discord.applicationId,
    apiUrl: discord.apiUrl,
    community: 'omnitensor',
    commands: allCommands,
    ...options,
    services: {
      ...ranking,
      clock: options.clock ?? (() => NOW),
      nudge: () => {},
      checkRole: createRoleChecker(openRest(discord.token, discord.apiUrl)),
      readGuildRoles: createGuildRolesReader(openRest(discord.token, discord.apiUrl)),
    },
    logger: pino({ level: 'debug', base: null }, output),
  });
  return {
    ...bot,
    logged,
    async logs(text, of) {
      const isIt = ({ msg, guildId }: LogLine) => msg.includes(text) && (!of || guildId === of.guildId);
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ isIt, resolve });
      if (logged.some(isIt)) resolve();
      await promise;
    },
  };
}

/** A guild whose community has the preset's categories, a channel in it, two people, and the bot connected. */
export type Scene = {
  discord: DiscordStandIn;
  guild: StandInGuild;
  channel: StandInChannel;
  ada: StandInUser;
  /** In the other guild, too. */
  bob: StandInUser;
  /** A guild that the bot is in as well; its community is as the bot makes it. */
  other: { guild: StandInGuild; channel: StandInChannel };
  ranking: RankingContext;
  community: { id: number; slug: string; sourceId: number };
  bot: TestBot;
  /** Records contributions to GPU hours, one a line: whose, how many units. */
  contribute: (
    ...amounts: readonly (readonly [contributor: string, amount: string, displayName?: string])[]
  ) => Promise<void>;
};

let contributions = 0;

/** Opens a scene for one test, and ends it with the test. */
export async function openScene(
  db: Kysely<Database>,
  options: Pick<TestBotOptions, 'clock' | 'commands'> & Partial<NewCommunity> & { createdAt?: Date } = {},
): Promise<Scene> {
  const { clock, commands, createdAt, ...wanted } = options;
  const discord = await DiscordStandIn.start();
  const guild = discord.createGuild({ name: 'Lab' });
  const channel = guild.createChannel({ name: 'general' });
  const [ada, bob] = ['Ada', 'Bob'].map((globalName) =>
    discord.createUser({ username: globalName.toLowerCase(), globalName }),
  );
  if (!ada || !bob) throw new Error('Two people were made.');
  guild.addMember(ada);
  guild.addMember(bob);
  const otherGuild = discord.createGuild({ name: 'Other', ownerName: 'stranger' });
  const other = { guild: otherGuild, channel: otherGuild.createChannel({ name: 'elsewhere' }) };
  otherGuild.addMember(bob);
  const ranking = recording(db);
  const community = await makeCommunity(db, wanted, createdAt);
  const bot = makeBot(discord, ranking, {
    guildId: guild.id,
    community: community.slug,
    ...(clock ? { clock } : {}),
    ...(commands ? { commands } : {}),
  });
  await bot.start();
  onTestFinished(async () => {
    await bot.stop();
    await discord.close();
  });
  return {
    discord,
    guild,
    channel,
    ada,
    bob,
    other,
    ranking,
    community,
    bot,
    async contribute(...amounts) {
      const made = amounts.map(([contributor, amount, displayName]) =>
        contribution({ id: `c${++contributions}`, contributor, amount, displayName }),
      );
      await record(ranking, community, made);
    },
  };
}

/** What the bot was refused by Discord, and what it logged as a fault. */
export function faultsOf({ discord, bot }: Pick<Scene, 'discord' | 'bot'>): string[] {
  return [
    ...discord.requests.flatMap(({ method, path, problems }) =>
      problems.map((problem) => `${method} ${path}: ${problem}`),
    ),
    ...bot.logged.filter(({ level }) => level >= WARN).map(({ msg }) => msg),
  ];
}
