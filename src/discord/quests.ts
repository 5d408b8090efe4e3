/** What `/quest` does, once its options are read. */
import { DomainError } from '../errors.ts';
import { findDiscordMember } from '../members/members.ts';
import { joinQuest } from '../quests/join.ts';
import { cancelQuest, editQuest, requireQuest } from '../quests/manage.ts';
import { questChangesSchema, statusOf, type Quest } from '../quests/quest.ts';
import { rolesAskedFor } from '../quests/prerequisites.ts';
import { readQuests } from '../quests/quest-store.ts';
import { readOwnProgress, readQuestRound } from '../quests/read-quests.ts';
import type { Answer, Call } from './command.ts';
import { createTyped, requireQuestId, type TypedQuest } from './create-quest.ts';
import { COLOURS, note } from './messages.ts';
import {
  confirmCancelling,
  renderLackingRoles,
  renderQuest,
  renderQuests,
  type QuestDone,
  type ShownQuest,
} from './quest-message.ts';
import { requireManager } from './setup.ts';
import { code } from './text.ts';
import { requireTime } from './time-option.ts';

/** How many quests a list shows, and how many names one quest, within what a message can hold. */
const LISTED = 4;
const NAMED = 10;
/** How many are searched for those that run: they come first. */
const SEARCHED = 100;

/** The quests, each with how far the reader has come. */
export async function showQuests(call: Call): Promise<Answer> {
  const { services, community, now } = call;
  const { total, quests } = await readQuests(services.db, community.id, { limit: LISTED, offset: 0 }, now);
  return renderQuests(call, '## Quests', { total, quests: await withOwn(call, quests) });
}

/** How far the reader has come in what runs. */
export async function showOwnProgress(call: Call): Promise<Answer> {
  const { services, community, reader, now } = call;
  const { quests } = await readQuests(services.db, community.id, { limit: SEARCHED, offset: 0 }, now);
  const running = quests.filter((quest) => statusOf(quest, now) === 'running');
  if (running.length === 0) {
    return note(`No quest is running. What comes is in ${code('/quest list')}.`, COLOURS.past);
  }
  if (!(await findDiscordMember(services.db, community.id, reader.userId))) {
    return note(`You have not contributed yet. ${code('/me')} tells how to begin.`, COLOURS.past);
  }
  const shown = await withOwn(call, running.slice(0, LISTED));
  return renderQuests(call, '## Your progress', { total: running.length, quests: shown });
}

/** One quest. `chosen`: an id, as suggestions bring it. */
export async function showChosen(call: Call, chosen: string): Promise<Answer> {
  return showQuest(call, requireQuestId(chosen));
}

/** As {@link joinById}; `chosen`: an id, as suggestions bring it. */
export async function joinChosen(call: Call, chosen: string): Promise<Answer> {
  return joinById(call, requireQuestId(chosen));
}

/** Joins a quest for the reader, who becomes a member by it, and shows it. Joined before, it only shows. */
export async function joinById(call: Call, questId: number): Promise<Answer> {
  const { services, community, reader, actor, now } = call;
  const { userId: discordUserId, name, roleIds } = reader;
  const quest = await requireQuest(services.db, community.id, questId);
  const lacking = rolesAskedFor(quest.prerequisites).filter((role) => !roleIds.includes(role));
  // Joining refuses it, too, by ids alone.
  if (lacking.length > 0) return renderLackingRoles(quest, lacking);
  await joinQuest(services, community.id, questId, { discordUserId, name, roleIds }, actor, now);
  services.nudge();
  return showQuest(call, questId, 'Joined');
}

/** Makes a quest, and shows it. @throws DomainError as {@link createTyped} */
export async function createAndShow(call: Call, typed: TypedQuest): Promise<Answer> {
  return showQuest(call, await createTyped(call, typed), 'Created');
}

/** Changes name, description or deadline. */
export async function editChosen(
  call: Call,
  chosen: string,
  typed: { name: string | undefined; description: string | undefined; ends: string | undefined },
): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const id = requireQuestId(chosen);
  const { name, description, ends } = typed;
  if ([name, description, ends].every((change) => change === undefined)) {
    throw new DomainError('invalid-parameter', 'Say what to change: give `name`, `description` or `ends`.');
  }
  const endsAt = ends === undefined ? undefined : requireTime(call, 'ends', ends).toISOString();
  const parsed = questChangesSchema.safeParse({ name, description, endsAt });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DomainError('invalid-parameter', `\`${String(issue?.path[0])}\` ${issue?.message}.`);
  }
  await editQuest(services, community.id, id, parsed.data, actor, now);
  services.nudge();
  return showQuest(call, id, 'Changed');
}

/** Asks whether a quest is to be cancelled. Nothing is changed yet. What is over or cancelled is only shown. */
export async function proposeCancelling(call: Call, chosen: string): Promise<Answer> {
  requireManager(call);
  const { services, community, now } = call;
  const quest = await requireQuest(services.db, community.id, requireQuestId(chosen));
  const status = statusOf(quest, now);
  if (status === 'ended' || status === 'cancelled') return showQuest(call, quest.id);
  return confirmCancelling(quest, now);
}

/** Cancels a quest. Pressed again, it shows the quest as it is. */
export async function cancelConfirmed(call: Call, questId: number): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  await cancelQuest(services, community.id, questId, actor, now);
  services.nudge();
  return showQuest(call, questId, 'Cancelled');
}

async function showQuest(call: Call, questId: number, done?: QuestDone): Promise<Answer> {
  const { services, community, now } = call;
  const quest = await requireQuest(services.db, community.id, questId);
  const page = await readQuestRound(services.db, community.id, quest, undefined, { limit: NAMED, offset: 0 }, now);
  const [shown] = await withOwn(call, [quest]);
  return renderQuest(call, { quest, own: shown?.own, page, questNames: await namesOfNeeded(call, quest) }, done);
}

/** The names of the quests that have to be completed before one. */
async function namesOfNeeded(
  { services, community }: Call,
  { prerequisites }: Quest,
): Promise<ReadonlyMap<number, string>> {
  const names = new Map<number, string>();
  for (const prerequisite of prerequisites) {
    if (!('quest' in prerequisite)) continue;
    const { id, name } = await requireQuest(services.db, community.id, prerequisite.quest);
    names.set(id, name);
  }
  return names;
}

/** Quests with how far the reader has come, who may not be known yet. */
async function withOwn(
  { services, community, reader, now }: Call,
  quests: readonly Quest[],
): Promise<Pick<ShownQuest, 'quest' | 'own'>[]> {
  const member = await findDiscordMember(services.db, community.id, reader.userId);
  const found: Pick<ShownQuest, 'quest' | 'own'>[] = [];
  for (const quest of quests) {
    const own = member && (await readOwnProgress(services.db, community, quest, member.id, now));
    found.push({ quest, own });
  }
  return found;
}
