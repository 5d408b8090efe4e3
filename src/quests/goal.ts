/** What a quest asks for. A goal is asked for in JSON, kept as that JSON, and reckoned with in the form below. */
import { z } from 'zod';
import { DomainError } from '../errors.ts';
import { WINDOW_KINDS, type WindowKind } from '../ranking/calendar.ts';
import { formatDecimal } from '../ranking/score.ts';
import { decimal, text } from '../schema.ts';
import { SUBJECT, type TextRule } from '../text.ts';

/** The largest amount that a goal may ask for, in thousandths: sums up to it are exact in a JavaScript number. */
export const MAX_GOAL = 1_000_000_000_000n;
const MAX_SUBJECTS = 100;
const MAX_PARTS = 10;
const MAX_DAYS = 3_660;
const MAX_TIMES = 1_000_000;
/** What is to be shown, for people. */
const WHAT_TO_SHOW: TextRule = { maxCodePoints: 300, pathSafe: false };

/** A goal that is not made of others. Amounts and scores are in thousandths. */
export type SingleGoal =
  | { kind: 'amount'; category: string; amount: bigint; subjects: readonly string[] | undefined }
  /** So many contributions to each of `of` different ones of the subjects. */
  | { kind: 'each'; category: string; subjects: readonly string[]; times: number; of: number }
  /** Contributions on so many different local days. */
  | { kind: 'days'; days: number; category: string | undefined }
  | ({ kind: 'rank'; atMost: number } & GoalBoard)
  | ({ kind: 'score'; atLeast: bigint } & GoalBoard)
  /** A proof that a reviewer approved. `show`: what it has to show, for people. */
  | { kind: 'proof'; show: string };

/** The board that a rank or score is judged on. Without a period: the window in which the round ends. */
export type GoalBoard = { category: string; window: WindowKind; period: string | undefined };

export type Goal = SingleGoal | { kind: 'all' | 'any'; goals: readonly Goal[] };

const count = (name: string, most: number) =>
  z
    .int(`must be a whole number from 1 to ${most}`)
    .min(1, `must be a whole number from 1 to ${most}`)
    .max(most, `must be a whole number from 1 to ${most}`)
    .describe(name);

const board = {
  category: z.string(),
  window: z.enum(WINDOW_KINDS),
  period: z
    .string()
    .max(40)
    .optional()
    .describe('A key such as 2026-Q3; if not given, the one in which the round ends.'),
};
const positive = decimal.refine((value) => value > 0n, 'must be more than 0');

const fields = {
  category: z.string().optional().describe('The slug of a category; with `days` it may be left out.'),
  amount: positive
    .refine((value) => value <= MAX_GOAL, 'is above 1000000000')
    .optional()
    .describe('How much, in units of the category.'),
  subjects: z
    .array(text(SUBJECT))
    .min(1, 'must name a subject; leave it out for all')
    .max(MAX_SUBJECTS, `names more than ${MAX_SUBJECTS}`)
    .optional()
    .describe('With `amount`: only contributions of these count. With `each`: those to be contributed to.'),
  each: count('How many contributions to each of the subjects.', MAX_TIMES).optional(),
  of: count('With `each`: how many different ones of the subjects; if not given, all.', MAX_SUBJECTS).optional(),
  days: count('On how many different days of the community.', MAX_DAYS).optional(),
  rank: z
    .strictObject({ ...board, atMost: count('The worst rank that will do.', 1_000_000_000) })
    .optional()
    .describe('A rank on a board, judged once, when the round is settled.'),
  score: z
    .strictObject({ ...board, atLeast: positive })
    .optional()
    .describe('A score on a board, judged once, when the round is settled.'),
  proof: text(WHAT_TO_SHOW)
    .optional()
    .describe('What to show, in words: a member hands in a proof of it, and a reviewer approves. One in a quest.'),
};

type GoalFields = z.output<z.ZodObject<typeof fields>> & { all?: Goal[] | undefined; any?: Goal[] | undefined };

const parts = <Part extends z.ZodType<Goal>>(part: Part) => ({
  all: z.array(part).min(1, 'must hold a goal').max(MAX_PARTS, `holds more than ${MAX_PARTS}`).optional(),
  any: z.array(part).min(1, 'must hold a goal').max(MAX_PARTS, `holds more than ${MAX_PARTS}`).optional(),
});

const toGoalOf = (value: GoalFields, context: { addIssue(issue: string): void }): Goal => {
  const goal = readForm(value);
  if (typeof goal !== 'string') return goal;
  context.addIssue(goal);
  return z.NEVER;
};

// Goals within goals within a goal, and no deeper: nobody understands more, and hostile depth ends here.
const single = z.strictObject(fields).transform(toGoalOf).meta({ id: 'SingleGoal' });
const group = z
  .strictObject({ ...fields, ...parts(single) })
  .transform(toGoalOf)
  .meta({ id: 'GoalGroup' });

