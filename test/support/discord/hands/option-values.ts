import { ApplicationCommandOptionType } from 'discord.js';
import type { CommandOption } from '../rules/command.ts';
import type { OptionValue } from './commands.ts';
import { Refused } from './dispatch.ts';

/** A value as Discord's client lets it through: of the option's type, one of its choices, inside its bounds. @throws Refused. */
export function checkValue(option: CommandOption, value: OptionValue): OptionValue {
  const { name, choices, min_value: min, max_value: max, min_length: shortest, max_length: longest } = option;
  const typed = ofType(option, value);
  if (choices && choices.length > 0 && !choices.some((choice) => choice.value === typed)) {
    throw new Refused(`"${value}" is no choice of "${name}" (${choices.map((choice) => choice.value).join(', ')}).`);
  }
  if (typeof typed === 'number' && ((min ?? typed) > typed || (max ?? typed) < typed)) {
    throw new Refused(`"${name}" must be from ${min ?? 'anything'} to ${max ?? 'anything'}.`);
  }
  const length = typeof typed === 'string' ? Array.from(typed).length : 0;
  if (typeof typed === 'string' && (length < (shortest ?? 0) || length > (longest ?? 6_000))) {
    throw new Refused(`"${name}" must be ${shortest ?? 0} to ${longest ?? 6_000} characters long.`);
  }
  return typed;
}

function ofType({ name, type }: CommandOption, value: OptionValue): OptionValue {
  switch (type) {
    case ApplicationCommandOptionType.Integer:
    case ApplicationCommandOptionType.Number: {
      const number = typeof value === 'boolean' ? Number.NaN : Number(value);
      const whole = type === ApplicationCommandOptionType.Number || Number.isSafeInteger(number);
      if (!Number.isFinite(number) || !whole) throw new Refused(`"${name}" must be a number.`);
      return number;
    }
    case ApplicationCommandOptionType.Boolean:
      if (value !== true && value !== false && value !== 'true' && value !== 'false') {
        throw new Refused(`"${name}" must be true or false.`);
      }
      return value === true || value === 'true';
    default:
      return String(value);
  }
}
