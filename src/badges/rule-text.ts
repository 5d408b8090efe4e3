/** Rules in words. */
import type { Community } from '../communities/community.ts';
import { formatDecimal } from '../ranking/score.ts';
import type { Progress } from './progress.ts';
import type { Rule } from './rule.ts';

type Categories = Pick<Community, 'categories'>;
/** How outside text and numbers are written where it is shown; thousandths come in. */
export type RuleWording = { name(text: string): string; number(thousandths: bigint): string };

/** For programs and terminals: exact decimals, names as they are. */
const PLAIN_WORDING: RuleWording = { name: (text) => text, number: formatDecimal };

/** What a rule asks for: `100 contributions in Data Validators`. */
export function sayRule(rule: Rule, community: Categories, wording: RuleWording = PLAIN_WORDING): string {
  const whole = (count: number) => wording.number(BigInt(count) * 1_000n);
  const title = (slug: string) => titleOf(slug, community, wording);
  const within = (slug: string | undefined) => (slug === undefined ? '' : ` in ${title(slug)}`);
  switch (rule.kind) {
    case 'contributions':
      return `${plural(rule.atLeast, 'contribution', whole)}${within(rule.category)}`;
    case 'amount': {
      return `${wording.number(rule.atLeast)} ${unitOf(rule.category, community, wording)}${rule.atLeast === 1_000n ? '' : 's'} in all`;
    }
    case 'streak':
      return `a contribution in each of ${whole(rule.weeks)} weeks in a row`;
    case 'categories':
      return `contributions to ${list((rule.categories ?? []).map(title))} within one ${rule.window}`;
    case 'comeback':
      return `a contribution after ${plural(rule.weeks, 'week', whole)} or more without any`;
    case 'quests':
      return plural(rule.atLeast, 'quest', whole, ' completed');
    case 'feedback':
      return plural(rule.atLeast, 'message', whole, ' credited as critical feedback');
    case 'rank': {
      const place = rule.atMost === 1 ? 'first' : `among the first ${whole(rule.atMost)}`;
      const board = rule.category === undefined ? 'a board' : title(rule.category);
      return `${place} on ${board} when a ${rule.window} becomes final`;
    }
  }
}

/** How far somebody has come: `2 of 4 weeks in a row`. */
export function sayProgress(
  rule: Rule,
  { done, wanted }: Pick<Progress, 'done' | 'wanted'>,
  community: Categories,
  wording: RuleWording = PLAIN_WORDING,
): string {
  if (rule.kind === 'amount') {
    const unit = unitOf(rule.category, community, wording);
    return `${wording.number(done)} of ${wording.number(wanted)} ${unit}${wanted === 1_000n ? '' : 's'}`;
  }
  const [one, several] = NOUNS[rule.kind];
  const noun = wanted === 1n ? one : several;
  return `${wording.number(done * 1_000n)} of ${wording.number(wanted * 1_000n)} ${noun}${whereOf(rule, community, wording)}`;
}

/** What is counted: of one, and of several. */
const NOUNS: Record<Exclude<Rule['kind'], 'amount'>, readonly [string, string]> = {
  contributions: ['contribution', 'contributions'],
  feedback: ['credited message', 'credited messages'],
  streak: ['week', 'weeks in a row'],
  categories: ['category', 'categories'],
  quests: ['quest', 'quests'],
  comeback: ['week', 'weeks'],
  rank: ['rank', 'ranks'],
};

function whereOf(rule: Rule, community: Categories, wording: RuleWording): string {
  if (rule.kind === 'categories') return ` this ${rule.window}`;
  if (rule.kind !== 'contributions' || rule.category === undefined) return '';
  return ` in ${titleOf(rule.category, community, wording)}`;
}

function titleOf(slug: string, { categories }: Categories, wording: RuleWording): string {
  return wording.name(categories.find((one) => one.slug === slug)?.title ?? slug);
}

function unitOf(slug: string, { categories }: Categories, wording: RuleWording): string {
  return wording.name(categories.find((one) => one.slug === slug)?.unit ?? 'unit');
}

function plural(count: number, noun: string, whole: (count: number) => string, after = ''): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}${after}`;
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
