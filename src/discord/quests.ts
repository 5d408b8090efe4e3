/** What `/quest` does, once its options are read. */
import { DomainError } from '../errors.ts';
import { findDiscordMember } from '../members/members.ts';
import { joinQuest } from '../quests/join.ts';
import { createQuest } from '../quests/create-quest.ts';
import { cancelQuest, editQuest, requireQuest } from '../quests/manage.ts';
import { newQuestSchema, questChangesSchema, statusOf, type Quest } from '../quests/quest.ts';
import { readQuests } from '../quests/quest-store.ts';
import { readOwnProgress, readQuestRound } from '../quests/read-quests.ts';
import type { Answer, Call } from './command.ts';
import { COLOURS, note } from './messages.ts';
import { confirmCancelling, renderQuest, renderQuests, type OwnQuest } from './quest-message.ts';
import { requireManager } from './setup.ts';
import { code } from './text.ts';
import { requireTime } from './time-option.ts';

/** How many quests a list shows, and how many names one quest, within what a message can hold. */
const LISTED = 4;
const NAMED = 10;
/** How many are searched for those that run: they come first. */
const SEARCHED = 100;

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
  proof: string | undefined;
  tokens: string | undefined;
  reputation: string | undefined;
  badge: string | undefined;
  roleId: string | undefined;
  recurrence: string | undefined;
  winners: number | undefined;
  joinRequired: boolean;
  countEarlier: boolean;
};

/** The quests, each with how far the reader has come. */
export async function showQuests(call: Call): Promise<Answer> {
  const { services, community, now, locale } = call;
  const { total, quests } = await readQuests(services.db, community.id, { limit: LISTED, offset: 0 }, now);
  return renderQuests(community, { total, quests: await withOwn(call, quests) }, now, locale);
}

/** How far the reader has come in what runs. */
export async function showOwnProgress(call: Call): Promise<Answer> {
  const { services, community, reader, now, locale } = call;
  const { quests } = await readQuests(services.db, community.id, { limit: SEARCHED, offset: 0 }, now);
  const running = quests.filter((quest) => statusOf(quest, now) === 'running');
  if (running.length === 0)
    return note(`No quest is running. See those that come: ${code('/quest list')}`, COLOURS.past);
  if (!(await findDiscordMember(services.db, community.id, reader.userId))) {
    return note(`You have not contributed yet. How to begin: ${code('/me')}`, COLOURS.past);
  }
  const shown = await withOwn(call, running.slice(0, LISTED));
  return renderQuests(community, { total: running.length, quests: shown }, now, locale);
}

/** One quest. `chosen`: an id, as suggestions bring it. */
export async function showChosen(call: Call, chosen: string): Promise<Answer> {
  return showQuest(call, requireId(chosen));
}

/** As {@link joinById}; `chosen`: an id, as suggestions bring it. */
export async function joinChosen(call: Call, chosen: string): Promise<Answer> {
  return joinById(call, requireId(chosen));
}

/** Joins a quest for the reader, who becomes a member by it, and shows it. Joined before, it only shows. */
export async function joinById(call: Call, questId: number): Promise<Answer> {
  const { services, community, reader, actor, now } = call;
  const { userId: discordUserId, name, roleIds } = reader;
  await joinQuest(services, community.id, questId, { discordUserId, name, roleIds }, actor, now);
  services.nudge();
  return showQuest(call, questId);
}

