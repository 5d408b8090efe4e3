import { EventEmitter } from 'node:events';
import type {
  APIApplicationCommand,
  APIAllowedMentions,
  APIAttachment,
  APIEmbed,
  APIEmoji,
  APIGuildScheduledEvent,
  APIOverwrite,
} from 'discord.js';
import type { Component } from './component.ts';

/** A person or the bot. `timeZone` (IANA) is where the person reads: Discord draws timestamps in it. */
export type StandInUser = {
  readonly id: string;
  readonly username: string;
  readonly globalName: string | undefined;
  readonly locale: string;
  readonly timeZone: string;
  readonly bot: boolean;
};

/** A text channel of a guild, or of a private room. */
export type StandInChannel = {
  readonly id: string;
  readonly name: string;
  /** A private room's own id. */
  readonly guildId: string;
  readonly overwrites: APIOverwrite[];
};

/** A role. `managed` ones belong to a bot and are given to nobody else. */
export type StandInRole = {
  readonly id: string;
  name: string;
  position: number;
  permissions: bigint;
  color: number;
  managed: boolean;
  hoist: boolean;
  mentionable: boolean;
};

/** A user's place in a guild. */
export type Member = { readonly user: StandInUser; readonly roleIds: Set<string>; readonly joinedAt: string };

/** A guild and all that is in it. */
export type GuildState = {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly preferredLocale: string;
  readonly roles: Map<string, StandInRole>;
  readonly members: Map<string, Member>;
  readonly channels: Map<string, StandInChannel>;
  readonly scheduledEvents: Map<string, APIGuildScheduledEvent>;
};

/** What the message answers: it is drawn above it, and discord.js reads it. */
export type MessageOrigin = { interactionId: string; user: StandInUser; type: number; name?: string };

/** A file as it is uploaded. */
export type StandInFile = { name: string; data: Uint8Array; contentType?: string | undefined };

/** A message as it stands now. An ephemeral one is visible to `visibleTo` alone. */
export type StoredMessage = {
  readonly id: string;
  readonly channel: StandInChannel;
  /** A person; undefined: the bot. */
  readonly author: StandInUser | undefined;
  readonly createdAt: string;
  editedAt: string | undefined;
  flags: number;
  content: string;
  embeds: APIEmbed[];
  components: Component[];
  attachments: APIAttachment[];
  allowedMentions: APIAllowedMentions | undefined;
  readonly origin: MessageOrigin | undefined;
  readonly visibleTo: StandInUser | undefined;
  deleted: boolean;
};

/** Everything that the stand-in knows of: one Discord with one bot account. Emits `message` when one is posted. */
export class World {
  readonly applicationId = '1000000000000000001';
  readonly token = 'token-of-the-stand-in';
  readonly bot: StandInUser = {
    id: this.applicationId,
    username: 'omnitensor',
    globalName: undefined,
    locale: 'en-US',
    timeZone: 'UTC',
    bot: true,
  };
  readonly users = new Map<string, StandInUser>([[this.bot.id, this.bot]]);
  readonly guilds = new Map<string, GuildState>();
  /** Where the bot and a person talk in private, by the person: a guild of two that nobody sees as one. */
  readonly privateRooms = new Map<string, GuildState>();
  /** Users who take no private messages from the bot. */
  readonly closedToBot = new Set<string>();
  readonly messages = new Map<string, StoredMessage>();
  /** Commands by scope: a guild's id, or `global`. */
  readonly commands = new Map<string, APIApplicationCommand[]>();
  readonly emojis = new Map<string, APIEmoji>();
  /** Files that people and the bot have uploaded, by the id of the attachment. */
  readonly files = new Map<string, StandInFile>();
  /** Where the stand-in listens, such as `http://127.0.0.1:3001`. */
  address = 'http://127.0.0.1';
  readonly events = new EventEmitter<{ message: [StoredMessage] }>();

  /** The guilds that the bot is in: it sees no others. */
  joinedGuilds(): GuildState[] {
    return [...this.guilds.values()].filter(({ members }) => members.has(this.bot.id));
  }

  /** A channel of any guild or private room, with it. */
  findChannel(channelId: string): { guild: GuildState; channel: StandInChannel } | undefined {
    for (const guild of [...this.guilds.values(), ...this.privateRooms.values()]) {
      const channel = guild.channels.get(channelId);
      if (channel) return { guild, channel };
    }
    return undefined;
  }

  /** The guild of a channel that this world made. @throws when it is from elsewhere, a mistake of the test. */
  guildOf(channel: StandInChannel): GuildState {
    const guild =
      this.guilds.get(channel.guildId) ?? [...this.privateRooms.values()].find(({ id }) => id === channel.guildId);
    if (!guild) throw new Error(`Channel ${channel.name} (${channel.id}) belongs to another stand-in.`);
    return guild;
  }
}
