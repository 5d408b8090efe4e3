/** By what an achievement is earned. A rule is data: asked for in JSON, kept as that JSON, and reckoned with in the form below. */
import { z } from 'zod';
import type { Category } from '../communities/community.ts';
import { DomainError } from '../errors.ts';
import { formatDecimal } from '../ranking/score.ts';
import { decimal } from '../schema.ts';

const MAX_COUNT = 1_000_000_000;
/** The largest amount that a rule may ask for, in thousandths. */
const MAX_AMOUNT = 1_000_000_000_000n;
/** Ten years. */
const MAX_WEEKS = 520;
const MAX_RANK = 1_000;

export const RULE_WINDOWS = ['week', 'month', 'season'] as const;

const count = (description: string, most: number, least = 1) =>
  z
    .int(`must be a whole number from ${least} to ${most}`)
    .min(least, `must be a whole number from ${least} to ${most}`)
    .max(most, `must be a whole number from ${least} to ${most}`)
    .describe(description);
const category = z.string().describe('The slug of a category.');
const window = z.enum(RULE_WINDOWS);

/** A rule as it is asked for. */
export const ruleSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('contributions'),
      atLeast: count('How many contributions in all.', MAX_COUNT),
      category: category.optional(),
    }),
    z.strictObject({
      kind: z.literal('amount'),
      category,
      atLeast: decimal
        .refine((value) => value > 0n, 'must be more than 0')
        .refine((value) => value <= MAX_AMOUNT, 'is above 1000000000')
        .describe('How much in all, in units of the category.'),
    }),
    z.strictObject({
      kind: z.literal('streak'),
      weeks: count('In how many weeks in a row, at least a contribution in each.', MAX_WEEKS, 2),
    }),
    z.strictObject({
      kind: z.literal('categories'),
      categories: z
        .array(category)
        .min(2, 'must name two categories or more')
        .max(100, 'names more than 100')
        .refine((slugs) => new Set(slugs).size === slugs.length, 'names a category twice')
        .optional()
        .describe('A contribution to each of them; if not given, to all that there are when the badge is made.'),
      window: window.describe('Within one of these.'),
    }),
    z.strictObject({
      kind: z.literal('comeback'),
      weeks: count('A contribution after this many whole weeks without any, or more.', MAX_WEEKS),
    }),
    z.strictObject({
      kind: z.literal('quests'),
      atLeast: count('How many quests, or rounds of them, completed.', MAX_COUNT),
    }),
    z.strictObject({
      kind: z.literal('feedback'),
      atLeast: count('How many messages credited as critical feedback.', MAX_COUNT),
    }),
    z.strictObject({
      kind: z.literal('rank'),
      window: window.describe('On the final table of one of these.'),
      atMost: count('The worst rank that will do. Those who are kept from prizes are left out.', MAX_RANK),
      category: category.optional().describe('The slug of a category; if not given, on any board.'),
    }),
  ])
  .meta({ id: 'BadgeRule', examples: [{ kind: 'streak', weeks: 4 }] });

export type Rule = z.output<typeof ruleSchema>;
export type RuleKind = Rule['kind'];

export const RULE_KINDS = ruleSchema.options.map(({ shape }) => shape.kind.value);

/** Rules that follow from totals, which are kept as contributions come in. */
export type TotalRule = Extract<Rule, { kind: 'contributions' | 'amount' | 'feedback' }>;

/** Whether a rule follows from totals. */
export function isTotal(rule: Rule): rule is TotalRule {
  return rule.kind === 'contributions' || rule.kind === 'amount' || rule.kind === 'feedback';
}

/** Whether a rule is about windows, so that what it asks for can be done again in the next one. */
export function isRepeatable({ kind }: Rule): boolean {
  return kind === 'rank' || kind === 'categories';
}

/**
 * A rule with all that it leaves open at the moment, held against the community: what it asks for stays the same when
 * categories are added.
 *
 * @throws DomainError `unknown-category`, or `invalid-parameter` where there are not two categories to ask for
 */
export function completeRule(rule: Rule, { categories }: { categories: readonly Pick<Category, 'slug'>[] }): Rule {
  const slugs = categories.map(({ slug }) => slug);
  const completed = rule.kind === 'categories' ? { ...rule, categories: rule.categories ?? slugs } : rule;
  for (const slug of categoriesIn(completed)) {
    if (!slugs.includes(slug))
      throw new DomainError('unknown-category', `There is no category "${slug}" in this community.`);
  }
  if (completed.kind === 'categories' && completed.categories.length < 2) {
    throw new DomainError(
      'invalid-parameter',
      'A rule of several categories needs two, and the community has fewer. Add one first.',
    );
  }
  return completed;
}

/** The slugs of the categories that a rule names. */
function categoriesIn(rule: Rule): readonly string[] {
  if (rule.kind === 'categories') return rule.categories ?? [];
  return 'category' in rule && rule.category !== undefined ? [rule.category] : [];
}

/** The JSON of a rule, as {@link ruleSchema} reads it. */
export function writeRule(rule: Rule): Record<string, unknown> {
  return rule.kind === 'amount' ? { ...rule, atLeast: formatDecimal(rule.atLeast) } : { ...rule };
}

/** What people type a rule from: one number, whatever it means for the kind. */
export type TypedRule = {
  kind: RuleKind;
  number?: string | undefined;
  categories?: readonly string[] | undefined;
  window?: string | undefined;
};

/** The name of the number that a rule asks for. Several categories need none. */
const NUMBERS: Record<RuleKind, 'atLeast' | 'weeks' | 'atMost' | undefined> = {
  contributions: 'atLeast',
  amount: 'atLeast',
  streak: 'weeks',
  categories: undefined,
  comeback: 'weeks',
  quests: 'atLeast',
  feedback: 'atLeast',
  rank: 'atMost',
};

/** The JSON of a rule that was typed, for {@link ruleSchema} to judge: what does not belong to its kind is in it, too. */
export function readTyped({ kind, number, categories = [], window }: TypedRule): Record<string, unknown> {
  const field = NUMBERS[kind] ?? 'atLeast';
  const [category, ...more] = categories;
  const named = kind === 'categories' || more.length > 0 ? { categories } : { category };
  return {
    kind,
    ...(number === undefined ? {} : { [field]: kind === 'amount' ? number : Number(number) }),
    ...(category === undefined ? {} : named),
    ...(window === undefined ? {} : { window }),
  };
}
