import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord.js';
import { z } from 'zod';
import type { ZodMiniType } from 'zod/mini';
import { invalidForm, type FormProblem } from '../discord-error.ts';
import { holdAgainst } from './description.ts';

/** Discord's own rule for names of slash commands and options; letters that have a lower case must be in it. */
const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;
const MAX_CHARACTERS = 8_000;
const MAX_CHAT_COMMANDS = 100;
const MAX_MENU_COMMANDS = 15;

const choiceSchema = z.object({ name: z.string(), value: z.union([z.string(), z.number()]) });
const optionSchema = z.looseObject({
  type: z.number(),
  name: z.string(),
  description: z.string().default(''),
  required: z.boolean().nullish(),
  autocomplete: z.boolean().nullish(),
  choices: z.array(choiceSchema).nullish(),
  min_value: z.number().nullish(),
  max_value: z.number().nullish(),
  min_length: z.number().nullish(),
  max_length: z.number().nullish(),
  get options() {
    return z.array(optionSchema).nullish();
  },
});
const commandSchema = z.looseObject({
  type: z.number().nullish(),
  name: z.string(),
  description: z.string().nullish(),
  default_member_permissions: z.union([z.string(), z.number()]).nullish(),
  options: z.array(optionSchema).nullish(),
});

/** An option of a command as it is registered. */
export type CommandOption = z.output<typeof optionSchema>;
/** A command as it is registered. */
export type CommandBody = z.output<typeof commandSchema>;

/**
 * Holds a command against Discord's description and the rules that it misses.
 *
 * @param at where the command stands in the request's body: its index in a list.
 * @returns the command. @throws DiscordError 50035.
 */
export function checkCommand(schema: ZodMiniType, body: unknown, at: readonly number[] = []): CommandBody {
  try {
    holdAgainst(schema, body);
  } catch (error) {
    throw at.length === 0 ? error : moved(error, at);
  }
  const command = commandSchema.parse(body);
  const problems = commandProblems(command).map((problem) => ({ ...problem, path: [...at, ...problem.path] }));
  if (problems.length > 0) throw invalidForm(problems);
  return command;
}

/** What is wrong with all commands of a scope together. @throws DiscordError 50035. */
export function checkCommandSet(commands: readonly { type?: number | null | undefined; name: string }[]): void {
  const problems: FormProblem[] = [];
  const seen = new Set<string>();
  for (const [index, { type, name }] of commands.entries()) {
    const key = `${type ?? ApplicationCommandType.ChatInput} ${name}`;
    if (seen.has(key))
      problems.push({
        path: [index, 'name'],
        code: 'APPLICATION_COMMANDS_DUPLICATE_NAME',
        message: 'Application command names must be unique',
      });
    seen.add(key);
  }
  for (const kind of [ApplicationCommandType.ChatInput, ApplicationCommandType.User, ApplicationCommandType.Message]) {
    const limit = kind === ApplicationCommandType.ChatInput ? MAX_CHAT_COMMANDS : MAX_MENU_COMMANDS;
    const count = commands.filter(({ type }) => (type ?? ApplicationCommandType.ChatInput) === kind).length;
    if (count > limit)
      problems.push({
        path: [],
        code: 'APPLICATION_COMMANDS_MAX',
        message: `At most ${limit} commands of type ${kind} (there are ${count})`,
      });
  }
  if (problems.length > 0) throw invalidForm(problems);
}

function moved(error: unknown, at: readonly number[]): unknown {
  if (!(error instanceof Error && 'problems' in error)) return error;
  // Only DiscordError has `problems`.
  const problems = error.problems as FormProblem[];
  return invalidForm(problems.map((problem) => ({ ...problem, path: [...at, ...problem.path] })));
}

function commandProblems(command: CommandBody): FormProblem[] {
  const chat = (command.type ?? ApplicationCommandType.ChatInput) === ApplicationCommandType.ChatInput;
  const problems: FormProblem[] = [];
  if (chat) {
    problems.push(...nameProblems(command.name, ['name']));
    if (!command.description)
      problems.push({ path: ['description'], code: 'BASE_TYPE_REQUIRED', message: 'This field is required' });
    problems.push(...optionsProblems(command.options ?? [], ['options'], 0));
  } else {
    if (command.description)
      problems.push({
        path: ['description'],
        code: 'APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID',
        message: 'Context menu commands cannot have description',
      });
    if (command.options && command.options.length > 0)
      problems.push({
        path: ['options'],
        code: 'APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_INVALID',
        message: 'Context menu commands cannot have options',
      });
  }
  const size = charactersOf(command);
  if (size > MAX_CHARACTERS)
    problems.push({
      path: [],
      code: 'APPLICATION_COMMAND_TOO_LARGE',
      message: `Command exceeds maximum size (${size} of ${MAX_CHARACTERS})`,
    });
  return problems;
}

