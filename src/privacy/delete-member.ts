/** Deleting what is known of a person. What was contributed stays and counts; nobody can tell any more whose it was. */
import { sql, type Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { RankingContext } from '../ranking/context.ts';
import { replaceFinalTables } from '../seasons/privacy-versions.ts';
import { forgetAccounts, forgetKeys, forgetProofs } from './forget.ts';
import { namesOf, rowsOf, type MemberRow } from './person.ts';
import { makePseudonym } from './pseudonym.ts';
import { renameInRecords } from './rename-in-records.ts';
import { deletedAlready, FOR_PRIVACY, requireWhose, type Whose } from './settings.ts';
import { retellMembers } from './told-members.ts';

/** Why who was deleted wins nothing any more. */
const NOBODY_LEFT = 'The data of this member was deleted: nobody is there to get a prize.';

/**
 * Deletes what is known of a member, for good: names, Discord account, settings, proofs, keys that are bound to it, and
 * what the audit log says of it. It goes on as `deleted-a1b2c3`, with its contributions, rewards and places, so that
 * nobody's rank, total or score changes; members merged into it get such names of their own. New contributions under the
 * old handle make a new member, and those that are sent again are duplicates.
 *
 * Whoever calls this has asked twice. Announcements and hashes of final tables follow once the jobs are nudged.
 *
 * @returns the handle under which the member goes on
 * @throws DomainError `unknown-member`, or `state-conflict` for whoever was deleted before
 */
export async function deleteMember(
  context: RankingContext,
  communityId: number,
  whose: Whose,
  actor: Actor,
  now: Date,
): Promise<string> {
  return context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    const member = await requireWhose(trx, communityId, whose);
    if (member.isDeleted) throw deletedAlready(member);
    const rows = await rowsOf(trx, communityId, member.id);
    const known = await namesOf(trx, communityId, member);
    const ids = rows.map(({ memberId }) => memberId);

    await keepFromPrizes(trx, communityId, member.id, now);
    const handle = await renameRows(trx, communityId, rows, now);
    const keys = await forgetKeys(trx, communityId, known.handles, handle, now);
    const after = { revokedKeys: keys.length };
    await writeAudit(trx, { communityId, at: now, actor, action: 'member.delete', target: member.handle, after });
    await forgetProofs(trx, communityId, ids, handle, now);
    await retellMembers(trx, communityId, ids, now);
    await forgetAccounts(trx, communityId, ids, known, handle);
    await renameInRecords(trx, communityId, ids, { ...known, keys }, handle, now);
    await replaceFinalTables(trx, communityId, ids, FOR_PRIVACY, now);
    await touchConfig(trx, communityId);
    return handle;
  });
}

/**
 * Prizes pass on to the next, as nobody can get them. Whoever a role keeps off boards stays off them, though nobody
 * can tell any more who has the role.
 */
async function keepFromPrizes(
  trx: Transaction<Database>,
  communityId: number,
  memberId: number,
  now: Date,
): Promise<void> {
  await sql`
    insert into exclusions (community_id, member_id, scope, reason, starts_at)
    select ${communityId}::int, ${memberId}::int, scope, ${NOBODY_LEFT}, ${now}::timestamptz
    from (
      select case when exists (
        select from off_boards where community_id = ${communityId} and member_id = ${memberId} and until_seq is null
      ) then 'boards' else 'prizes' end as scope
    ) wanted
    where not exists (
      select from exclusions x
      where x.community_id = ${communityId} and x.member_id = ${memberId} and x.scope = wanted.scope
        and x.lifted_at is null and x.ends_at is null)`.execute(trx);
}

/** Gives each row a name that says nothing. Returns that of the first, the member's own. */
async function renameRows(
  trx: Transaction<Database>,
  communityId: number,
  rows: readonly MemberRow[],
  now: Date,
): Promise<string> {
  const names: string[] = [];
  for (const { memberId } of rows) {
    const name = await makePseudonym(trx, communityId, 'deleted');
    names.push(name);
    await trx
      .updateTable('members')
      .set({
        handle: name,
        display_name: name,
        discord_user_id: null,
        hidden_as: null,
        shows_discord: false,
        no_reminders: true,
        shown_again: [],
        deleted_at: now,
      })
      .where('community_id', '=', communityId)
      .where('member_id', '=', memberId)
      .execute();
  }
  // Which of them was merged into which is nobody's to know, and their old handles are free.
  const ids = numbers(rows.map(({ memberId }) => memberId));
  await sql`
    delete from member_aliases where community_id = ${communityId} and member_id = any(${ids}::int[])`.execute(trx);
  const [own] = names;
  if (own === undefined) throw new Error('A member without a row was to be deleted.');
  return own;
}
