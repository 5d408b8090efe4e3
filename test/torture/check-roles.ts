import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import type { People } from './people.ts';

/** Says where people of the guild have other roles than the ledger says, and where what was granted rests undone. */
export async function findRoleDifferences(db: Kysely<Database>, people: People): Promise<string[]> {
  const { rows } = await sql<{ userId: string; roleId: string }>`
    with users as (
      select m.community_id, m.member_id, coalesce(m.discord_user_id, substring(m.handle from '^discord-([0-9]+)$')) as user_id
      from members m
      where not exists (
        select from member_merges w where w.community_id = m.community_id and w.member_id = m.member_id)
    )
    select u.user_id as "userId", coalesce(g.role_id, g.name) as "roleId" from grants g
    join users u on u.community_id = g.community_id and u.member_id = g.member_id
    where g.kind = 'role' and g.state <> 'lapsed' and u.user_id is not null
    group by u.user_id, g.role_id, g.name, g.entitlement having sum(g.amount) > 0`.execute(db);
  const byLedger = new Set(rows.map(({ userId, roleId }) => `${userId} ${roleId}`));
  const faults: string[] = [];
  const present = people.present();
  const onDiscord = new Set(present.flatMap((user) => people.rolesOf(user).map(({ id }) => `${user.id} ${id}`)));
  const isThere = new Set(present.map(({ id }) => id));
  for (const one of byLedger) {
    const [userId = ''] = one.split(' ');
    if (isThere.has(userId) && !onDiscord.has(one)) faults.push(`User and role ${one}: granted, and not on Discord.`);
  }
  for (const one of onDiscord)
    if (!byLedger.has(one)) faults.push(`User and role ${one}: on Discord, and not granted.`);
  const { rows: stuck } = await sql<{ entitlement: string; state: string; reason: string | null }>`
    select entitlement, state, state_reason as reason from grants where kind = 'role' and state in ('delivering', 'failed')`.execute(
    db,
  );
  return [
    ...faults,
    ...stuck.map(({ entitlement, state, reason }) => `Role "${entitlement}" is ${state}: ${reason ?? 'no reason'}.`),
  ];
}
