import type { Kysely } from 'kysely';
import { onTestFinished } from 'vitest';
import type { Announcement } from '../../src/announcements/announcement.ts';
import { deliverDue } from '../../src/announcements/deliver.ts';
import { announce, type NewAnnouncement } from '../../src/announcements/outbox.ts';
import type { Database } from '../../src/db/database.ts';
import { createMessenger } from '../../src/discord/messenger.ts';
import { openRest } from '../../src/discord/rest.ts';
import { makeCommunity } from './communities.ts';
import type { StandInGuild } from './discord/guild.ts';
import { DiscordStandIn } from './discord/stand-in.ts';
import type { StandInMessage } from './discord/stand-in-message.ts';
import type { StandInChannel } from './discord/world.ts';

export type Row = { state: string; attempts: number; reason: string | null; message_id: string | null };

/** A community whose announcements go to a channel of a stand-in. The clock is the real one, moved by `shiftMs`. */
export class Outbox {
  readonly db: Kysely<Database>;
  readonly discord: DiscordStandIn;
  readonly guild: StandInGuild;
  readonly channel: StandInChannel;
  readonly communityId: number;
  /** Channels that turned out to be deleted. */
  readonly gone: string[] = [];
  shiftMs = 0;
  #keys = 0;

  private constructor(
    db: Kysely<Database>,
    discord: DiscordStandIn,
    guild: StandInGuild,
    channel: StandInChannel,
    communityId: number,
  ) {
    this.db = db;
    this.discord = discord;
    this.guild = guild;
    this.channel = channel;
    this.communityId = communityId;
  }

  /** Opens one for a test. What other tests of the file have left is not delivered. */
  static async open(db: Kysely<Database>, options: { channel?: boolean; rateLimits?: boolean } = {}): Promise<Outbox> {
    await db
      .updateTable('announcements')
      .set({ state: 'dropped' })
      .where('state', 'in', ['waiting', 'claimed'])
      .execute();
    await db.updateTable('communities').set({ discord_guild_id: null }).execute();
    await db.deleteFrom('mirrored_events').execute();
    const discord = await DiscordStandIn.start({ rateLimits: options.rateLimits ?? false });
    onTestFinished(() => discord.close());
    const guild = discord.createGuild({ name: 'Lab' });
    const channel = guild.createChannel({ name: 'announcements' });
    const { id } = await makeCommunity(db, { name: 'Lab', discordGuildId: guild.id });
    const outbox = new Outbox(db, discord, guild, channel, id);
    if (options.channel ?? true) await outbox.choose(channel);
    return outbox;
  }

  now = (): Date => new Date(Date.now() + this.shiftMs);

  /** Chooses the channel of the community. */
  async choose(channel: StandInChannel): Promise<void> {
    await this.db
      .updateTable('communities')
      .set({ discord_channel_id: channel.id })
      .where('community_id', '=', this.communityId)
      .execute();
  }

  /** Writes down something to say, due now unless told otherwise. */
  async say(announcement: Announcement, more: Partial<NewAnnouncement> = {}): Promise<void> {
    const one = { key: `key ${++this.#keys}`, announcement, dueAt: this.now(), ...more };
    await this.db.transaction().execute((trx) => announce(trx, this.communityId, [one]));
  }

  /** Delivers what is due, as a worker of its own would. */
  async deliver(): Promise<Date | undefined> {
    const { token, apiUrl } = this.discord;
    const options = { clock: this.now, stopping: new AbortController().signal };
    const messenger = createMessenger(openRest(token, apiUrl), (channelId) => this.gone.push(channelId));
    return deliverDue(this.db, messenger, options);
  }

  /** Lets time pass. */
  pass(ms: number): void {
    this.shiftMs += ms;
  }

  /** What is seen in the channel. */
  messages(channel = this.channel): StandInMessage[] {
    return this.discord.messages(channel);
  }

  /** The rows, in the order in which they were written. */
  async rows(): Promise<Row[]> {
    return this.db
      .selectFrom('announcements')
      .select(['state', 'attempts', 'reason', 'message_id'])
      .where('community_id', '=', this.communityId)
      .orderBy('announcement_id')
      .execute();
  }

  async states(): Promise<string[]> {
    return (await this.rows()).map(({ state }) => state);
  }

  /** What Discord objected to. */
  problems(): string[] {
    return this.discord.requests.flatMap(({ problems }) => problems);
  }
}

/** Something to say, told apart by its name. */
export function cancelled(name: string): Announcement {
  return { kind: 'multiplier-cancelled', name, factor: '2' };
}
