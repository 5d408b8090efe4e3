/** Reading quests, for every adapter. */
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { readCompletions, readCompletionsIn, type Completion } from './completion-store.ts';
import { readProgress, type Progress } from './progress.ts';
import type { Quest } from './quest.ts';
import { joinSlot, readJoins, readRoundOf, type QuestRound } from './quest-store.ts';
import type { QuestCommunity } from './reckon.ts';
import { roundsUntil } from './rounds.ts';

export type CompletionPage = Awaited<ReturnType<typeof readCompletions>>;

/**
 * Reads who completed a round of a quest: the one with a key, else the last that has begun.
 *
 * @throws DomainError `invalid-parameter` for a key of no round
 */
export async function readQuestRound(
  db: Kysely<Database>,
  communityId: number,
  quest: Quest,
  key: string | undefined,
  page: { limit: number; offset: number },
  now: Date,
): Promise<{ round: QuestRound | undefined } & CompletionPage> {
  const round = await readRoundOf(db, communityId, quest, key, now);
  if (round) return { round, ...(await readCompletions(db, communityId, round.id, page)) };
  if (key === undefined) return { round, total: 0, completions: [] };
  throw new DomainError('invalid-parameter', `The quest "${quest.name}" has no round "${key}" that has begun.`);
}

/** How far a member has come in the last round that has begun, and the completion if there is one. */
export async function readOwnProgress(
  db: Kysely<Database>,
  community: QuestCommunity,
  quest: Quest,
  memberId: number,
  now: Date,
): Promise<{ round: QuestRound | undefined; progress: Progress; completion: Completion | undefined }> {
  const known = await readRoundOf(db, community.id, quest, undefined, now);
  // A round begins by the clock, whether anything has been recorded in it or not.
  const begun =
    roundsUntil(quest, known, community, now).at(-1) ?? roundsUntil(quest, known, community, quest.startsAt).at(-1);
  const next = begun && { ...begun, id: 0, questId: quest.id, settledAt: undefined, examinedTo: undefined, quest };
  const round = next && next.startsAt <= now ? next : known;
  const shown = round ?? next;
  if (!shown) throw new Error(`The quest ${quest.id} has no round.`);
  const [progress] = await readProgress(db, community, shown, [memberId]);
  if (!progress) throw new Error('Progress was asked for and not read.');
  const [completion] = await readCompletionsIn(db, community.id, [{ round: shown, memberId }]);
  // Joining subscribes to reminders, also where it is not required.
  const joins = await readJoins(db, community.id, [quest.id], [memberId]);
  const joinedAt = joins.get(joinSlot(quest.id, memberId));
  return { round, progress: { ...progress, joinedAt }, completion };
}
