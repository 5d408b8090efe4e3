import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { newMultiplierSchema, type NewMultiplier } from './multiplier.ts';

const KEPT_MS = 24 * 3_600_000;

/** Keeps an event that is asked for, in the form of the schema's input, until whoever asks says yes, for a day at least. Returns its id. */
export async function saveDraft(
  db: Kysely<Database>,
  communityId: number,
  content: object,
  now: Date,
): Promise<number> {
  await db
    .deleteFrom('multiplier_drafts')
    .where('community_id', '=', communityId)
    .where('created_at', '<', new Date(now.getTime() - KEPT_MS))
    .execute();
  const { draft_id } = await db
    .insertInto('multiplier_drafts')
    .values({ community_id: communityId, content: JSON.stringify(content), created_at: now })
    .returning('draft_id')
    .executeTakeFirstOrThrow();
  return draft_id;
}

/** The event of a draft; undefined where there is none, or none any more. */
export async function readDraft(
  db: Kysely<Database>,
  communityId: number,
  draftId: number,
): Promise<NewMultiplier | undefined> {
  const row = await db
    .selectFrom('multiplier_drafts')
    .select('content')
    .where('community_id', '=', communityId)
    .where('draft_id', '=', draftId)
    .executeTakeFirst();
  return row && newMultiplierSchema.parse(row.content);
}