function nameProblems(name: string, path: readonly (string | number)[]): FormProblem[] {
  if (NAME.test(name) && name === name.toLowerCase()) return [];
  return [{ path, code: 'APPLICATION_COMMAND_INVALID_NAME', message: 'Command name is invalid' }];
}

function optionsProblems(
  options: readonly CommandOption[],
  path: readonly (string | number)[],
  depth: number,
): FormProblem[] {
  const problems: FormProblem[] = [];
  if (options.length > 25)
    problems.push({ path, code: 'BASE_TYPE_MAX_LENGTH', message: 'Must be 25 or fewer in length.' });
  const subcommands = options.filter(isSubcommand).length;
  if (subcommands > 0 && subcommands < options.length) {
    problems.push({
      path,
      code: 'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
      message: 'Sub-command and sub-command group option types are mutually exclusive to all other types',
    });
  }
  const names = options.map(({ name }) => name);
  let optionalSeen = false;
  for (const [index, option] of options.entries()) {
    const at = [...path, index];
    problems.push(...nameProblems(option.name, [...at, 'name']));
    if (names.indexOf(option.name) !== index)
      problems.push({
        path: [...at, 'name'],
        code: 'APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS',
        message: 'Option name already exists',
      });
    if (option.required && optionalSeen)
      problems.push({
        path: at,
        code: 'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
        message: 'Required options must be placed before non-required options',
      });
    optionalSeen ||= !option.required;
    problems.push(...optionProblems(option, at, depth));
  }
  return problems;
}

function optionProblems(option: CommandOption, at: readonly (string | number)[], depth: number): FormProblem[] {
  const problems: FormProblem[] = [];
  if (!option.description)
    problems.push({ path: [...at, 'description'], code: 'BASE_TYPE_REQUIRED', message: 'This field is required' });
  if (isSubcommand(option)) {
    const deepest = option.type === ApplicationCommandOptionType.Subcommand ? 1 : 0;
    if (depth > deepest)
      problems.push({
        path: [...at, 'type'],
        code: 'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
        message: 'Sub-commands nest one group deep',
      });
    problems.push(...optionsProblems(option.options ?? [], [...at, 'options'], depth + 1));
  }
  const choices = option.choices ?? [];
  if (choices.length > 25)
    problems.push({
      path: [...at, 'choices'],
      code: 'BASE_TYPE_MAX_LENGTH',
      message: 'Must be 25 or fewer in length.',
    });
  if (option.autocomplete && choices.length > 0)
    problems.push({
      path: [...at, 'autocomplete'],
      code: 'APPLICATION_COMMAND_AUTOCOMPLETE_WITH_CHOICES',
      message: 'Autocomplete cannot be used with choices',
    });
  for (const [index, choice] of choices.entries()) {
    const twin = choices.findIndex(({ name, value }) => name === choice.name || value === choice.value);
    if (twin < index)
      problems.push({
        path: [...at, 'choices', index],
        code: 'APPLICATION_COMMAND_OPTIONS_CHOICE_ALREADY_EXISTS',
        message: 'Option choice name and value must be unique',
      });
    if (typeof choice.value === 'string' && Array.from(choice.value).length > 100)
      problems.push({
        path: [...at, 'choices', index, 'value'],
        code: 'BASE_TYPE_MAX_LENGTH',
        message: 'Must be 100 or fewer in length.',
      });
  }
  return problems;
}

function isSubcommand({ type }: CommandOption): boolean {
  return type === ApplicationCommandOptionType.Subcommand || type === ApplicationCommandOptionType.SubcommandGroup;
}

/** Names, descriptions and values of choices count. Source: Discord's documentation, "Application Commands", limits. */
function charactersOf({ name, description, options }: CommandBody | CommandOption): number {
  const length = (text: string): number => Array.from(text).length;
  let sum = length(name) + length(description ?? '');
  for (const option of options ?? []) {
    sum += charactersOf(option);
    for (const choice of option.choices ?? []) sum += length(choice.name) + length(String(choice.value));
  }
  return sum;
}
