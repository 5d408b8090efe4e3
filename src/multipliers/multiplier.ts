/** What a multiplier event may be, and what follows from it. Pure: the time is a parameter. */
import { z } from 'zod';
import type { Multiplier } from '../communities/community.ts';
import { FUTURE_TOLERANCE_MS } from '../contributions/contribution.ts';
import { formatDecimal, NO_MULTIPLIER, parseDecimal } from '../ranking/score.ts';
import { instant, text } from '../schema.ts';
import { NAME } from '../text.ts';

const MAX_FACTOR = 300n;
const THOUSANDTHS_IN_HUNDREDTH = 10n;
/** The most moments at which one event is announced ahead. */
const MAX_AHEAD = 10;
const HOUR_MS = 3_600_000;
/** How long before its start an event is announced, unless set otherwise. */
const AHEAD_MS = [24 * HOUR_MS, HOUR_MS];

/** A factor: more than 1 and at most 3 with at most 2 places, as a number or a string; comes out as hundredths. */
const factor = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const parsed = parseFactor(value);
    if ('factor' in parsed) return parsed.factor;
    context.addIssue(parsed.problem);
    return z.NEVER;
  })
  .meta({ examples: ['2.5', 2], description: 'More than 1 and at most 3, with at most 2 places.' });

/** A multiplier event as it is asked for. */
export const newMultiplierSchema = z.object({
  name: text(NAME),
  factor,
  startsAt: instant.describe('The first moment of it: at least 5 minutes ahead, unless `backdated`.'),
  endsAt: instant.describe('The first moment after it.'),
  categories: z
    .array(z.string())
    .min(1, 'must name a category; leave it out for all')
    .optional()
    .describe('Slugs; if not given, all categories, those added later included.'),
  announceAt: z
    .union([instant.transform((at) => [at]), z.array(instant).max(MAX_AHEAD)])
    .optional()
    .describe('When to announce it, before it starts; if not given, 24 hours and 1 hour before.'),
  backdated: z
    .boolean()
    .optional()
    .describe('Allows a start in the past, for stretches from which nothing has been recorded.'),
});

/** A multiplier event as it is asked for, checked: the factor in hundredths. */
export type NewMultiplier = z.output<typeof newMultiplierSchema>;

export type MultiplierStatus = 'scheduled' | 'running' | 'ended' | 'cancelled';

/** A multiplier event with all that is told of it. */
export type MultiplierEvent = Multiplier & {
  /** When it is announced ahead of its start, earliest first. */
  announceAt: readonly Date[];
  cancelledAt: Date | undefined;
};

/**
 * Reads a factor into hundredths: `2.5` is 250.
 *
 * @returns the hundredths, or what is wrong with it as the end of a sentence.
 */
export function parseFactor(value: string | number): { factor: bigint } | { problem: string } {
  const parsed = parseDecimal(value);
  const wrong = (what: string) => ({ problem: `${what}: a factor is more than 1 and at most 3, such as 2 or 2.5` });
  if ('problem' in parsed && !parsed.problem.endsWith('places')) return parsed;
  if ('problem' in parsed || parsed.thousandths % THOUSANDTHS_IN_HUNDREDTH !== 0n) {
    return wrong('has more than 2 decimal places');
  }
  const hundredths = parsed.thousandths / THOUSANDTHS_IN_HUNDREDTH;
  if (hundredths <= NO_MULTIPLIER) return wrong(`is ${formatDecimal(parsed.thousandths)}`);
  if (hundredths > MAX_FACTOR) return wrong(`is ${formatDecimal(parsed.thousandths)}`);
  return { factor: hundredths };
}

/** What an event is at a moment. */
export function statusOf({ startsAt, endsAt, cancelledAt }: MultiplierEvent, now: Date): MultiplierStatus {
  if (cancelledAt) return 'cancelled';
  if (now < startsAt) return 'scheduled';
  return now < endsAt ? 'running' : 'ended';
}

/** The earliest moment that a change may take effect: none that is accepted can have occurred later than 5 minutes from now. */
export function earliestEffect(now: Date): Date {
  return new Date(now.getTime() + FUTURE_TOLERANCE_MS);
}

/** When an event is announced ahead: at the moments asked for, else 24 hours and 1 hour before; those already past are left out. */
export function momentsAhead(startsAt: Date, wanted: readonly Date[] | undefined, now: Date): Date[] {
  const moments = wanted?.map(Number) ?? AHEAD_MS.map((ms) => startsAt.getTime() - ms);
  return [...new Set(moments)]
    .filter((moment) => moment > now.getTime())
    .toSorted((a, b) => a - b)
    .map((moment) => new Date(moment));
}
