/** Quests in the words of Discord's messages. */
import type { Community } from '../communities/community.ts';
import type { Completion } from '../quests/completion-store.ts';
import { sayGoal, sayPart, type GoalWording } from '../quests/goal-text.ts';
import type { Progress } from '../quests/progress.ts';
import {
  isJudgedAtEnd,
  statusOf,
  type Prerequisite,
  type Quest,
  type QuestStatus,
  type Recurrence,
  type Round,
} from '../quests/quest.ts';
import type { Reward } from '../rewards/reward.ts';
import type { Call } from './command.ts';
import { formatCount, formatNumber, timestamp } from './format.ts';
import { escapeMarkdown, plain, shownName } from './text.ts';

const BAR_LENGTH = 10;
/** Lengths that keep a list of quests, and one quest, within a message whatever was typed. Escaping at most doubles them. */
const MAX_NAME_LENGTH = 60;
const MAX_BRIEF_LENGTH = 30;
const MAX_REWARDS = 4;

/** What one reader has to do with a quest. */
export type OwnQuest = { round: Round | undefined; progress: Progress; completion: Completion | undefined };

const RECURRENCE_WORDS: Record<Recurrence, string> = {
  once: '',
  daily: ' · every day',
  weekly: ' · every week',
  monthly: ' · every month',
};

const STATUS_TEXTS: Record<QuestStatus, (quest: Quest, round: Round | undefined) => string> = {
  scheduled: ({ startsAt }) => `starts ${timestamp(startsAt, 'R')}`,
  running: ({ endsAt, recurrence }, round) =>
    round && recurrence !== 'once'
      ? `this round ends ${timestamp(round.endsAt, 'R')}`
      : `ends ${timestamp(endsAt, 'R')}`,
  settling: (quest) => {
    const settlesAt = new Date(quest.endsAt.getTime() + quest.settleAfterMs);
    const isOpen = quest.maxWinners !== undefined || isJudgedAtEnd(quest);
    return isOpen ? `over, decided ${timestamp(settlesAt, 'R')}` : `ended ${timestamp(quest.endsAt, 'R')}`;
  },
  ended: ({ endsAt }) => `ended ${timestamp(endsAt, 'R')}`,
  cancelled: () => 'cancelled',
};

export function questName({ name }: Pick<Quest, 'name'>): string {
  return shownName(plain(name, MAX_NAME_LENGTH));
}

/** Where a quest is in its time: `ends in 3 days`. */
export function statusText(quest: Quest, round: Round | undefined, now: Date): string {
  return `${STATUS_TEXTS[statusOf(quest, now)](quest, round)}${RECURRENCE_WORDS[quest.recurrence]}`;
}

export function goalText({ goal }: Quest, community: Community, locale: string, maxLength: number): string {
  return plain(sayGoal(goal, community, wordingOf(locale)), maxLength);
}

/** What there is to win, and by how many. */
export function rewardText({ rewards, maxWinners }: Quest, locale: string): string {
  const shown = rewards.slice(0, MAX_REWARDS).map((reward) => sayReward(reward, locale));
  const more = rewards.length - shown.length;
  const winners =
    maxWinners === undefined
      ? ''
      : maxWinners === 1
        ? ' for the first'
        : ` for the first ${formatCount(maxWinners, locale)}`;
  return `${shown.join(' + ')}${more > 0 ? ` and ${more} more` : ''}${winners}`;
}

/**
 * Whom a quest is for, where not for everybody.
 *
 * @param questNames the names of the quests that are asked for
 */
export function conditionText(quest: Quest, questNames: ReadonlyMap<number, string>): string | undefined {
  const conditions = quest.prerequisites.map((prerequisite) => sayPrerequisite(prerequisite, questNames));
  if (conditions.length === 0) return undefined;
  return `**Only for those** ${new Intl.ListFormat('en').format(conditions)}`;
}

/** How far the reader has come, as lines of a message. */
export function ownLines(
  { community, now, locale }: Call,
  quest: Quest,
  { progress, completion, round }: OwnQuest,
  maxParts: number,
): string[] {
  if (completion) {
    const done = `✅ you completed it ${timestamp(completion.completedAt, 'R')}.`;
    return [`${progressBar(1)} · ${done}${winningText(quest, completion, round, now)}`];
  }
  const status = statusOf(quest, now);
  if (status === 'scheduled' || status === 'cancelled' || (status === 'ended' && !round)) return [];
  if (!progress.takesPart) return [];
  const wording = wordingOf(locale);
  const parts = progress.parts.map((part) => `${part.isMet ? '✓ ' : ''}${sayPart(part, community, wording)}`);
  const shown = parts.slice(0, maxParts).join(' · ');
  const more = parts.length > maxParts ? ` · and ${parts.length - maxParts} more` : '';
  return [`${progressBar(progress.share)} · ${shown}${more}`];
}

function winningText({ maxWinners }: Quest, { won }: Completion, round: Round | undefined, now: Date): string {
  if (maxWinners === undefined) return '';
  if (won === undefined) {
    const when = round && round.settlesAt > now ? timestamp(round.settlesAt, 'R') : 'soon';
    return ` Winners are picked ${when}.`;
  }
  return won ? ' 🏆 You are among the winners.' : ' You are not among the winners.';
}

/** `▰▰▰▱▱▱▱▱▱▱ 34 %` */
export function progressBar(share: number): string {
  const filled = Math.floor(share * BAR_LENGTH);
  return `${'▰'.repeat(filled)}${'▱'.repeat(BAR_LENGTH - filled)} ${Math.floor(share * 100)} %`;
}

function sayPrerequisite(prerequisite: Prerequisite, questNames: ReadonlyMap<number, string>): string {
  if ('quest' in prerequisite) {
    const name = questNames.get(prerequisite.quest) ?? `quest ${prerequisite.quest}`;
    return `who have completed ${brief(name)}`;
  }
  if ('badge' in prerequisite) return `who hold the badge ${brief(prerequisite.badge)}`;
  if ('role' in prerequisite) return `who have the role <@&${prerequisite.role}> when they join`;
  return `who became members before ${timestamp(prerequisite.memberBefore, 'f')}`;
}

function sayReward(reward: Reward, locale: string): string {
  switch (reward.kind) {
    case 'tokens':
      return `${formatNumber(reward.amount, locale)} OMNIT`;
    case 'governance':
      return `${formatNumber(reward.amount, locale)} governance tokens`;
    case 'reputation':
      return `${formatNumber(reward.amount, locale)} reputation`;
    case 'role':
      return `the role <@&${reward.roleId}>`;
    case 'badge':
      return `the badge ${brief(reward.name)}`;
    case 'nft':
      return `the NFT ${brief(reward.name)}`;
    case 'access':
      return `access to ${brief(reward.name)}`;
  }
}

function wordingOf(locale: string): GoalWording {
  return {
    name: (text) => escapeMarkdown(plain(text, MAX_BRIEF_LENGTH)),
    number: (thousandths) => formatNumber(thousandths, locale),
  };
}

function brief(outside: string): string {
  return shownName(plain(outside, MAX_BRIEF_LENGTH));
}
