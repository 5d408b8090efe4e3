import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import { z } from 'zod';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Proof, ProofContent, ProofState, Review } from './proof.ts';

/** What a list of proofs tells of each beside the proof. */
export type ListedProof = Proof & { questId: number; round: string; quest: string; handle: string; member: string };

/** A place in a list of proofs, oldest first. */
export type ProofCursor = { at: Date; id: number };

const contentSchema = z.object({
  text: z.string(),
  links: z.array(z.string()),
  files: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      size: z.number(),
      contentType: z.string().nullable(),
      url: z.string(),
    }),
  ),
});

/** When approved proofs were handed in, by `<round> <member>`. */
export async function readApprovals(
  db: Kysely<Database>,
  communityId: number,
  roundIds: readonly number[],
  memberIds: readonly number[],
): Promise<Map<string, Date>> {
  if (roundIds.length === 0 || memberIds.length === 0) return new Map();
  const { rows } = await sql<{ roundId: number; memberId: number; submittedAt: Date }>`
    select round_id as "roundId", member_id as "memberId", submitted_at as "submittedAt" from quest_proofs
    where community_id = ${communityId} and round_id = any(${numbers(roundIds)}::int[])
      and member_id = any(${numbers(memberIds)}::int[]) and state = 'approved'`.execute(db);
  return new Map(rows.map(({ roundId, memberId, submittedAt }) => [`${roundId} ${memberId}`, submittedAt]));
}

/** The last proof that a member handed in for a round. */
export async function readLastProof(
  db: Kysely<Database>,
  communityId: number,
  roundId: number,
  memberId: number,
): Promise<Proof | undefined> {
  const row = await db
    .selectFrom('quest_proofs')
    .selectAll()
    .where('community_id', '=', communityId)
    .where('round_id', '=', roundId)
    .where('member_id', '=', memberId)
    .orderBy('proof_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toProof(row);
}

/** A page of the proofs in a state, the first handed in first. */
export async function readProofs(
  db: Kysely<Database>,
  communityId: number,
  state: ProofState,
  { limit, after }: { limit: number; after?: ProofCursor | undefined },
): Promise<ListedProof[]> {
  return readListed(
    db,
    sql`p.community_id = ${communityId} and p.state = ${state}
      ${after ? sql`and (p.submitted_at, p.proof_id) > (${after.at}::timestamptz, ${after.id}::int)` : sql``}`,
    limit,
  );
}

/** Proofs that are under way, that is wait or are asked more of: all of a quest, or of a round. */
export async function readUnderWay(
  db: Kysely<Database>,
  communityId: number,
  of: { questId: number } | { roundId: number },
): Promise<ListedProof[]> {
  const which = 'questId' in of ? sql`r.quest_id = ${of.questId}` : sql`p.round_id = ${of.roundId}`;
  return readListed(
    db,
    sql`p.community_id = ${communityId} and p.state in ('waiting', 'asked') and ${which}`,
    undefined,
  );
}

/** The proofs of a member of which more is asked. */
export async function readAskedOf(db: Kysely<Database>, communityId: number, memberId: number): Promise<ListedProof[]> {
  return readListed(
    db,
    sql`p.community_id = ${communityId} and p.member_id = ${memberId} and p.state = 'asked'`,
    undefined,
  );
}

/** Proofs by their ids, as a list tells them. */
export async function readListedById(
  db: Kysely<Database>,
  communityId: number,
  ids: readonly number[],
): Promise<ListedProof[]> {
  return readListed(db, sql`p.community_id = ${communityId} and p.proof_id = any(${numbers(ids)}::int[])`, undefined);
}

/** Writes down a new proof. Returns its id. */
export async function insertProof(
  trx: Transaction<Database>,
  communityId: number,
  { roundId, memberId, content }: Pick<Proof, 'roundId' | 'memberId' | 'content'>,
  now: Date,
): Promise<number> {
  const { proof_id } = await trx
    .insertInto('quest_proofs')
    .values({
      community_id: communityId,
      round_id: roundId,
      member_id: memberId,
      content: JSON.stringify(content),
      state: 'waiting',
      submitted_at: now,
    })
    .returning('proof_id')
    .executeTakeFirstOrThrow();
  return proof_id;
}

/** Hands in anew what more was asked of. What it was before, and what was asked, goes into its history. */
export async function renewProof(
  trx: Transaction<Database>,
  communityId: number,
  id: number,
  content: ProofContent,
  now: Date,
): Promise<void> {
  await sql`
    update quest_proofs set content = ${JSON.stringify(content)}::jsonb, state = 'waiting', submitted_at = ${now},
      history = history || jsonb_build_array(jsonb_build_object('content', content, 'submittedAt', submitted_at,
        'reviewedAt', reviewed_at, 'reviewer', reviewer, 'decidedBy', decided_by, 'reason', reason))
    where community_id = ${communityId} and proof_id = ${id}`.execute(trx);
}

/** Writes down a decision about proofs. */
export async function writeReview(
  trx: Transaction<Database>,
  communityId: number,
  ids: readonly number[],
  state: Exclude<ProofState, 'waiting'>,
  { at, reviewer, decidedBy, reason }: Review,
): Promise<void> {
  await sql`
    update quest_proofs set state = ${state}, reviewed_at = ${at}, reviewer = ${reviewer}, decided_by = ${decidedBy}, reason = ${reason}
    where community_id = ${communityId} and proof_id = any(${numbers(ids)}::int[])`.execute(trx);
}

async function readListed(
  db: Kysely<Database>,
  where: ReturnType<typeof sql>,
  limit: number | undefined,
): Promise<ListedProof[]> {
  const { rows } = await sql<
    ProofRow & { quest_id: number; key: string; name: string; handle: string; member: string }
  >`
    select p.*, r.quest_id, r.key, q.name, m.handle, m.display_name as member from quest_proofs p
    join quest_rounds r on r.community_id = p.community_id and r.round_id = p.round_id
    join quests q on q.community_id = r.community_id and q.quest_id = r.quest_id
    join members m on m.community_id = p.community_id and m.member_id = p.member_id
    where ${where} order by p.submitted_at, p.proof_id limit ${limit ?? null}`.execute(db);
  return rows.map((row) => ({
    ...toProof(row),
    questId: row.quest_id,
    round: row.key,
    quest: row.name,
    handle: row.handle,
    member: row.member,
  }));
}

type ProofRow = Selectable<Database['quest_proofs']>;

function toProof(row: ProofRow): Proof {
  return {
    id: row.proof_id,
    roundId: row.round_id,
    memberId: row.member_id,
    content: contentSchema.parse(row.content),
    state: row.state,
    submittedAt: row.submitted_at,
    review:
      row.reviewed_at && row.state !== 'waiting'
        ? {
            at: row.reviewed_at,
            reviewer: row.reviewer ?? '',
            decidedBy: row.decided_by ?? '',
            reason: row.reason ?? '',
          }
        : undefined,
    times: (Array.isArray(row.history) ? row.history.length : 0) + 1,
  };
}
