import { ModalBuilder } from '@discordjs/builders';
import {
  MessageFlags,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
  type Interaction,
  type MessageComponentInteraction,
  type MessageContextMenuCommandInteraction,
  type ModalMessageModalSubmitInteraction,
  type ModalSubmitInteraction,
} from 'discord.js';
import type { Logger } from 'pino';
import type { Home } from '../communities/guilds.ts';
import { callOf, suggestionCallOf, type AnsweredInteraction } from './call.ts';
import type { AnyCommand, Answer, Call, DiscordServices, FileAnswer, Press } from './command.ts';
import { isAnsweredAlready, isGone } from './discord-errors.ts';
import { deferIfSlow } from './first-response.ts';
import { COLOURS, note, toMessage, toPrivateMessage } from './messages.ts';
import { explain } from './refusals.ts';

/** Suggestions that come later than 3 seconds after the key was pressed are not shown. */
const SUGGESTIONS_WITHIN_MS = 2_000;

const ONLY_IN_SERVERS = note('The leaderboards belong to servers: use this command in one, not in a direct message.');
const OLD_COMMAND = note('This command is from another version of the bot. Try again in a minute.', COLOURS.waiting);
const OLD_COMPONENT = note('This button is from an older version of the bot: run the command again.', COLOURS.waiting);

export type InteractionRouter = {
  /** Answers an interaction. Never rejects: what goes wrong is told to the user and logged. */
  handle(interaction: Interaction): void;
  /** Resolves when nothing is in hand any more. */
  settled(): Promise<void>;
};

