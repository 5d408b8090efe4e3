/** How quests look on Discord. */
import { ActionRowBuilder, ButtonBuilder } from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import type { Community } from '../communities/community.ts';
import type { Completion } from '../quests/completion-store.ts';
import { proofGoal } from '../quests/goal.ts';
import { sayGoal, sayPart, type GoalWording } from '../quests/goal-text.ts';
import type { Progress } from '../quests/progress.ts';
import { statusOf, type Quest, type QuestStatus, type Recurrence, type Round } from '../quests/quest.ts';
import type { CompletionPage } from '../quests/read-quests.ts';
import type { Reward } from '../rewards/reward.ts';
import type { Answer } from './command.ts';
import { formatCount, formatNumber, timestamp } from './format.ts';
import { COLOURS, note } from './messages.ts';
import { handInRow } from './proof-forms.ts';
import { code, escapeMarkdown, plain, shownName } from './text.ts';

const PREFIX = 'quest:1:';
const BAR_LENGTH = 10;
/** Lengths that keep a list of quests, and one quest, within a message whatever was typed. Escaping at most doubles them. */
const MAX_NAME_LENGTH = 60;
const MAX_BRIEF_LENGTH = 30;
const MAX_GOAL_LENGTH = { list: 120, one: 500 };
const MAX_DESCRIPTION_LENGTH = 500;
const MAX_PARTS = { list: 2, one: 6 };
const MAX_REWARDS = 4;

const RECURRENCE_WORDS: Record<Recurrence, string> = {
  once: '',
  daily: ' · every day',
  weekly: ' · every week',
  monthly: ' · every month',
};

const STATUS_TEXTS: Record<QuestStatus, (quest: Quest, round: Round | undefined) => string> = {
  scheduled: ({ startsAt }) => `starts ${timestamp(startsAt, 'R')}`,
  running: ({ endsAt }, round) => `ends ${timestamp(round?.endsAt ?? endsAt, 'R')}`,
  settling: ({ endsAt, settleAfterMs }) =>
    `over, settled ${timestamp(new Date(endsAt.getTime() + settleAfterMs), 'R')}`,
  ended: ({ endsAt }) => `ended ${timestamp(endsAt, 'R')}`,
  cancelled: () => 'cancelled',
};

/** What one reader has to do with a quest. */
export type OwnQuest = { round: Round | undefined; progress: Progress; completion: Completion | undefined };

/** What is done by a button: `join` a quest, or `cancel` it for good. */
export type QuestAction = 'join' | 'cancel';

/** Reads a custom id of a button of these messages. */
export function decodeQuestAction(customId: string): { action: QuestAction; questId: number } | undefined {
  const [, action, id] = /^quest:1:(join|cancel):(\d{1,9})$/.exec(customId) ?? [];
  if ((action !== 'join' && action !== 'cancel') || id === undefined) return undefined;
  return { action, questId: Number(id) };
}

/** The quests of a community, each with how far the reader has come. */
export function renderQuests(
  community: Community,
  { total, quests }: { total: number; quests: readonly { quest: Quest; own: OwnQuest | undefined }[] },
  now: Date,
  locale: string,
): Answer {
  if (total === 0) {
    return note(
      `**No quests yet.**\nWhoever may manage this server creates one: ${code('/quest create')}`,
      COLOURS.past,
    );
  }
  const entries = quests.map(({ quest, own }) =>
    [
      headOf(quest, own?.round, now),
      plain(sayGoal(quest.goal, community, markdown(locale)), MAX_GOAL_LENGTH.list),
      `-# ${rewardsOf(quest, locale)}${winnersOf(quest, locale)}`,
      ...(own ? ownLines(community, quest, own, now, locale, MAX_PARTS.list) : []),
    ].join('\n'),
  );
  const rest = total - quests.length;
  if (rest > 0) entries.push(`-# and ${formatCount(rest, locale)} more`);
  return note(['## Quests', ...entries].join('\n'));
}

/** One quest, with who completed it and how far the reader has come. */
export function renderQuest(
  community: Community,
  quest: Quest,
  own: OwnQuest | undefined,
  { total, completions }: Omit<CompletionPage, 'round'>,
  now: Date,
  locale: string,
): Answer {
  const status = statusOf(quest, now);
  const lines = [
    `## ${shownName(plain(quest.name, MAX_NAME_LENGTH))}`,
    `${STATUS_TEXTS[status](quest, own?.round)}${RECURRENCE_WORDS[quest.recurrence]}`,
  ];
  if (quest.description) lines.push(shownName(plain(quest.description, MAX_DESCRIPTION_LENGTH)));
  lines.push(
    `**Goal** ${plain(sayGoal(quest.goal, community, markdown(locale)), MAX_GOAL_LENGTH.one)}`,
    `**Reward** ${rewardsOf(quest, locale)}${winnersOf(quest, locale)}`,
    `**From** ${timestamp(quest.startsAt, 'f')} **to** ${timestamp(quest.endsAt, 'f')}`,
  );
  if (own) lines.push(...ownLines(community, quest, own, now, locale, MAX_PARTS.one));
  if (total > 0) {
    const names = completions.map(({ displayName, won }) => {
      const mark = won && quest.maxWinners !== undefined ? '🏆 ' : '';
      return `${mark}${shownName(plain(displayName, MAX_BRIEF_LENGTH))}`;
    });
    const more = total - completions.length;
    lines.push(
      `**Completed by ${formatCount(total, locale)}** ${names.join(', ')}${more > 0 ? ` and ${formatCount(more, locale)} more` : ''}`,
    );
  }
  const answer = note(lines.join('\n'), COLOUR[status]);
  const isOpen = status === 'running' || status === 'scheduled';
  if (isOpen && !own?.progress.joinedAt) {
    const label = quest.joinRequired ? 'Join' : 'Join and be reminded';
    answer.addActionRowComponents(row(`${PREFIX}join:${quest.id}`, label, ButtonStyle.Primary));
  }
  if (status === 'running' && !own?.completion && proofGoal(quest.goal)) {
    answer.addActionRowComponents(handInRow({ questId: quest.id, round: undefined }));
  }
  return answer;
}

