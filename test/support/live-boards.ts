import { Routes } from 'discord.js';
import type { Kysely } from 'kysely';
import { onTestFinished } from 'vitest';
import type { NewCommunity } from '../../src/communities/communities.ts';
import { parseContribution } from '../../src/contributions/contribution.ts';
import type { Database } from '../../src/db/database.ts';
import { createBoardMessenger } from '../../src/discord/live-board-messenger.ts';
import { openRest } from '../../src/discord/rest.ts';
import { listLiveBoards, type LiveBoard } from '../../src/live-boards/administer.ts';
import { placeLiveBoard, type NewLiveBoard } from '../../src/live-boards/place.ts';
import { updateLiveBoards } from '../../src/live-boards/update.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { makeCommunity, record, recording, TESTER } from './communities.ts';
import type { StandInGuild } from './discord/guild.ts';
import { DiscordStandIn } from './discord/stand-in.ts';
import type { StandInMessage } from './discord/stand-in-message.ts';
import type { StandInChannel } from './discord/world.ts';

const DAY_MS = 86_400_000;

/** A community, ten days old, with a channel of a stand-in for its live boards. The clock is the real one, moved by `shiftMs`. */
export class LiveBoards {
  readonly db: Kysely<Database>;
  readonly discord: DiscordStandIn;
  readonly guild: StandInGuild;
  readonly channel: StandInChannel;
  readonly ranking: RankingContext;
  readonly community: { id: number; slug: string; sourceId: number };
  shiftMs = 0;
  #contributions = 0;

  private constructor(
    db: Kysely<Database>,
    discord: DiscordStandIn,
    guild: StandInGuild,
    community: { id: number; slug: string; sourceId: number },
  ) {
    this.db = db;
    this.discord = discord;
    this.guild = guild;
    this.channel = guild.createChannel({ name: 'standings' });
    this.ranking = recording(db);
    this.community = community;
  }

  /** Opens one for a test. What other tests of the file have left is forgotten. */
  static async open(db: Kysely<Database>, wanted: Partial<NewCommunity> = {}): Promise<LiveBoards> {
    await db.deleteFrom('live_boards').execute();
    await db.updateTable('communities').set({ discord_guild_id: null }).execute();
    const discord = await DiscordStandIn.start();
    onTestFinished(() => discord.close());
    const guild = discord.createGuild({ name: 'Lab' });
    const createdAt = new Date(Date.now() - 10 * DAY_MS);
    const community = await makeCommunity(db, { discordGuildId: guild.id, ...wanted }, createdAt);
    return new LiveBoards(db, discord, guild, community);
  }

  /** Opens one whose message has been posted, with a contribution of Ada's in it. */
  static async openShown(db: Kysely<Database>): Promise<LiveBoards> {
    const scene = await LiveBoards.open(db);
    await scene.contribute({ ada: 100 });
    await scene.place();
    await scene.update();
    return scene;
  }

  now = (): Date => new Date(Date.now() + this.shiftMs);

  /** Lets time pass. */
  pass(ms: number): void {
    this.shiftMs += ms;
  }

  /** Lets time pass until an instant. */
  passUntil(at: Date): void {
    this.shiftMs = at.getTime() - Date.now();
  }

  /** Places a board: that of GPU hours, all time, unless told otherwise. */
  async place(wanted: Partial<NewLiveBoard> = {}): Promise<LiveBoard> {
    const community = await this.ranking.directory.bySlug(this.community.slug);
    const board = { category: 'gpu-contributors', window: 'all', channelId: this.channel.id, ...wanted } as const;
    return (await placeLiveBoard(this.db, community, board, TESTER, this.now())).board;
  }

  /** Looks after what is due, as a worker that was just started would. */
  async update(): Promise<Date | undefined> {
    const { token, apiUrl } = this.discord;
    const options = { clock: this.now, stopping: new AbortController().signal };
    return updateLiveBoards(recording(this.db), createBoardMessenger(openRest(token, apiUrl)), options);
  }

  /** Closes the windows whose time has come. */
  async closeWindows(): Promise<void> {
    await closeDueWindows(recording(this.db), this.now());
  }

  /** Records GPU hours, one member a line: whose, how many. They occur now unless told otherwise. */
  async contribute(amounts: Record<string, number>, occurredAt = this.now()): Promise<void> {
    const contributions = Object.entries(amounts).map(([contributor, amount]) => {
      const parsed = parseContribution(
        {
          id: `live-${++this.#contributions}`,
          contributor,
          category: 'gpu-contributors',
          amount,
          occurredAt: occurredAt.toISOString(),
        },
        this.now(),
      );
      if ('reason' in parsed) throw new Error(parsed.detail);
      return parsed;
    });
    await record(this.ranking, this.community, contributions, this.now());
  }

  /** The boards as admins see them. */
  async boards(): Promise<LiveBoard[]> {
    return listLiveBoards(this.db, this.community.id);
  }

  /** Somebody deletes what stands in the channel. */
  async deleteMessages(): Promise<void> {
    const rest = openRest(this.discord.token, this.discord.apiUrl);
    for (const { id } of this.messages()) await rest.delete(Routes.channelMessage(this.channel.id, id));
  }

  /** What is seen in the channel. */
  messages(channel = this.channel): StandInMessage[] {
    return this.discord.messages(channel);
  }

  /** The only message in the channel, as text. */
  text(): string {
    const [message, ...others] = this.messages();
    if (!message || others.length > 0) throw new Error(`There are ${others.length + (message ? 1 : 0)} messages.`);
    return message.text();
  }

  /** How often a message was posted, changed or deleted. */
  writes(): Record<'POST' | 'PATCH' | 'DELETE', number> {
    const count = (wanted: string) =>
      this.discord.requests.filter(
        ({ method, path, status }) => method === wanted && /\/messages\b/.test(path) && status >= 200 && status < 300,
      ).length;
    return { POST: count('POST'), PATCH: count('PATCH'), DELETE: count('DELETE') };
  }

  /** What Discord objected to. */
  problems(): string[] {
    return this.discord.requests.flatMap(({ problems }) => problems);
  }
}
