/** What a command is, and what it is given to work with. */
import type { ContainerBuilder, ModalBuilder } from '@discordjs/builders';
import type {
  ApplicationCommandOptionChoiceData,
  AutocompleteInteraction,
  ChatInputCommandInteraction,
  Message,
  MessageComponentInteraction,
  ModalSubmitInteraction,
  RESTPostAPIChatInputApplicationCommandsJSONBody,
  RESTPostAPIContextMenuApplicationCommandsJSONBody,
} from 'discord.js';
import type { Actor } from '../audit/audit-log.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import type { Guild, Home } from '../communities/guilds.ts';
import type { RankingContext } from '../ranking/context.ts';
import type { RoleChecker } from '../rewards/role-checker.ts';
import type { ReadGuildRoles } from '../rewards/role-giver.ts';

/** What commands call. */
export type DiscordServices = RankingContext & {
  /** The time, asked for once an interaction. */
  clock: () => Date;
  /** Tells the jobs that something may be due. */
  nudge: () => void;
  checkRole: RoleChecker;
  readGuildRoles: ReadGuildRoles;
};

/** Whoever reads the answer: the user who typed the command or pressed the button. */
export type Reader = {
  userId: string;
  /** As the guild shows it. Outside text. */
  name: string;
  /** Whether Manage Server is among the reader's permissions, as Discord says. */
  mayManage: boolean;
  /** Whether Manage Messages is. */
  mayModerate: boolean;
  /** The roles that the reader has in the guild, `@everyone` apart. */
  roleIds: readonly string[];
  /** Whether Manage Server or Moderate Members is. */
  mayReview: boolean;
};

/** One interaction with a command, once it is deferred. The community is always the one of the guild it happened in. */
export type Call = {
  services: DiscordServices;
  home: Home;
  guild: Guild;
  community: KnownCommunity;
  reader: Reader;
  /** The reader, for the audit log. */
  actor: Actor;
  now: Date;
  /** Whether everybody in the channel sees the answer. */
  shared: boolean;
  /** How numbers are written: the reader's way, or the community's where everybody sees them, as `1.200` is read in two ways. */
  locale: string;
};

/** An option being typed: nothing is made or changed for it. */
export type SuggestionCall = Pick<Call, 'services' | 'community' | 'now' | 'locale'> & {
  /** Whether Manage Server is among the permissions of whoever types. */
  mayManage: boolean;
};

/** A message: one container of Components V2. */
export type Answer = ContainerBuilder;

/** A message with a file, which a component of the container shows. */
export type FileAnswer = { container: ContainerBuilder; file: { name: string; content: Buffer } };

/** What pressing a button or choosing from a select does. */
export type Press = {
  /** Changes the message for everybody, or answers the presser alone. In a message of the presser's own the two are one. */
  shows: 'in-place' | 'to-presser';
  run(call: Call, interaction: MessageComponentInteraction): Promise<Answer | FileAnswer>;
};

/** A form to fill in. It is shown at once, so nothing can be looked up for it; what is sent goes to `submit`. */
export type Form = ModalBuilder;

/** What sending a form does. */
type Submission = {
  /** In place, it changes the message that the form was opened from; without one it answers the sender alone. */
  shows: Press['shows'];
  run(call: Call, interaction: ModalSubmitInteraction): Promise<Answer>;
};

/** A slash command. */
export type Command = {
  data: { readonly name: string; toJSON(): RESTPostAPIChatInputApplicationCommandsJSONBody };
  /** Who sees the answer. */
  shows: 'to-everyone' | 'to-caller';
  execute(call: Call, interaction: ChatInputCommandInteraction): Promise<Answer | FileAnswer>;
  /** Suggestions for the option being typed, at most 25. There is nothing to defer to: they come within 3 seconds or not at all. */
  autocomplete?(
    call: SuggestionCall,
    interaction: AutocompleteInteraction,
  ): Promise<ApplicationCommandOptionChoiceData[]>;
  /**
   * Reads a component of a message that this command sent, however long ago. Its custom id begins with the command's
   * name and a colon, and is outside text like any other.
   *
   * @returns undefined for what this version did not send
   */
  press?(customId: string, values: readonly string[]): Press | Form | undefined;
  /** Reads the custom id of a form that this command showed, as {@link press} does. */
  submit?(customId: string): Submission | undefined;
};

/** A command of the menu that opens on a message. */
export type MessageCommand = {
  data: { readonly name: string; toJSON(): RESTPostAPIContextMenuApplicationCommandsJSONBody };
  shows: Command['shows'];
  executeOn(call: Call, message: Message): Promise<Answer>;
};

export type AnyCommand = Command | MessageCommand;
