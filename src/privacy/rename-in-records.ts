/** Renaming a person in what is kept of who did what. */
import { sql, type Transaction } from 'kysely';
import { reviseAnnouncement } from '../announcements/outbox.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { proofKey } from '../quests/proof-announcements.ts';
import { fieldsOf, namesMember, readAuditAbout, type EntryAbout } from './audit-about.ts';
import type { KnownNames } from './person.ts';

type Trx = Transaction<Database>;

/**
 * Replaces every name of a person in the audit log, in who voided, reviewed and amended, and in the reasons of grants.
 * What others did stays with them. For a transaction that holds the community's lock.
 */
export async function renameInRecords(
  trx: Trx,
  communityId: number,
  memberIds: readonly number[],
  { handles, discordUserIds, keys }: KnownNames & { keys: readonly string[] },
  name: string,
  now: Date,
): Promise<void> {
  const accounts = discordUserIds.map((id) => `Discord user ${id}`);
  await renameInAudit(trx, communityId, { handles, discordUserIds, keys }, name);
  for (const table of ['contribution_changes', 'final_versions'] as const) {
    await sql`
      update ${sql.table(table)} set actor = ${name}
      where community_id = ${communityId} and actor = any(${accounts}::text[])`.execute(trx);
  }
  await renameReviewer(trx, communityId, accounts, name, now);
  // Grants that moved with a merge say so, with both handles.
  for (const handle of handles) {
    await sql`
      update grants set reason = replace(reason, ${`"${handle}"`}, ${`"${name}"`})
      where community_id = ${communityId} and member_id = any(${numbers(memberIds)}::int[])`.execute(trx);
  }
}

/** Whoever decided about proofs, each time, also where their messages tell it. */
async function renameReviewer(
  trx: Trx,
  communityId: number,
  accounts: readonly string[],
  name: string,
  now: Date,
): Promise<void> {
  const all = sql`${accounts}::text[]`;
  const { rows } = await sql<{ id: number; deciders: (string | null)[] }>`
    select proof_id as id, array(select one ->> 'decidedBy' from jsonb_array_elements(history) with ordinality as d(one, n) order by n)
      || decided_by as deciders
    from quest_proofs where community_id = ${communityId} and (
      decided_by = any(${all}) or exists (select from jsonb_array_elements(history) as one where one ->> 'decidedBy' = any(${all})))`.execute(
    trx,
  );
  await sql`
    update quest_proofs set
      reviewer = case when decided_by = any(${all}) then ${name} else reviewer end,
      decided_by = case when decided_by = any(${all}) then ${name} else decided_by end,
      history = (
        select coalesce(jsonb_agg(case when one ->> 'decidedBy' = any(${all})
          then one || jsonb_build_object('reviewer', ${name}::text, 'decidedBy', ${name}::text) else one end order by n), '[]')
        from jsonb_array_elements(history) with ordinality as d(one, n))
    where community_id = ${communityId} and proof_id = any(${numbers(rows.map(({ id }) => id))}::int[])`.execute(trx);
  const told = rows.flatMap(({ id, deciders }) =>
    deciders.flatMap((decider, time) =>
      decider !== null && accounts.includes(decider) ? [proofKey(id, time + 1)] : [],
    ),
  );
  for (const key of told) {
    await reviseAnnouncement(
      trx,
      communityId,
      key,
      (one) =>
        one.kind === 'proof-submitted' && one.decision ? { ...one, decision: { ...one.decision, by: name } } : one,
      now,
    );
  }
}

/** What a member handed in or wrote, in an entry that is about the member. */
const OWN_WORDS = new Set(['text', 'links', 'files', 'message']);

async function renameInAudit(
  trx: Trx,
  communityId: number,
  person: KnownNames & { keys: readonly string[] },
  name: string,
): Promise<void> {
  const known = new Set([...person.handles, ...person.discordUserIds]);
  for (const entry of await readAuditAbout(trx, communityId, person)) {
    const { id, actor, target, before, after, isActor, isTarget } = entry;
    const change = (state: unknown) => (state === null ? null : JSON.stringify(renamed(state, known, name, entry)));
    await trx
      .updateTable('audit_log')
      .set({
        actor: isActor ? name : actor,
        target: isTarget ? name : target,
        before: change(before),
        after: change(after),
      })
      .where('community_id', '=', communityId)
      .where('audit_id', '=', id)
      .execute();
  }
}

/** A state with the person's names replaced: without the own words where it is about the person. */
function renamed(
  state: unknown,
  known: ReadonlySet<string>,
  name: string,
  { action, isAbout, isActor }: Pick<EntryAbout, 'action' | 'isAbout' | 'isActor'>,
): object {
  const fields = fieldsOf(state).filter(([key]) => !isAbout || !OWN_WORDS.has(key));
  return Object.fromEntries(
    fields.map(([key, value]) => {
      const isName = namesMember(action, key, value, known) || (isActor && key === 'reviewer');
      return [key, isName ? name : value];
    }),
  );
}
