/** What `/rate` does, once its options are read. */
import { addRate } from '../communities/rates.ts';
import { listRates, type ListedRate } from '../communities/list-rates.ts';
import { DomainError } from '../errors.ts';
import { requireCategory } from '../ranking/read-leaderboard.ts';
import { parseDecimal } from '../ranking/score.ts';
import { checkText, SUBJECT } from '../text.ts';
import type { Answer, Call } from './command.ts';
import { formatNumber, timestamp } from './format.ts';
import { COLOURS, note } from './messages.ts';
import { requireManager } from './setup.ts';
import { code, escapeMarkdown, plain, shownName } from './text.ts';
import { requireTime } from './time-option.ts';

/** What is left of Discord's 4,000 characters a message for the list. */
const MAX_LIST_LENGTH = 3_500;
const MAX_TEXT = 60;
const MINUTE_MS = 60_000;
/** A rate begins at least 5 minutes ahead; to the whole minute. */
const LEAD_MS = 6 * MINUTE_MS;

export type TypedRate = { category: string; rate: string; subject: string | null; from: string | null };

/**
 * Sets what a unit earns, from the earliest moment unless one is given.
 *
 * @throws DomainError `forbidden`, or as {@link addRate}
 */
export async function setRate(call: Call, typed: TypedRate): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now, locale } = call;
  const category = requireCategory(community, typed.category);
  const parsed = parseDecimal(typed.rate.trim());
  if ('problem' in parsed) throw new DomainError('invalid-parameter', `The rate, "${typed.rate}", ${parsed.problem}.`);
  const rate = parsed.thousandths;
  const subject = typed.subject === null ? undefined : requireSubject(typed.subject);
  const from = typed.from === null ? earliest(now) : requireTime(call, 'from', typed.from);
  await addRate(services.db, community.id, { category: category.slug, subject, rate, from }, actor, now);
  const of = subject === undefined ? '' : ` of ${shownName(subject)}`;
  return note(
    [
      '## Rate set',
      `**${formatNumber(rate, locale)} OMNIT** a ${shownName(category.unit)}${of} in ${shownName(category.title)}, for what occurs ${beginning(from)}.`,
      '-# What occurs before earns what it did.',
    ].join('\n'),
    COLOURS.good,
  );
}

/** Lists the rates that hold, and those that will. */
export async function showRates({ services, community, now, locale }: Call, slug: string | null): Promise<Answer> {
  const category = slug === null ? undefined : requireCategory(community, slug);
  const rates = await listRates(services.db, community.id, now);
  const wanted = category ? [category] : community.categories;
  let text = '## Rates';
  for (const { slug: of, title, unit } of wanted) {
    const lines = rates.filter((rate) => rate.category === of).map((rate) => lineOf(rate, unit, now, locale));
    for (const line of [`**${shownName(plain(title, MAX_TEXT))}**`, ...lines]) {
      if (text.length + line.length > MAX_LIST_LENGTH) {
        return note(`${text}\n-# and more: give ${code('category')}, or use ${code('omnitensor-cli rates list')}`);
      }
      text += `\n${line}`;
    }
  }
  return note(wanted.length === 0 ? `Nothing is counted here yet: ${code('/setup')}` : text);
}

function lineOf({ rate, subject, from, until }: ListedRate, unit: string, now: Date, locale: string): string {
  const of = subject === undefined ? '' : ` of ${escapeMarkdown(plain(subject, MAX_TEXT))}`;
  const since = from > now ? `, ${beginning(from)}` : '';
  const end = until ? `, until ${timestamp(until, 'f')}` : '';
  return `- ${formatNumber(rate, locale)} OMNIT a ${escapeMarkdown(plain(unit, MAX_TEXT))}${of}${since}${end}`;
}

function beginning(from: Date): string {
  return `from ${timestamp(from, 'f')} on`;
}

function earliest(now: Date): Date {
  return new Date(Math.floor((now.getTime() + LEAD_MS) / MINUTE_MS) * MINUTE_MS);
}

function requireSubject(subject: string): string {
  const checked = checkText(subject, SUBJECT);
  if ('text' in checked) return checked.text;
  throw new DomainError('invalid-parameter', `The subject ${checked.problem}.`);
}
