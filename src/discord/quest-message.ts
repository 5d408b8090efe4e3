/** How quests look on Discord. */
import { ActionRowBuilder, ButtonBuilder } from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import { proofGoal } from '../quests/goal.ts';
import { statusOf, type Quest, type QuestStatus } from '../quests/quest.ts';
import type { CompletionPage } from '../quests/read-quests.ts';
import type { Answer, Call } from './command.ts';
import { formatCount, timestamp } from './format.ts';
import { COLOURS, list, note } from './messages.ts';
import { handInButton } from './proof-forms.ts';
import { conditionText, goalText, ownLines, questName, rewardText, statusText, type OwnQuest } from './quest-words.ts';
import { code, plain, shownName } from './text.ts';

const PREFIX = 'quest:1:';
const MAX_BRIEF_LENGTH = 30;
const MAX_GOAL_LENGTH = { list: 120, one: 500 };
const MAX_DESCRIPTION_LENGTH = 500;
const MAX_PARTS = { list: 2, one: 6 };

const COLOUR: Record<QuestStatus, number> = {
  scheduled: COLOURS.waiting,
  running: COLOURS.good,
  settling: COLOURS.waiting,
  ended: COLOURS.past,
  cancelled: COLOURS.past,
};

/** What is done by a button: `join` a quest, or `cancel` it for good. */
export type QuestAction = 'join' | 'cancel';

/** What was just done to a quest that is shown. */
export type QuestDone = 'Created' | 'Changed' | 'Cancelled' | 'Joined';

/** A quest with all that is shown of it. `own`: how far the reader has come, who may not be known yet. */
export type ShownQuest = {
  quest: Quest;
  own: OwnQuest | undefined;
  page: Omit<CompletionPage, 'round'>;
  /** The names of the quests that have to be completed before it. */
  questNames: ReadonlyMap<number, string>;
};

/** Reads a custom id of a button of these messages. */
export function decodeQuestAction(customId: string): { action: QuestAction; questId: number } | undefined {
  const [, action, id] = /^quest:1:(join|cancel):(\d{1,9})$/.exec(customId) ?? [];
  if ((action !== 'join' && action !== 'cancel') || id === undefined) return undefined;
  return { action, questId: Number(id) };
}

/** Quests of a community below a heading, each with how far the reader has come. */
export function renderQuests(
  call: Call,
  heading: string,
  { total, quests }: { total: number; quests: readonly Pick<ShownQuest, 'quest' | 'own'>[] },
): Answer {
  const { community, now, locale } = call;
  if (total === 0) {
    return note(
      `**No quests yet.**\nThose who manage this server create one with ${code('/quest create')}.`,
      COLOURS.past,
    );
  }
  const entries = quests.map(({ quest, own }) =>
    [
      headOf(quest, own, now),
      `Goal: ${goalText(quest, community, locale, MAX_GOAL_LENGTH.list)}`,
      ...(own ? ownLines(call, quest, own, MAX_PARTS.list) : []),
      `-# Reward: ${rewardText(quest, locale)}${quest.prerequisites.length > 0 ? ' · not for everybody' : ''}`,
    ].join('\n'),
  );
  const rest = total - quests.length;
  if (rest > 0) entries.push(`-# and ${formatCount(rest, locale)} more: ${code('/quest show')} finds them by name`);
  return list(heading, entries);
}

/** One quest, with who completed it and how far the reader has come. */
export function renderQuest(call: Call, { quest, own, page, questNames }: ShownQuest, done?: QuestDone): Answer {
  const { community, now, locale } = call;
  const status = statusOf(quest, now);
  const condition = conditionText(quest, questNames);
  const answer = note(
    [
      `## ${done ? `${done}: ` : ''}${questName(quest)}`,
      ...(done === 'Cancelled' ? [] : [capitalized(statusText(quest, own?.round, now))]),
      ...(quest.description ? [shownName(plain(quest.description, MAX_DESCRIPTION_LENGTH))] : []),
      `**Goal** ${goalText(quest, community, locale, MAX_GOAL_LENGTH.one)}`,
      `**Reward** ${rewardText(quest, locale)}`,
      `**From** ${timestamp(quest.startsAt, 'f')} **to** ${timestamp(quest.endsAt, 'f')}`,
      ...(condition === undefined ? [] : [condition]),
      ...(own ? ownLines(call, quest, own, MAX_PARTS.one) : []),
      ...(page.total > 0 ? [completedBy(quest, page, locale)] : []),
      ...hintsOf(call, quest, own, done),
    ].join('\n'),
    COLOUR[status],
  );
  const buttons = buttonsOf(quest, own, status);
  return buttons.length > 0
    ? answer.addActionRowComponents(new ActionRowBuilder<ButtonBuilder>().addComponents(...buttons))
    : answer;
}

