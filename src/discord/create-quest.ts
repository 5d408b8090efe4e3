/** A quest as it is typed on Discord, and making it. */
import { DomainError } from '../errors.ts';
import { createQuest } from '../quests/create-quest.ts';
import { newQuestSchema } from '../quests/quest.ts';
import type { WindowKind } from '../ranking/calendar.ts';
import type { Call } from './command.ts';
import { requireManager } from './setup.ts';
import { requireTime } from './time-option.ts';

/** A quest as it was typed. Times as people write them, in the community's time zone. */
export type TypedQuest = {
  name: string;
  description: string | undefined;
  starts: string | undefined;
  ends: string;
  category: string | undefined;
  amount: string | undefined;
  /** Parted by commas. */
  subjects: string | undefined;
  each: number | undefined;
  days: number | undefined;
  score: string | undefined;
  rank: number | undefined;
  window: WindowKind;
  proof: string | undefined;
  /** Of several goals one is enough. */
  oneIsEnough: boolean;
  tokens: string | undefined;
  reputation: string | undefined;
  badge: string | undefined;
  roleId: string | undefined;
  recurrence: string | undefined;
  winners: number | undefined;
  /** Whether it has to be joined, and whether what came before counts, too. */
  joining: 'required' | 'earlier' | undefined;
  /** The id of a quest that must have been completed, as suggestions bring it. */
  after: string | undefined;
  needsBadge: string | undefined;
  needsRoleId: string | undefined;
  memberBefore: string | undefined;
};

/**
 * Makes a quest of what was typed. Several goals are all asked for, unless one is enough.
 *
 * @returns its id
 * @throws DomainError `forbidden`, or as creating it does
 */
export async function createTyped(call: Call, typed: TypedQuest): Promise<number> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const goals = goalsOf(typed);
  const rewards = rewardsOf(typed);
  const prerequisites = prerequisitesOf(call, typed);
  const parsed = newQuestSchema.safeParse({
    name: typed.name,
    description: typed.description,
    startsAt: typed.starts === undefined ? undefined : requireTime(call, 'starts', typed.starts).toISOString(),
    endsAt: requireTime(call, 'ends', typed.ends).toISOString(),
    goal: goals.length > 1 ? { [typed.oneIsEnough ? 'any' : 'all']: goals } : goals[0],
    rewards: rewards.map(({ reward }) => reward),
    recurrence: typed.recurrence,
    maxWinners: typed.winners,
    // A role is looked at when somebody joins.
    joinRequired: typed.joining !== undefined || typed.needsRoleId !== undefined,
    countEarlier: typed.joining === 'earlier',
    prerequisites,
  });
  if (!parsed.success) {
    const options = rewards.map(({ option }) => option);
    throw refusalOf(parsed.error.issues[0], options);
  }
  const id = await createQuest(services, community, parsed.data, actor, now);
  services.nudge();
  return id;
}

/** Reads the id of a quest, as suggestions bring it. */
export function requireQuestId(chosen: string): number {
  if (/^\d{1,9}$/.test(chosen)) return Number(chosen);
  throw new DomainError('invalid-parameter', `"${chosen}" is no quest. Choose one of those that are suggested.`);
}

function goalsOf({ category, amount, each, days, score, rank, window, proof, ...typed }: TypedQuest): object[] {
  const subjects = typed.subjects
    ?.split(',')
    .map((subject) => subject.trim())
    .filter((subject) => subject !== '');
  const goals = [
    ...(amount === undefined ? [] : [{ category, amount, ...(each === undefined ? { subjects } : {}) }]),
    ...(each === undefined ? [] : [{ category, subjects, each }]),
    ...(days === undefined ? [] : [{ days, category }]),
    ...(score === undefined ? [] : [{ score: { category, window, atLeast: score } }]),
    ...(rank === undefined ? [] : [{ rank: { category, window, atMost: rank } }]),
    ...(proof === undefined ? [] : [{ proof }]),
  ];
  if (goals.length === 0) {
    throw new DomainError(
      'invalid-parameter',
      'Say what the goal is: give `amount`, `each`, `days`, `score`, `rank` or `proof`.',
    );
  }
  if ((score !== undefined || rank !== undefined) && category === undefined) {
    throw new DomainError('invalid-parameter', 'Give a `category` beside `score` or `rank`: the board that is meant.');
  }
  return goals;
}

/** The rewards, each with the option that it was typed into. */
function rewardsOf({ tokens, reputation, badge, roleId }: TypedQuest): { option: string; reward: object }[] {
  const rewards = [
    ...(tokens === undefined ? [] : [{ option: 'tokens', reward: { kind: 'tokens', amount: tokens } }]),
    ...(reputation === undefined ? [] : [{ option: 'reputation', reward: { kind: 'reputation', amount: reputation } }]),
    ...(badge === undefined ? [] : [{ option: 'badge', reward: { kind: 'badge', name: badge } }]),
    ...(roleId === undefined ? [] : [{ option: 'role', reward: { kind: 'role', roleId } }]),
  ];
  if (rewards.length > 0) return rewards;
  throw new DomainError(
    'invalid-parameter',
    'Say what there is to win: give `tokens`, `reputation`, `badge` or `role`.',
  );
}

function prerequisitesOf(call: Call, { after, needsBadge, needsRoleId, memberBefore }: TypedQuest): object[] {
  return [
    ...(after === undefined ? [] : [{ quest: requireQuestId(after) }]),
    ...(needsBadge === undefined ? [] : [{ badge: needsBadge }]),
    ...(needsRoleId === undefined ? [] : [{ role: needsRoleId }]),
    ...(memberBefore === undefined
      ? []
      : [{ memberBefore: requireTime(call, 'member-before', memberBefore).toISOString() }]),
  ];
}

/** Fields within a goal that are no options of their own. */
const NO_OPTIONS: ReadonlySet<string> = new Set(['all', 'any', 'atLeast', 'atMost']);

type Issue = { path: readonly PropertyKey[]; message: string };

/** Says what is wrong by the option that it was typed into. */
function refusalOf(issue: Issue | undefined, rewardOptions: readonly string[]): DomainError {
  const option = issue && optionOf(issue.path, rewardOptions);
  const subject = option === undefined ? 'The goal' : `\`${option}\``;
  return new DomainError('invalid-parameter', `${subject} ${issue?.message ?? 'is not as it must be'}.`);
}

/** The option that a place in the quest comes from; undefined for the goal as a whole. */
function optionOf([field, ...within]: readonly PropertyKey[], rewardOptions: readonly string[]): string | undefined {
  const [index] = within;
  if (field === 'rewards' && typeof index === 'number') return rewardOptions[index];
  if (field === 'prerequisites') return 'needs-badge';
  if (field !== 'goal') return String(field);
  return within.filter((name) => typeof name === 'string').findLast((name) => !NO_OPTIONS.has(name));
}