/** Routes interactions to commands. The first response goes out in time whatever the database does. */
export function createInteractionRouter(
  services: DiscordServices,
  home: Home,
  commands: readonly AnyCommand[],
  log: Logger,
): InteractionRouter {
  const commandByName = new Map(
    commands.flatMap((command) => ('execute' in command ? [[command.data.name, command] as const] : [])),
  );
  const messageCommandByName = new Map(
    commands.flatMap((command) => ('executeOn' in command ? [[command.data.name, command] as const] : [])),
  );
  const inHand = new Set<Promise<void>>();

  async function answer(interaction: Interaction): Promise<void> {
    try {
      if (interaction.isAutocomplete()) await suggest(interaction);
      else if (interaction.isChatInputCommand()) await run(interaction);
      else if (interaction.isMessageContextMenuCommand()) await runOnMessage(interaction);
      else if (interaction.isMessageComponent()) await press(interaction);
      else if (interaction.isModalSubmit()) await submit(interaction);
    } catch (error) {
      // Delivered twice, or to a process that was too slow: somebody answered, or nobody listens any more.
      if (isAnsweredAlready(error)) log.debug({ err: error }, 'An interaction had been answered already');
      else if (isGone(error)) log.debug({ err: error }, 'The message to answer in is gone');
      else log.error({ err: error, ...traits(interaction) }, 'An interaction could not be answered');
    }
  }

  async function run(interaction: ChatInputCommandInteraction): Promise<void> {
    const command = commandByName.get(interaction.commandName);
    await reply(interaction, command && ((call) => command.execute(call, interaction)), command?.shows);
  }

  async function runOnMessage(interaction: MessageContextMenuCommandInteraction): Promise<void> {
    const command = messageCommandByName.get(interaction.commandName);
    await reply(interaction, command && ((call) => command.executeOn(call, interaction.targetMessage)), command?.shows);
  }

  /** Answers a command with a message of its own. */
  async function reply(
    interaction: ChatInputCommandInteraction | MessageContextMenuCommandInteraction,
    execute: ((call: Call) => Promise<Answer | FileAnswer>) | undefined,
    shows: 'to-everyone' | 'to-caller' | undefined,
  ): Promise<void> {
    if (!interaction.inGuild()) return void (await interaction.reply(toPrivateMessage(ONLY_IN_SERVERS)));
    if (!execute) return void (await interaction.reply(toPrivateMessage(OLD_COMMAND)));
    const shared = shows === 'to-everyone';
    const work = attempt(interaction, async () => execute(await callOf(interaction, shared, services, home)));
    const deferred = await deferIfSlow(work, () =>
      interaction.deferReply(shared ? {} : { flags: MessageFlags.Ephemeral }),
    );
    const { answer, refused } = await work;
    // What went wrong is nobody else's business.
    const isPrivate = !shared || refused;
    if (!deferred) await interaction.reply(isPrivate ? toPrivateMessage(answer) : toMessage(answer));
    else if (!shared || !refused) await interaction.editReply(toMessage(answer));
    else {
      // Whether a deferred reply is private cannot be changed any more.
      await interaction.deleteReply();
      await interaction.followUp(toPrivateMessage(answer));
    }
  }

  async function press(interaction: MessageComponentInteraction): Promise<void> {
    const { customId } = interaction;
    const command = commandByName.get(customId.slice(0, customId.indexOf(':')));
    const pressed = command?.press?.(customId, interaction.isStringSelectMenu() ? interaction.values : []);
    if (!pressed || !interaction.inGuild()) return void (await interaction.reply(toPrivateMessage(OLD_COMPONENT)));
    if (pressed instanceof ModalBuilder) await interaction.showModal(pressed);
    else await respond(interaction, pressed.shows, (call) => pressed.run(call, interaction));
  }

  async function submit(interaction: ModalSubmitInteraction): Promise<void> {
    const { customId } = interaction;
    const command = commandByName.get(customId.slice(0, customId.indexOf(':')));
    const submission = command?.submit?.(customId);
    if (!submission || !interaction.inGuild()) return void (await interaction.reply(toPrivateMessage(OLD_COMPONENT)));
    const work = (call: Call) => submission.run(call, interaction);
    if (interaction.isFromMessage()) return respond(interaction, submission.shows, work);
    // Opened by a command, it has no message to change.
    const done = attempt(interaction, async () => work(await callOf(interaction, false, services, home)));
    const deferred = await deferIfSlow(done, () => interaction.deferReply({ flags: MessageFlags.Ephemeral }));
    const { answer } = await done;
    await (deferred ? interaction.editReply(toMessage(answer)) : interaction.reply(toPrivateMessage(answer)));
  }

  /** Answers what happened at a message: by changing it, or to the one who did it. */
  async function respond(
    interaction: MessageComponentInteraction | ModalMessageModalSubmitInteraction,
    shows: Press['shows'],
    run: (call: Call) => Promise<Answer | FileAnswer>,
  ): Promise<void> {
    const isPrivate = interaction.message.flags.has(MessageFlags.Ephemeral);
    const inPlace = shows === 'in-place' || isPrivate;
    const work = attempt(interaction, async () =>
      run(await callOf(interaction, inPlace && !isPrivate, services, home)),
    );
    const deferred = await deferIfSlow(work, () =>
      inPlace ? interaction.deferUpdate() : interaction.deferReply({ flags: MessageFlags.Ephemeral }),
    );
    const { answer, refused } = await work;
    // Refused, the message stays as it was; in a reply of its own there is nothing to keep.
    const changes = inPlace && !refused;
    if (deferred)
      await (inPlace && refused
        ? interaction.followUp(toPrivateMessage(answer))
        : interaction.editReply(toMessage(answer)));
    else await (changes ? interaction.update(toMessage(answer)) : interaction.reply(toPrivateMessage(answer)));
  }

  /** Does what an interaction asks for; what goes wrong becomes a refusal to show. Never rejects. */
  async function attempt(
    interaction: AnsweredInteraction,
    work: () => Promise<Answer | FileAnswer>,
  ): Promise<{ answer: Answer | FileAnswer; refused: boolean }> {
    try {
      return { answer: await work(), refused: false };
    } catch (error) {
      const { answer: refusal, kind } = explain(error);
      if (kind === 'fault') log.error({ err: error, ...traits(interaction) }, 'An interaction failed');
      if (kind === 'passing') log.warn({ err: error }, 'An interaction was put off: the database is away');
      return { answer: refusal, refused: true };
    }
  }

  async function suggest(interaction: AutocompleteInteraction): Promise<void> {
    const command = commandByName.get(interaction.commandName);
    const { guildId } = interaction;
    if (!command?.autocomplete || guildId === null) return interaction.respond([]);
    const find = async () => {
      const call = await suggestionCallOf(interaction, guildId, services);
      return (call && (await command.autocomplete?.(call, interaction))) ?? [];
    };
    const late = AbortSignal.timeout(SUGGESTIONS_WITHIN_MS);
    const choices = await Promise.race([
      find().catch((error: unknown) => {
        log.warn({ err: error, ...traits(interaction) }, 'Suggestions could not be found');
        return [];
      }),
      new Promise<[]>((resolve) => late.addEventListener('abort', () => resolve([]), { once: true })),
    ]);
    await interaction.respond(choices);
  }

  return {
    handle(interaction) {
      const work = answer(interaction).finally(() => inHand.delete(work));
      inHand.add(work);
    },
    async settled() {
      while (inHand.size > 0) await Promise.all(inHand);
    },
  };
}

/** What a log line needs to find an interaction again. */
function traits(interaction: Interaction | AnsweredInteraction): object {
  const { id, type, guildId, user } = interaction;
  const what =
    'customId' in interaction
      ? { customId: interaction.customId }
      : 'commandName' in interaction
        ? { command: interaction.commandName }
        : {};
  return { interaction: { id, type, guildId, userId: user.id, ...what } };
}
