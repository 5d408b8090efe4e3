import type { Interaction } from '../interaction.ts';
import type { DiscordStandIn } from '../stand-in.ts';
import type { StandInChannel, StandInUser } from '../world.ts';
import type { OptionValue } from './commands.ts';

/** What a person can type. */
export const HELP = `Lines you can type ("as NAME" may be left out: the first user acts):
  /leaderboard category:gpu-contributors as ada     run a command; put "quotes around" values with spaces
  type /leaderboard period:2026 as ada              what is offered while typing the last option
  press Next as ada                                 a button, by label or custom id, on the newest message that has it
  select Window = week as ada                       a select, by placeholder or custom id, and its values (a, b)
  menu Standing on ben as ada                       a command from a user's menu
  send zone = UTC; locale = en as ada               the open form
  show as ada                                       all that this person has seen, in their zone and language
  help, quit`;

/** Who can act, where, and what they last did. */
export type Stage = {
  standIn: DiscordStandIn;
  channel: StandInChannel;
  users: readonly StandInUser[];
  /** Each user's last interaction, for the form that it opened. */
  last: Map<string, Interaction>;
};

/**
 * Does what a typed line says. What the bot answers comes through the transcript.
 *
 * @returns what to print besides, or undefined. @throws Error with a sentence for the person when the line makes no sense.
 */
export async function doLine(stage: Stage, line: string): Promise<string | undefined> {
  const { standIn, channel } = stage;
  const [, said = '', as] = /^(.*?)(?:\s+as\s+(\S+))?$/.exec(line.trim()) ?? [];
  const user = find(stage, as);
  const [, verb = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(said) ?? [];
  if (verb.startsWith('/')) {
    const { name, options } = parseCommand(said.slice(1));
    stage.last.set(user.id, standIn.runCommand(user, channel, name, options));
    return undefined;
  }
  switch (verb) {
    case 'help':
      return HELP;
    case 'show':
      return standIn.transcript.render(user);
    case 'type': {
      const { name, options } = parseCommand(rest.replace(/^\//, ''));
      const focused = Object.keys(options).at(-1);
      if (focused === undefined) throw new Error('Name the option that is typed into: type /leaderboard period:2026');
      const choices = await standIn.autocomplete(user, channel, name, options, focused);
      return choices.map((choice) => `    ${choice.name}  (${choice.value})`).join('\n') || '    nothing is offered';
    }
    case 'press': {
      const message = newest(stage, user, (one) =>
        one.buttons().some(({ label, customId }) => label === rest || customId === rest),
      );
      if (!message) throw new Error(`${user.username} sees no button "${rest}".`);
      stage.last.set(user.id, standIn.press(user, message, rest));
      return undefined;
    }
    case 'select': {
      const [name = '', values = ''] = rest.split('=').map((part) => part.trim());
      const message = newest(stage, user, (one) =>
        one.selects().some(({ placeholder, customId }) => placeholder === name || customId === name),
      );
      if (!message) throw new Error(`${user.username} sees no select "${name}".`);
      stage.last.set(user.id, standIn.select(user, message, name, values.split(/\s*,\s*/)));
      return undefined;
    }
    case 'menu': {
      const [, name = '', target] = /^(.*?)\s+on\s+(\S+)$/.exec(rest) ?? [];
      stage.last.set(user.id, standIn.runContextMenu(user, channel, name, find(stage, target)));
      return undefined;
    }
    case 'send': {
      const opener = stage.last.get(user.id);
      if (!opener) throw new Error(`${user.username} has no form open.`);
      const fields = rest.split(';').map((field) => field.split('=').map((part) => part.trim()));
      const answers = Object.fromEntries(fields.map(([name = '', value = '']) => [name, value]));
      stage.last.set(user.id, standIn.submitModal(user, opener, answers));
      return undefined;
    }
    default:
      throw new Error(`"${verb}" is nothing that can be done. Type help.`);
  }
}

function parseCommand(text: string): { name: string; options: Record<string, OptionValue> } {
  const options: Record<string, OptionValue> = {};
  const name = text.replaceAll(
    /([\w-]+):(?:"([^"]*)"|(\S*))/g,
    (_all, key: string, quoted?: string, plain?: string) => {
      options[key] = quoted ?? plain ?? '';
      return '';
    },
  );
  return { name: name.trim().replaceAll(/\s+/g, ' '), options };
}

function find({ users }: Stage, name: string | undefined): StandInUser {
  const user = name === undefined ? users[0] : users.find(({ username }) => username === name);
  if (!user)
    throw new Error(`There is no user ${name ?? ''}. There are: ${users.map(({ username }) => username).join(', ')}.`);
  return user;
}

function newest(
  { standIn, channel }: Stage,
  user: StandInUser,
  fits: (message: ReturnType<DiscordStandIn['messages']>[number]) => boolean,
): ReturnType<DiscordStandIn['messages']>[number] | undefined {
  return standIn.messages(channel, user).findLast((message) => fits(message));
}
