import { checkText, CONTRIBUTION_ID, DISPLAY_NAME, HANDLE, SUBJECT } from '../text.ts';
import { MAX_AMOUNT, parseDecimal } from '../ranking/score.ts';
import { parseInstant } from './instant.ts';

/** How far ahead of the clock a contribution may have occurred, for clocks that differ. Multipliers and rates begin later than that. */
export const FUTURE_TOLERANCE_MS = 5 * 60_000;

/** A contribution as a source reports it, checked: texts in stored form, the amount in thousandths. */
export type Contribution = {
  id: string;
  contributor: string;
  category: string;
  amount: bigint;
  occurredAt: Date;
  subject: string | undefined;
  displayName: string | undefined;
};

/** Why a contribution was not accepted, for programs. */
export type RejectionReason =
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

/**
 * Reads one entry of a batch. A bad entry is refused alone and spoils no other.
 *
 * @param now the process's clock
 */
export function parseContribution(entry: unknown, now: Date): Contribution | Rejection {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return { reason: 'not_an_object', detail: 'An entry is an object such as {"id", "contributor", "category", "amount", "occurredAt"}.' };
  }
  const fields = entry as Record<string, unknown>;

  const id = readText(fields, 'id', CONTRIBUTION_ID);
  if ('problem' in id) return { reason: 'invalid_id', detail: id.problem };
  const contributor = readText(fields, 'contributor', HANDLE);
  if ('problem' in contributor) return { reason: 'invalid_contributor', detail: contributor.problem };
  const { category, amount, occurredAt } = fields;
  if (typeof category !== 'string') return { reason: 'invalid_category', detail: `\`category\` ${missingOr(category, 'is not a text')}.` };

  if (typeof amount !== 'string' && typeof amount !== 'number') {
    return { reason: 'invalid_amount', detail: `\`amount\` ${missingOr(amount, 'is neither a number nor a text')}.` };
  }
  const decimal = parseDecimal(amount);
  if ('problem' in decimal) return { reason: 'invalid_amount', detail: `\`amount\` ${decimal.problem}.` };
  if (decimal.thousandths === 0n) return { reason: 'invalid_amount', detail: '`amount` is 0. It must be more.' };
  if (decimal.thousandths > MAX_AMOUNT) return { reason: 'invalid_amount', detail: '`amount` is above 1000000. Send it as several contributions.' };

  if (typeof occurredAt !== 'string') return { reason: 'invalid_occurred_at', detail: `\`occurredAt\` ${missingOr(occurredAt, 'is not a text')}.` };
  const instant = parseInstant(occurredAt);
  if ('problem' in instant) return { reason: 'invalid_occurred_at', detail: `\`occurredAt\` ${instant.problem}.` };
  if (instant.at.getTime() > now.getTime() + FUTURE_TOLERANCE_MS) {
    return { reason: 'in_the_future', detail: '`occurredAt` is more than 5 minutes in the future. Send it when it has occurred; is the clock right?' };
  }

  const subject = fields['subject'] === undefined ? { text: undefined } : readText(fields, 'subject', SUBJECT);
  if ('problem' in subject) return { reason: 'invalid_subject', detail: subject.problem };
  const displayName = fields['displayName'] === undefined ? { text: undefined } : readText(fields, 'displayName', DISPLAY_NAME);
  if ('problem' in displayName) return { reason: 'invalid_display_name', detail: displayName.problem };

  return {
    id: id.text,
    contributor: contributor.text,
    category,
    amount: decimal.thousandths,
    occurredAt: instant.at,
    subject: subject.text,
    displayName: displayName.text,
  };
}

function readText(fields: Record<string, unknown>, name: string, rule: typeof HANDLE): { text: string } | { problem: string } {
  const value = fields[name];
  if (typeof value !== 'string') return { problem: `\`${name}\` ${missingOr(value, 'is not a text')}.` };
  const checked = checkText(value, rule);
  return 'problem' in checked ? { problem: `\`${name}\` ${checked.problem}.` } : checked;
}

function missingOr(value: unknown, otherwise: string): string {
  return value === undefined ? 'is missing' : otherwise;
}
