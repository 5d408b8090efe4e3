/** Rules in words. */
import type { Community } from '../communities/community.ts';
import { formatDecimal } from '../ranking/score.ts';
import type { Rule } from './rule.ts';

type Categories = Pick<Community, 'categories'>;
/** How outside text and numbers are written where it is shown; thousandths come in. */
export type RuleWording = { name(text: string): string; number(thousandths: bigint): string };

/** For programs and terminals: exact decimals, names as they are. */
const PLAIN_WORDING: RuleWording = { name: (text) => text, number: formatDecimal };

/** What a rule asks for: `100 contributions in Data Validators`. */
export function sayRule(rule: Rule, community: Categories, wording: RuleWording = PLAIN_WORDING): string {
  const whole = (count: number) => wording.number(BigInt(count) * 1_000n);
  const title = (slug: string) => wording.name(community.categories.find((one) => one.slug === slug)?.title ?? slug);
  const within = (slug: string | undefined) => (slug === undefined ? '' : ` in ${title(slug)}`);
  switch (rule.kind) {
    case 'contributions':
      return `${plural(rule.atLeast, 'contribution', whole)}${within(rule.category)}`;
    case 'amount': {
      const unit = community.categories.find((one) => one.slug === rule.category)?.unit ?? 'unit';
      return `${wording.number(rule.atLeast)} ${wording.name(unit)}${rule.atLeast === 1_000n ? '' : 's'} in all`;
    }
    case 'streak':
      return `contributions in ${whole(rule.weeks)} weeks in a row`;
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

function plural(count: number, noun: string, whole: (count: number) => string, after = ''): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}${after}`;
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