/** Asks whether a quest is to be cancelled, which cannot be taken back. */
export function confirmCancelling(quest: Quest, now: Date): Answer {
  const lines = [
    '## Cancel this quest for good?',
    headOf(quest, undefined, now),
    'Nobody completes it from then on, and winners that were not picked yet never are. What was granted stays.',
    '-# To leave it, dismiss this message.',
  ];
  return note(lines.join('\n'), COLOURS.waiting).addActionRowComponents(
    row(`${PREFIX}cancel:${quest.id}`, 'Cancel it', ButtonStyle.Danger),
  );
}

const COLOUR: Record<QuestStatus, number> = {
  scheduled: COLOURS.waiting,
  running: COLOURS.good,
  settling: COLOURS.waiting,
  ended: COLOURS.past,
  cancelled: COLOURS.past,
};

/** `▰▰▰▱▱▱▱▱▱▱ 34 %` */
function progressBar(share: number): string {
  const filled = Math.floor(share * BAR_LENGTH);
  return `${'▰'.repeat(filled)}${'▱'.repeat(BAR_LENGTH - filled)} ${Math.floor(share * 100)} %`;
}

function ownLines(
  community: Community,
  quest: Quest,
  { progress, completion, round }: OwnQuest,
  now: Date,
  locale: string,
  maxParts: number,
): string[] {
  if (completion) {
    const won = completion.won === undefined ? ' Winners are picked when it is settled.' : '';
    const lost = completion.won === false ? ' You are not among the winners.' : '';
    return [`${progressBar(1)} · ✅ you completed it ${timestamp(completion.completedAt, 'R')}.${won}${lost}`];
  }
  const status = statusOf(quest, now);
  if (status === 'scheduled' || status === 'cancelled' || (status === 'ended' && !round)) return [];
  if (!progress.takesPart) return ['You take part once you have joined.'];
  const wording = markdown(locale);
  const parts = progress.parts.map((part) => `${part.isMet ? '✓ ' : ''}${sayPart(part, community, wording)}`);
  const shown = parts.slice(0, maxParts).join(' · ');
  const more = parts.length > maxParts ? ` · and ${parts.length - maxParts} more` : '';
  return [`${progressBar(progress.share)} · ${shown}${more}`];
}

function headOf(quest: Quest, round: Round | undefined, now: Date): string {
  const status = statusOf(quest, now);
  const name = shownName(plain(quest.name, MAX_NAME_LENGTH));
  return `**${name}** · ${STATUS_TEXTS[status](quest, round)}${RECURRENCE_WORDS[quest.recurrence]}`;
}

function winnersOf({ maxWinners }: Quest, locale: string): string {
  if (maxWinners === undefined) return '';
  return maxWinners === 1 ? ' for the first' : ` for the first ${formatCount(maxWinners, locale)}`;
}

function rewardsOf({ rewards }: Quest, locale: string): string {
  const shown = rewards.slice(0, MAX_REWARDS).map((reward) => sayReward(reward, locale));
  const more = rewards.length - shown.length;
  return `${shown.join(' + ')}${more > 0 ? ` and ${more} more` : ''}`;
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
      return `the badge ${shownName(plain(reward.name, MAX_BRIEF_LENGTH))}`;
    case 'nft':
      return `the NFT ${shownName(plain(reward.name, MAX_BRIEF_LENGTH))}`;
    case 'access':
      return `access to ${shownName(plain(reward.name, MAX_BRIEF_LENGTH))}`;
  }
}

function markdown(locale: string): GoalWording {
  return {
    name: (text) => escapeMarkdown(plain(text, MAX_BRIEF_LENGTH)),
    number: (thousandths) => formatNumber(thousandths, locale),
  };
}

function row(customId: string, label: string, style: ButtonStyle.Primary | ButtonStyle.Danger) {
  return new ActionRowBuilder<ButtonBuilder>().addComponents(
    new ButtonBuilder().setCustomId(customId).setLabel(label).setStyle(style),
  );
}
