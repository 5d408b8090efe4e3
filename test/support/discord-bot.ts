import { Writable } from 'node:stream';
import type { Kysely } from 'kysely';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { commands as allCommands } from '../../commands/index.ts';
import { createDiscordBot, type DiscordBot } from '../../src/discord/bot.ts';
import type { Command } from '../../src/discord/command.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import type { NewCommunity } from '../../src/communities/communities.ts';
import type { Database } from '../../src/db/database.ts';
import { contribution, makeCommunity, NOW, record, recording } from './communities.ts';
import type { StandInGuild } from './discord/guild.ts';
import { DiscordStandIn } from './discord/stand-in.ts';
import type { StandInChannel, StandInUser } from './discord/world.ts';

export type LogLine = { level: number; msg: string };

/** The levels of pino that tell of something wrong. */
export const WARN = 40;
export const ERROR = 50;

export type TestBot = DiscordBot & {
  /** What was logged from `info` on. */
  readonly logged: readonly LogLine[];
  /** Resolves with the next line, or one there already, that holds a text. */
  logs(text: string): Promise<LogLine>;
};

export type TestBotOptions = {
  guildId?: string;
  community?: string;
  token?: string;
  apiUrl?: string;
  clock?: () => Date;
  commands?: readonly Command[];
};

/** The bot as the application makes it, with the real discord.js client, on a stand-in. */
export function makeBot(discord: DiscordStandIn, ranking: RankingContext, options: TestBotOptions = {}): TestBot {
  const logged: LogLine[] = [];
  const waiting: { text: string; resolve: (line: LogLine) => void }[] = [];
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      // pino writes these fields on every line.
      const line = JSON.parse(chunk.toString()) as LogLine;
      logged.push(line);
      for (const { text, resolve } of waiting) if (line.msg.includes(text)) resolve(line);
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
    services: { ...ranking, clock: options.clock ?? (() => NOW) },
    logger: pino({ level: 'info', base: null }, output),
  });
  return {
    ...bot,
    logged,
    async logs(text) {
      const { promise, resolve } = Promise.withResolvers<LogLine>();
      waiting.push({ text, resolve });
      const known = logged.find((line) => line.msg.includes(text));
      if (known) resolve(known);
      return promise;
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
  contribute(
    ...amounts: readonly (readonly [contributor: string, amount: string, displayName?: string])[]
  ): Promise<void>;
};

let contributions = 0;

/** Opens a scene for one test, and ends it with the test. */
export async function openScene(
  db: Kysely<Database>,
  options: Pick<TestBotOptions, 'clock' | 'commands'> & Partial<NewCommunity> = {},
): Promise<Scene> {
  const { clock, commands, ...wanted } = options;
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
  const community = await makeCommunity(db, wanted);
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