/** @throws DomainError `forbidden`, or as creating it does */
export async function createTyped(call: Call, typed: TypedQuest): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const { category, amount, each, days, proof, tokens, reputation, badge, roleId } = typed;
  const subjects = typed.subjects
    ?.split(',')
    .map((subject) => subject.trim())
    .filter((subject) => subject !== '');
  const goals = [
    ...(amount === undefined ? [] : [{ category, amount, ...(each === undefined ? { subjects } : {}) }]),
    ...(each === undefined ? [] : [{ category, subjects, each }]),
    ...(days === undefined ? [] : [{ days, category }]),
    ...(proof === undefined ? [] : [{ proof }]),
  ];
  const parsed = newQuestSchema.safeParse({
    name: typed.name,
    description: typed.description,
    startsAt: typed.starts === undefined ? undefined : requireTime(call, 'starts', typed.starts).toISOString(),
    endsAt: requireTime(call, 'ends', typed.ends).toISOString(),
    goal: goals.length > 1 ? { all: goals } : (goals[0] ?? {}),
    rewards: [
      ...(tokens === undefined ? [] : [{ kind: 'tokens', amount: tokens }]),
      ...(reputation === undefined ? [] : [{ kind: 'reputation', amount: reputation }]),
      ...(badge === undefined ? [] : [{ kind: 'badge', name: badge }]),
      ...(roleId === undefined ? [] : [{ kind: 'role', roleId }]),
    ],
    recurrence: typed.recurrence,
    maxWinners: typed.winners,
    joinRequired: typed.joinRequired,
    countEarlier: typed.countEarlier,
  });
  if (!parsed.success) throw refusalOf(parsed.error.issues[0]);
  const id = await createQuest(services, community, parsed.data, actor, now);
  services.nudge();
  return showQuest(call, id);
}

/** Changes name, description or deadline. */
export async function editChosen(
  call: Call,
  chosen: string,
  typed: { name: string | undefined; description: string | undefined; ends: string | undefined },
): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const id = requireId(chosen);
  const { name, description, ends } = typed;
  const endsAt = ends === undefined ? undefined : requireTime(call, 'ends', ends).toISOString();
  const parsed = questChangesSchema.safeParse({ name, description, endsAt });
  if (!parsed.success) throw refusalOf(parsed.error.issues[0]);
  await editQuest(services, community.id, id, parsed.data, actor, now);
  services.nudge();
  return showQuest(call, id);
}

/** Asks whether a quest is to be cancelled. Nothing is changed yet. */
export async function proposeCancelling(call: Call, chosen: string): Promise<Answer> {
  requireManager(call);
  const { services, community, now } = call;
  return confirmCancelling(await requireQuest(services.db, community.id, requireId(chosen)), now);
}

/** Cancels a quest. Pressed again, it shows the quest as it is. */
export async function cancelConfirmed(call: Call, questId: number): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  await cancelQuest(services, community.id, questId, actor, now);
  services.nudge();
  return showQuest(call, questId);
}

async function showQuest(call: Call, questId: number): Promise<Answer> {
  const { services, community, now, locale } = call;
  const quest = await requireQuest(services.db, community.id, questId);
  const page = await readQuestRound(services.db, community.id, quest, undefined, { limit: NAMED, offset: 0 }, now);
  const [shown] = await withOwn(call, [quest]);
  return renderQuest(community, quest, shown?.own, page, now, locale);
}

/** Quests with how far the reader has come, who may not be known yet. */
async function withOwn(
  { services, community, reader, now }: Call,
  quests: readonly Quest[],
): Promise<{ quest: Quest; own: OwnQuest | undefined }[]> {
  const member = await findDiscordMember(services.db, community.id, reader.userId);
  const found: { quest: Quest; own: OwnQuest | undefined }[] = [];
  for (const quest of quests) {
    const own = member && (await readOwnProgress(services.db, community, quest, member.id, now));
    found.push({ quest, own });
  }
  return found;
}

function refusalOf(issue: { path: readonly PropertyKey[]; message: string } | undefined): DomainError {
  const field = String(issue?.path[0] ?? 'quest');
  const hint =
    field === 'goal'
      ? ' Give `amount` with a category, `each` with subjects and a category, `days`, or `proof`. Other goals: omnitensor-cli quests create --help'
      : field === 'rewards'
        ? ' Give `tokens`, `reputation`, `badge` or `role`.'
        : '';
  return new DomainError('invalid-parameter', `The ${field} ${issue?.message ?? 'is not as it must be'}.${hint}`);
}

function requireId(chosen: string): number {
  if (/^\d{1,9}$/.test(chosen)) return Number(chosen);
  throw new DomainError('invalid-parameter', `"${chosen}" is no quest. Choose one of those that are suggested.`);
}
