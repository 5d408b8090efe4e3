/** Names that say nothing: `hidden-a1b2c3` while somebody is hidden, `deleted-a1b2c3` for whoever was deleted. */
import { randomInt } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';

const CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 6;
const SHAPE = /^(?:hidden|deleted)-[a-z0-9]{6}$/;

/** Whether a text has the shape of a pseudonym. Handles may have it too: only the database knows whose it is. */
export function looksLikePseudonym(text: string): boolean {
  return SHAPE.test(text);
}

/**
 * Makes up a name at random that nobody of the community has or had as a handle, and that stands for nobody. For a
 * transaction that holds the community's lock.
 */
export async function makePseudonym(
  trx: Transaction<Database>,
  communityId: number,
  kind: 'hidden' | 'deleted',
): Promise<string> {
  for (;;) {
    const digits = Array.from({ length: LENGTH }, () => CHARACTERS.charAt(randomInt(CHARACTERS.length)));
    const name = `${kind}-${digits.join('')}`;
    if (!(await isTaken(trx, communityId, name))) return name;
  }
}

/**
 * Those of some names that stand for somebody who is hidden or deleted. Nobody contributes under them, so that nobody
 * passes for another.
 */
export async function findPseudonyms(
  trx: Transaction<Database>,
  communityId: number,
  names: readonly string[],
): Promise<Set<string>> {
  const possible = names.filter(looksLikePseudonym);
  if (possible.length === 0) return new Set();
  const { rows } = await sql<{ name: string }>`
    select d.name from unnest(${possible}::text[]) as d(name)
    where exists (select from members where community_id = ${communityId} and hidden_as = d.name)
      or exists (select from members where community_id = ${communityId} and handle = d.name and deleted_at is not null)`.execute(
    trx,
  );
  return new Set(rows.map(({ name }) => name));
}

async function isTaken(trx: Transaction<Database>, communityId: number, name: string): Promise<boolean> {
  const { rows } = await sql`
    select from members where community_id = ${communityId} and handle = ${name}
    union all select from members where community_id = ${communityId} and hidden_as = ${name}
    union all select from member_aliases where community_id = ${communityId} and handle = ${name}
    limit 1`.execute(trx);
  return rows.length > 0;
}
