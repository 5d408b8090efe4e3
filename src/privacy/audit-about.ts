import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { KnownNames } from './person.ts';

/** Where entries of the audit log name members. */
const NAMES = new Set(['member', 'handle', 'contributor', 'merged', 'survivor', 'discordUserId']);
const NAMES_OF_KEYS = new Set([...NAMES, 'name']);
/** Whose target is a member, or a key, which may be called like one. */
const ABOUT_MEMBERS = /^(?:member|link-code|privacy|exclusion|feedback|grant|key)\./;

/** An entry that is about a person, or of what the person did. */
export type EntryAbout = {
  id: bigint;
  at: Date;
  actor: string;
  action: string;
  target: string;
  before: unknown;
  after: unknown;
  /** Whether the person did it. */
  isActor: boolean;
  /** Whether it is about the person, and whether its target is. */
  isAbout: boolean;
  isTarget: boolean;
};

/**
 * Reads the entries of the audit log that are about a person or of what the person did, oldest first. A handle may be
 * the name of something else as well, so it counts only where members are named.
 *
 * @param keys the names of the keys that are bound to the person: others had keys of that name, too, so what was done
 *   with one counts where it is about the person
 */
export async function readAuditAbout(
  db: Kysely<Database>,
  communityId: number,
  { handles, discordUserIds, keys }: KnownNames & { keys: readonly string[] },
): Promise<EntryAbout[]> {
  const names = [...handles, ...discordUserIds];
  const accounts = discordUserIds.map((id) => `Discord user ${id}`);
  const all = sql`${names}::text[]`;
  const named = (column: 'before' | 'after') =>
    sql`jsonb_path_exists(${sql.ref(column)}, '$.* ? (@ == $names[*])', jsonb_build_object('names', ${all}))`;
  const { rows } = await sql<Omit<EntryAbout, 'isActor' | 'isAbout' | 'isTarget'>>`
    select audit_id as id, at, actor, action, target, before, after from audit_log
    where community_id = ${communityId}
      and (actor = any(${accounts}::text[]) or target = any(${all}) or ${named('before')} or ${named('after')})
    order by audit_id`.execute(db);
  const known = new Set(names);
  return rows.flatMap((row) => {
    const isNamed = [row.before, row.after].some((state) =>
      fieldsOf(state).some(([key, value]) => namesMember(row.action, key, value, known)),
    );
    const isTarget = known.has(row.target) && (isNamed || ABOUT_MEMBERS.test(row.action));
    const isAbout = isNamed || isTarget;
    const isActor = accounts.includes(row.actor) || (isAbout && keys.some((key) => row.actor === `key ${key}`));
    return isAbout || isActor ? [{ ...row, isActor, isAbout, isTarget }] : [];
  });
}

/** Whether a field of a state names one of some members. */
export function namesMember(action: string, key: string, value: unknown, known: ReadonlySet<string>): boolean {
  const names = action.startsWith('key.') ? NAMES_OF_KEYS : NAMES;
  return names.has(key) && typeof value === 'string' && known.has(value);
}

/** The fields of a state before or after. */
export function fieldsOf(state: unknown): [string, unknown][] {
  return typeof state === 'object' && state !== null ? Object.entries(state) : [];
}