/** A goal as it is asked for. */
export const goalSchema = z
  .strictObject({ ...fields, ...parts(group) })
  .transform(toGoalOf)
  .meta({
    id: 'Goal',
    description:
      'One of: {category, amount, subjects?}; {category, subjects, each, of?}; {days, category?}; {rank: {category, window, period?, atMost}}; {score: {category, window, period?, atLeast}}; {proof: "what to show"}; {all: [goals]}; {any: [goals]}.',
    examples: [{ category: 'gpu-contributors', amount: '100' }],
  });

/** The JSON of a goal, as {@link goalSchema} reads it. */
export function writeGoal(goal: Goal): Record<string, unknown> {
  switch (goal.kind) {
    case 'amount': {
      const { category, amount, subjects } = goal;
      return { category, amount: formatDecimal(amount), ...(subjects ? { subjects } : {}) };
    }
    case 'each': {
      const { category, subjects, times, of } = goal;
      return { category, subjects, each: times, ...(of < subjects.length ? { of } : {}) };
    }
    case 'days':
      return { days: goal.days, ...(goal.category === undefined ? {} : { category: goal.category }) };
    case 'rank':
      return { rank: { ...writeBoard(goal), atMost: goal.atMost } };
    case 'score':
      return { score: { ...writeBoard(goal), atLeast: formatDecimal(goal.atLeast) } };
    case 'proof':
      return { proof: goal.show };
    case 'all':
    case 'any':
      return { [goal.kind]: goal.goals.map(writeGoal) };
  }
}

/** The goals that a goal is made of, in order. */
export function singleGoals(goal: Goal): SingleGoal[] {
  return 'goals' in goal ? goal.goals.flatMap(singleGoals) : [goal];
}

/** Whether a goal is judged by a board, and so only when the round is settled. */
export function isJudged(goal: SingleGoal): goal is Extract<SingleGoal, GoalBoard> {
  return goal.kind === 'rank' || goal.kind === 'score';
}

/** The goal that a proof reaches, if there is one among those that a goal is made of. */
export function proofGoal(goal: Goal): Extract<SingleGoal, { kind: 'proof' }> | undefined {
  return singleGoals(goal).find((part) => part.kind === 'proof');
}

/**
 * Refuses what nobody can reach, and more than one proof: a member hands in one a round.
 *
 * @param days how many local days the longest round touches
 * @throws DomainError `invalid-parameter`
 */
export function refuseImpossible(goal: Goal, days: number): void {
  if (singleGoals(goal).filter(({ kind }) => kind === 'proof').length > 1) {
    throw new DomainError(
      'invalid-parameter',
      'The goal asks for more than one proof, and a member hands in one a round. Say in one `proof` all that is to be shown.',
    );
  }
  for (const part of singleGoals(goal)) {
    if (part.kind === 'days' && part.days > days) {
      throw new DomainError(
        'invalid-parameter',
        `The goal asks for ${part.days} different days, and ${days === 1 ? 'a round has one' : `a round has at most ${days}`}. Ask for fewer, or give more time.`,
      );
    }
  }
}

/** What the fields say, or what is wrong with them as the end of a sentence. */
function readForm(value: GoalFields): Goal | string {
  const { category, amount, subjects, each, of, days, rank, score, proof, all, any } = value;
  const forms = Object.entries({ amount, each, days, rank, score, proof, all, any }).filter(
    ([, given]) => given !== undefined,
  );
  const [form, another] = forms.map(([name]) => name);
  if (form === undefined) {
    return 'asks for nothing: give `amount`, `each`, `days`, `rank`, `score`, `proof`, `all` or `any`';
  }
  if (another !== undefined) return `asks for both \`${form}\` and \`${another}\`: use \`all\` or \`any\``;
  if (of !== undefined && each === undefined) return 'gives `of` without `each`';
  if (subjects && amount === undefined && each === undefined)
    return 'gives `subjects`, which go with `amount` or `each`';
  if (subjects && new Set(subjects).size < subjects.length) return 'names a subject twice';
  if (all) return { kind: 'all', goals: all };
  if (any) return { kind: 'any', goals: any };
  if (days !== undefined) return { kind: 'days', days, category };
  if (proof !== undefined && category !== undefined) return 'gives `category` beside `proof`, which belongs to none';
  if (proof !== undefined) return { kind: 'proof', show: proof };
  if (rank || score) {
    if (category !== undefined) return `gives \`category\` beside \`${form}\`: it belongs inside`;
    if (rank) return { kind: 'rank', ...rank, period: rank.period };
    if (score) return { kind: 'score', ...score, period: score.period };
  }
  if (category === undefined) return `gives \`${form}\` without \`category\``;
  if (amount !== undefined) return { kind: 'amount', category, amount, subjects };
  if (each === undefined || !subjects) return 'gives `each` without `subjects`';
  if (of !== undefined && of > subjects.length) {
    return `asks for ${of} different subjects and lists ${subjects.length}: nobody can reach that`;
  }
  return { kind: 'each', category, subjects, times: each, of: of ?? subjects.length };
}

function writeBoard({ category, window, period }: GoalBoard): Record<string, unknown> {
  return { category, window, ...(period === undefined ? {} : { period }) };
}
