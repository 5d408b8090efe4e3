/** Building blocks of outside input: zod types that check, convert to domain types and describe themselves in the API. */
import { z } from 'zod';
import { parseInstant } from './contributions/instant.ts';
import { parseDecimal } from './ranking/score.ts';
import { checkText, type TextRule } from './text.ts';

/** A text in its stored form: see `text.ts`. */
export function text(rule: TextRule) {
  return z
    .string()
    .transform((value, context) => {
      const checked = checkText(value, rule);
      if ('text' in checked) return checked.text;
      context.addIssue(checked.problem);
      return z.NEVER;
    })
    .meta({ minLength: 1, maxLength: rule.maxCodePoints });
}

/** A non-negative decimal with at most 3 places, as a number or a string; comes out as thousandths. */
export const decimal = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const parsed = parseDecimal(value);
    if ('thousandths' in parsed) return parsed.thousandths;
    context.addIssue(parsed.problem);
    return z.NEVER;
  })
  .meta({ examples: ['6.25', 12], description: 'A decimal with at most 3 places, as a number or a string.' });

/** An instant in RFC 3339; comes out as a date. */
export const instant = z
  .string()
  .transform((value, context) => {
    const parsed = parseInstant(value);
    if ('at' in parsed) return parsed.at;
    context.addIssue(parsed.problem);
    return z.NEVER;
  })
  .meta({ format: 'date-time', examples: ['2026-08-22T15:53:42Z'] });
