/** Taking away what is known of a person beside the names. All for a transaction that holds the community's lock. */
import { sql, type Transaction } from 'kysely';
import { reviseAnnouncement } from '../announcements/outbox.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { proofKey } from '../quests/proof-announcements.ts';
import type { KnownNames } from './person.ts';

type Trx = Transaction<Database>;

/** Why a proof of whoever was deleted is not reviewed any more. */
const NOTHING_LEFT = 'The member deleted their data, and the proof with it.';

/**
 * Revokes the keys that are bound to some handles: they would make the member anew.
 *
 * @returns their names
 */
export async function forgetKeys(
  trx: Trx,
  communityId: number,
  handles: readonly string[],
  name: string,
  now: Date,
): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    with bound as (
      select key_id, name from api_keys where community_id = ${communityId} and contributor = any(${handles}::text[])
    )
    update api_keys k set contributor = ${name}, revoked_at = coalesce(k.revoked_at, ${now}::timestamptz),
      name = case when k.name = any(${handles}::text[]) then ${name} else k.name end
    from bound where k.community_id = ${communityId} and k.key_id = bound.key_id
    returning bound.name`.execute(trx);
  return rows.map((row) => row.name);
}

/**
 * Empties proofs. Those that wait are refused, so that no round waits for them, and reviewers see on their messages that
 * nothing is left. What an approved one has completed stays.
 */
export async function forgetProofs(
  trx: Trx,
  communityId: number,
  memberIds: readonly number[],
  name: string,
  now: Date,
): Promise<void> {
  const { rows } = await sql<{ id: number; times: number }>`
    update quest_proofs set content = '{"text": "", "links": [], "files": []}',
      history = (select coalesce(jsonb_agg(one - 'content' order by n), '[]') from jsonb_array_elements(history) with ordinality as d(one, n)),
      state = case when state in ('waiting', 'asked') then 'refused' else state end,
      reviewed_at = case when state in ('waiting', 'asked') then ${now}::timestamptz else reviewed_at end,
      reviewer = case when state in ('waiting', 'asked') then 'the bot' else reviewer end,
      decided_by = case when state in ('waiting', 'asked') then 'the bot' else decided_by end,
      reason = case when state in ('waiting', 'asked') then ${NOTHING_LEFT} else reason end
    where community_id = ${communityId} and member_id = any(${numbers(memberIds)}::int[])
    returning proof_id as id, jsonb_array_length(history) + 1 as times`.execute(trx);
  const decision = { state: 'refused', by: 'the bot', reason: NOTHING_LEFT } as const;
  const keys = rows.flatMap(({ id, times }) => Array.from({ length: times }, (_, time) => proofKey(id, time + 1)));
  for (const key of keys) {
    await reviseAnnouncement(
      trx,
      communityId,
      key,
      (told) =>
        told.kind === 'proof-submitted'
          ? { ...told, member: name, text: '', links: [], files: [], decision: told.decision ?? decision }
          : told,
      now,
    );
  }
  // What never was said is not revised.
  await sql`
    delete from announcements
    where community_id = ${communityId} and key = any(${keys}::text[]) and state = 'dropped'`.execute(trx);
}

/** Forgets Discord accounts: codes, roles as they were seen, whom feedback was from and to, and what was said in private. */
export async function forgetAccounts(
  trx: Trx,
  communityId: number,
  memberIds: readonly number[],
  { discordUserIds }: KnownNames,
  name: string,
): Promise<void> {
  const [ids, accounts] = [sql`${numbers(memberIds)}::int[]`, sql`${discordUserIds}::text[]`];
  await sql`delete from link_codes where community_id = ${communityId} and member_id = any(${ids})`.execute(trx);
  for (const table of ['link_failures', 'discord_roles'] as const) {
    await sql`
      delete from ${sql.table(table)} where community_id = ${communityId} and discord_user_id = any(${accounts})`.execute(
      trx,
    );
  }
  // Roles that the bot gave are taken off by whoever looks at their holders next.
  await sql`
    update role_holders set look_at = 'epoch'
    where community_id = ${communityId} and discord_user_id = any(${accounts})`.execute(trx);
  // The link leads to what the person wrote.
  await sql`
    update feedback_credits set author_id = ${name}, message_link = ''
    where community_id = ${communityId} and author_id = any(${accounts})`.execute(trx);
  await sql`
    update feedback_credits set giver_id = ${name}
    where community_id = ${communityId} and giver_id = any(${accounts})`.execute(trx);
  await sql`
    delete from announcements
    where community_id = ${communityId} and recipient_id = any(${accounts}) and state <> 'claimed'`.execute(trx);
}
