import { z } from 'zod';
import { MAX_AMOUNT } from '../ranking/score.ts';
import { decimal, instant, text } from '../schema.ts';
import { CONTRIBUTION_ID, DISPLAY_NAME, HANDLE, SUBJECT } from '../text.ts';

/** How far ahead of the clock a contribution may have occurred, for clocks that differ. Multipliers and rates begin later than that. */
export const FUTURE_TOLERANCE_MS = 5 * 60_000;

/** A contribution as a source reports it. */
export const contributionSchema = z.object({
  id: text(CONTRIBUTION_ID).describe('Unique within the source: sending it again is safe and counts once.'),
  contributor: text(HANDLE).describe('The handle of the member. Who is unknown becomes a member.'),
  category: z.string().describe('The slug of a category.'),
  amount: decimal
    .refine((amount) => amount > 0n, 'is 0: it must be more')
    .refine((amount) => amount <= MAX_AMOUNT, 'is above 1000000: send it as several contributions')
    .describe('How much, in units of the category: more than 0, at most 1,000,000, with at most 3 places.'),
  occurredAt: instant.describe('When it was done, at most 5 minutes ahead. Milliseconds count, more is cut off.'),
  subject: text(SUBJECT).optional().describe('What it was done on or with: a GPU type, a dataset, a model.'),
  displayName: text(DISPLAY_NAME).optional().describe('The name to show the member by from here on.'),
});

/** A contribution, checked: texts in stored form, the amount in thousandths. */
export type Contribution = Omit<z.output<typeof contributionSchema>, 'subject' | 'displayName'> & {
  subject?: string | undefined;
  displayName?: string | undefined;
};

/** Why a contribution was not accepted, for programs. */
type RejectionReason =
  | 'not_an_object'
  | 'invalid_id'
  | 'invalid_contributor'
  | 'invalid_category'
  | 'invalid_amount'
  | 'invalid_occurred_at'
  | 'invalid_subject'
  | 'invalid_display_name'
  | 'in_the_future'
  | 'unknown_category'
  | 'not_your_contributor'
  | 'total_too_large'
  | 'conflict';

/** A refusal of one contribution. `detail` says it to people: what is wrong, with which value, and what would be right. */
export type Rejection = { reason: RejectionReason; detail: string };

/** The reason that goes with a field that is missing, mistyped or out of its bounds. */
const REASONS: Record<keyof typeof contributionSchema.shape, RejectionReason> = {
  id: 'invalid_id',
  contributor: 'invalid_contributor',
  category: 'invalid_category',
  amount: 'invalid_amount',
  occurredAt: 'invalid_occurred_at',
  subject: 'invalid_subject',
  displayName: 'invalid_display_name',
};

/**
 * Reads one entry of a batch. A bad entry is refused alone and spoils no other.
 *
 * @param now the process's clock
 */
export function parseContribution(entry: unknown, now: Date): Contribution | Rejection {
  const parsed = contributionSchema.safeParse(entry, {
    error: ({ input }) => (input === undefined ? 'is missing' : 'has the wrong type'),
  });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path[0];
    if (!issue || !isField(field)) {
      return {
        reason: 'not_an_object',
        detail: 'An entry is an object such as {"id", "contributor", "category", "amount", "occurredAt"}.',
      };
    }
    return { reason: REASONS[field], detail: `\`${field}\` ${issue.message}.` };
  }
  if (parsed.data.occurredAt.getTime() > now.getTime() + FUTURE_TOLERANCE_MS) {
    return {
      reason: 'in_the_future',
      detail: '`occurredAt` is more than 5 minutes in the future. Send it when it has occurred; is the clock right?',
    };
  }
  return parsed.data;
}

function isField(key: PropertyKey | undefined): key is keyof typeof REASONS {
  return typeof key === 'string' && Object.hasOwn(REASONS, key);
}
