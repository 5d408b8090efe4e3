/** Goals in words. */
import type { Community } from '../communities/community.ts';
import { formatDecimal } from '../ranking/score.ts';
import type { Goal, SingleGoal } from './goal.ts';
import type { Part } from './tally.ts';

type Categories = Pick<Community, 'categories'>;
/** How outside text and numbers are written where it is shown; thousandths come in. */
export type GoalWording = { name(text: string): string; number(thousandths: bigint): string };

/** For programs and terminals: exact decimals, names as they are. */
const PLAIN_WORDING: GoalWording = { name: (text) => text, number: formatDecimal };

const WINDOW_WORDS = {
  week: 'of the week',
  month: 'of the month',
  season: 'of the season',
  all: 'of all time',
} as const;

/** What a goal asks for: `100 GPU-hours`, `test each of a, b`. */
export function sayGoal(goal: Goal, community: Categories, wording: GoalWording = PLAIN_WORDING): string {
  if (!('goals' in goal)) return saySingle(goal, community, wording);
  const parts = goal.goals.map((part) => {
    const said = sayGoal(part, community, wording);
    return 'goals' in part ? `(${said})` : said;
  });
  return parts.join(goal.kind === 'all' ? ' and ' : ' or ');
}

/** How far a part has come: `62.5 of 100 GPU-hours`. */
export function sayPart(
  { goal, done, wanted }: Part,
  community: Categories,
  wording: GoalWording = PLAIN_WORDING,
): string {
  switch (goal.kind) {
    case 'amount':
      return `${wording.number(done)} of ${units(goal.category, wanted, community, wording)}`;
    case 'each':
      return `${done} of ${wanted} ${wanted === 1n ? 'subject' : 'subjects'}`;
    case 'days':
      return `${done} of ${wanted} ${wanted === 1n ? 'day' : 'days'}`;
    case 'rank':
      return `${done === 0n ? 'no rank yet' : `rank ${done}`}, ${wanted} or better wanted`;
    case 'score':
      return `${wording.number(done)} of ${scored(goal.category, wanted, community, wording)}`;
    case 'proof':
      return done === 0n ? 'no proof approved yet' : 'proof approved';
  }
}

/** How far somebody has come, and towards what: `62.5` and `100 GPU-hours`; of several goals in percent. */
export function tellProgress(
  parts: readonly Part[],
  share: number,
  community: Categories,
): { done: string; goal: string } {
  const [part, another] = parts;
  if (!part || another || part.goal.kind === 'rank' || part.goal.kind === 'proof')
    return { done: `${Math.floor(share * 100)} %`, goal: '100 %' };
  const { goal, done, wanted } = part;
  if (goal.kind === 'amount') {
    return { done: formatDecimal(done), goal: units(goal.category, wanted, community, PLAIN_WORDING) };
  }
  if (goal.kind === 'score') return { done: formatDecimal(done), goal: formatDecimal(wanted) };
  return { done: String(done), goal: `${wanted} ${goal.kind === 'days' ? 'days' : 'subjects'}` };
}

function saySingle(goal: SingleGoal, community: Categories, wording: GoalWording): string {
  switch (goal.kind) {
    case 'amount': {
      const of = goal.subjects ? ` of ${list(goal.subjects, wording)}` : '';
      return `${units(goal.category, goal.amount, community, wording)}${of}`;
    }
    case 'each': {
      const { subjects, of, times } = goal;
      const which =
        of < subjects.length ? `${of} different ones of ${list(subjects, wording)}` : list(subjects, wording);
      return `${times === 1 ? 'a contribution' : `${times} contributions`} to each of ${which} in ${title(goal.category, community, wording)}`;
    }
    case 'days': {
      const where = goal.category === undefined ? '' : ` in ${title(goal.category, community, wording)}`;
      return `contributions on ${goal.days === 1 ? 'a day' : `${goal.days} different days`}${where}`;
    }
    case 'rank':
      return `${goal.atMost === 1 ? 'rank 1' : `rank ${goal.atMost} or better`} ${onBoard(goal, community, wording)}`;
    case 'score':
      return `at least ${scored(goal.category, goal.atLeast, community, wording)} ${onBoard(goal, community, wording)}`;
    case 'proof':
      return `a proof that a reviewer approves: ${wording.name(goal.show)}`;
  }
}

function onBoard(
  { category, window, period }: Extract<SingleGoal, { kind: 'rank' | 'score' }>,
  community: Categories,
  wording: GoalWording,
): string {
  return `in ${title(category, community, wording)} ${period ?? WINDOW_WORDS[window]} when it ends`;
}

function units(slug: string, amount: bigint, { categories }: Categories, wording: GoalWording): string {
  const unit = categories.find((category) => category.slug === slug)?.unit ?? 'unit';
  return `${wording.number(amount)} ${wording.name(unit)}${amount === 1000n ? '' : 's'}`;
}

/** A score of a board with its unit: `1200 OMNIT`, `3 datasets`. */
function scored(slug: string, score: bigint, community: Categories, wording: GoalWording): string {
  const isReward = community.categories.find((category) => category.slug === slug)?.measure === 'reward';
  return isReward ? `${wording.number(score)} OMNIT` : units(slug, score, community, wording);
}

function title(slug: string, { categories }: Categories, wording: GoalWording): string {
  return wording.name(categories.find((category) => category.slug === slug)?.title ?? slug);
}

function list(names: readonly string[], wording: GoalWording): string {
  return names.map((name) => wording.name(name)).join(', ');
}
