import { z } from 'zod';
import { ApplicationCommandAutocompleteCallbackRequestSchema } from 'discord-api-spec/zod';
import { invalidForm, type FormProblem } from '../discord-error.ts';
import { holdAgainst } from './description.ts';

const MAX_LENGTH = 100;
const callbackSchema = z.object({
  data: z.object({ choices: z.array(z.object({ name: z.string(), value: z.union([z.string(), z.number()]) })) }),
});

/** Holds the choices of an autocomplete against Discord's description and rules. @throws DiscordError 50035. */
export function checkChoices(body: unknown): { name: string; value: string | number }[] {
  holdAgainst(ApplicationCommandAutocompleteCallbackRequestSchema, body);
  const { choices } = callbackSchema.parse(body).data;
  const problems = choices.flatMap(({ name, value }, index): FormProblem[] =>
    Object.entries({ name, value })
      .filter(([, text]) => typeof text === 'string' && (text === '' || Array.from(text).length > MAX_LENGTH))
      .map(([field]) => ({
        path: ['data', 'choices', index, field],
        code: 'BASE_TYPE_BAD_LENGTH',
        message: `Must be between 1 and ${MAX_LENGTH} in length.`,
      })),
  );
  if (choices.length > 25) {
    problems.push({
      path: ['data', 'choices'],
      code: 'BASE_TYPE_MAX_LENGTH',
      message: 'Must be 25 or fewer in length.',
    });
  }
  if (problems.length > 0) throw invalidForm(problems);
  return choices;
}