/** Asks whether a quest is to be cancelled, which cannot be taken back. */
export function confirmCancelling(quest: Quest, now: Date): Answer {
  const lines = [
    '## Cancel this quest for good?',
    headOf(quest, undefined, now),
    'From then on nobody completes it, and winners who were not picked by then never are. What was granted stays.',
    '-# To leave it, dismiss this message.',
  ];
  return note(lines.join('\n'), COLOURS.waiting).addActionRowComponents(
    new ActionRowBuilder<ButtonBuilder>().addComponents(
      button(`${PREFIX}cancel:${quest.id}`, 'Cancel it', ButtonStyle.Danger),
    ),
  );
}

/** That a quest cannot be joined without some roles. */
export function renderLackingRoles(quest: Quest, roleIds: readonly string[]): Answer {
  const roles = roleIds.map((id) => `<@&${id}>`).join(', ');
  return note(`**${questName(quest)}** is for those who have a role that you lack: ${roles}.`, COLOURS.bad);
}

function headOf(quest: Quest, own: OwnQuest | undefined, now: Date): string {
  return `**${questName(quest)}** · ${statusText(quest, own?.round, now)}`;
}

function completedBy({ maxWinners }: Quest, { total, completions }: ShownQuest['page'], locale: string): string {
  const names = completions.map(({ displayName, won }) => {
    const mark = won && maxWinners !== undefined ? '🏆 ' : '';
    return `${mark}${shownName(plain(displayName, MAX_BRIEF_LENGTH))}`;
  });
  const more = total - completions.length;
  const count = total === 1 ? '' : ` ${formatCount(total, locale)} members:`;
  return `**Completed by**${count} ${names.join(', ')}${more > 0 ? ` and ${formatCount(more, locale)} more` : ''}`;
}

/** What the reader should know besides, or can do next. */
function hintsOf(
  { community: { discordChannelId }, now }: Call,
  quest: Quest,
  own: OwnQuest | undefined,
  done: QuestDone | undefined,
): string[] {
  if (done === 'Created') {
    const when = quest.startsAt > now ? timestamp(quest.startsAt, 'R') : 'now';
    return [
      discordChannelId
        ? `-# Announced in <#${discordChannelId}> ${when}. Goal and rewards stay as promised: to change them, cancel it and create another.`
        : `⚠️ Announcements have no channel yet: ${code('/setup channel:')}`,
    ];
  }
  if (done === 'Joined') {
    return ['-# If you are over half way when little time is left, the bot reminds you in private.'];
  }
  return isOpen(statusOf(quest, now)) && !takesPart(quest, own) ? ['You take part once you have joined.'] : [];
}

function buttonsOf(quest: Quest, own: OwnQuest | undefined, status: QuestStatus): ButtonBuilder[] {
  const isDone = own?.completion !== undefined;
  const joins = isOpen(status) && !own?.progress.joinedAt && !(isDone && quest.recurrence === 'once');
  const proves = status === 'running' && !isDone && takesPart(quest, own) && proofGoal(quest.goal) !== undefined;
  const label = quest.joinRequired ? 'Join' : 'Join and be reminded';
  return [
    ...(joins ? [button(`${PREFIX}join:${quest.id}`, label, ButtonStyle.Primary)] : []),
    ...(proves ? [handInButton({ questId: quest.id, round: undefined })] : []),
  ];
}

function isOpen(status: QuestStatus): boolean {
  return status === 'running' || status === 'scheduled';
}

/** Whether the reader does; who is not known yet has joined nothing. */
function takesPart({ joinRequired }: Quest, own: OwnQuest | undefined): boolean {
  return own?.progress.takesPart ?? !joinRequired;
}

function button(customId: string, label: string, style: ButtonStyle.Primary | ButtonStyle.Danger): ButtonBuilder {
  return new ButtonBuilder().setCustomId(customId).setLabel(label).setStyle(style);
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
