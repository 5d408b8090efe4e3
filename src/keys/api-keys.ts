import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { Database } from '../db/database.ts';
import { violatedConstraint } from '../db/errors.ts';
import { DomainError } from '../errors.ts';

export const SCOPES = ['write', 'admin'] as const;
/** What a key may do; `admin` includes `write`. */
export type Scope = (typeof SCOPES)[number];

/** The source of the first key: contributions sent with ADMIN_API_KEY go by its ids. */
export const ADMIN_SOURCE = 'admin';
/** The source of feedback that is credited on Discord, whose ids are those of messages. */
export const FEEDBACK_SOURCE = 'discord-feedback';

/** A key in use, without its secret. */
export type ApiKey = {
  id: number;
  communityId: number;
  name: string;
  scopes: readonly Scope[];
  sourceId: number;
  /** The only handle that it may write for, if it is bound to one. */
  contributor: string | undefined;
};

export type NewKey = {
  name: string;
  scopes: readonly Scope[];
  source?: string | undefined;
  contributor?: string | undefined;
};

/** `omni_<community>_<key>_<secret>`: the ids find the key, the secret proves it. */
const KEY = /^omni_(\d{1,9})_(\d{1,9})_([A-Za-z0-9-]{43})$/;

/**
 * Creates a key. Its text is returned once and kept only as a hash. A source is made when it is new; without one the key
 * has a source of its own name.
 *
 * @throws DomainError `name-taken` when a key of that name is in use, or the source is one of the bot's own
 */
export async function createKey(
  db: Kysely<Database>,
  communityId: number,
  wanted: NewKey,
  actor: Actor,
  now: Date,
): Promise<{ id: number; key: string; source: string }> {
  // base64url without `_`, which parts the key.
  const secret = randomBytes(32).toString('base64url').replaceAll('_', '-');
  const source = wanted.source ?? wanted.name;
  if (source === FEEDBACK_SOURCE) {
    throw new DomainError(
      'name-taken',
      `The source "${source}" is the bot's own, for feedback that is credited on Discord. Give the key another \`source\`.`,
    );
  }
  try {
    return await db.transaction().execute(async (trx) => {
      const { key_id } = await trx
        .insertInto('api_keys')
        .values({
          community_id: communityId,
          name: wanted.name,
          secret_hash: hashOf(secret),
          scopes: [...wanted.scopes],
          source_id: await findOrMakeSource(trx, communityId, source),
          contributor: wanted.contributor ?? null,
          created_at: now,
        })
        .returning('key_id')
        .executeTakeFirstOrThrow();
      await writeAudit(trx, {
        communityId,
        at: now,
        actor,
        action: 'key.create',
        target: wanted.name,
        after: { id: key_id, source, ...wanted },
      });
      return { id: key_id, key: `omni_${communityId}_${key_id}_${secret}`, source };
    });
  } catch (error) {
    if (violatedConstraint(error) !== 'api_keys_name') throw error;
    throw new DomainError(
      'name-taken',
      `A key named "${wanted.name}" is in use. Revoke it first, or choose another name.`,
      { cause: error },
    );
  }
}

/** Finds the key that a text is, or undefined when there is none or it was revoked. */
export async function findKey(db: Kysely<Database>, text: string): Promise<ApiKey | undefined> {
  const [, communityId, keyId, secret] = KEY.exec(text) ?? [];
  if (!secret) return undefined;
  const row = await db
    .selectFrom('api_keys')
    .selectAll()
    .where('community_id', '=', Number(communityId))
    .where('key_id', '=', Number(keyId))
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (!row || !timingSafeEqual(row.secret_hash, hashOf(secret))) return undefined;
  return {
    id: row.key_id,
    communityId: row.community_id,
    name: row.name,
    scopes: row.scopes,
    sourceId: row.source_id,
    contributor: row.contributor ?? undefined,
  };
}

/** The keys in use, oldest first, without their secrets. */
export async function listKeys(
  db: Kysely<Database>,
  communityId: number,
): Promise<(Omit<ApiKey, 'communityId' | 'sourceId'> & { source: string; createdAt: Date })[]> {
  const rows = await db
    .selectFrom('api_keys as k')
    .innerJoin('sources as s', (join) =>
      join.onRef('s.community_id', '=', 'k.community_id').onRef('s.source_id', '=', 'k.source_id'),
    )
    .select(['k.key_id', 'k.name', 'k.scopes', 'k.contributor', 'k.created_at', 's.name as source'])
    .where('k.community_id', '=', communityId)
    .where('k.revoked_at', 'is', null)
    .orderBy('k.key_id')
    .execute();
  return rows.map((row) => ({
    id: row.key_id,
    name: row.name,
    scopes: row.scopes,
    source: row.source,
    contributor: row.contributor ?? undefined,
    createdAt: row.created_at,
  }));
}

/**
 * Revokes a key, at once and for good. What it recorded stays, and its source can get a new key.
 *
 * @throws DomainError `unknown-key` when there is none in use
 */
export async function revokeKey(
  db: Kysely<Database>,
  communityId: number,
  keyId: number,
  actor: Actor,
  now: Date,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable('api_keys')
      .set({ revoked_at: now })
      .where('community_id', '=', communityId)
      .where('key_id', '=', keyId)
      .where('revoked_at', 'is', null)
      .returning('name')
      .executeTakeFirst();
    if (!row) throw new DomainError('unknown-key', `There is no key ${keyId} in use.`);
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'key.revoke',
      target: row.name,
      before: { id: keyId },
    });
  });
}

/** The id of a source, made when it is new. Safe to repeat and to call at once. */
export async function findOrMakeSource(
  db: Kysely<Database> | Transaction<Database>,
  communityId: number,
  name: string,
): Promise<number> {
  const known = () =>
    db
      .selectFrom('sources')
      .select('source_id')
      .where('community_id', '=', communityId)
      .where('name', '=', name)
      .executeTakeFirst();
  const found = await known();
  if (found) return found.source_id;
  await db
    .insertInto('sources')
    .values({ community_id: communityId, name })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const made = await known();
  if (!made) throw new Error(`The source "${name}" of community ${communityId} was not made.`);
  return made.source_id;
}

/** The name of a source that a key has. */
export async function nameOfSource(db: Kysely<Database>, communityId: number, sourceId: number): Promise<string> {
  const { name } = await db
    .selectFrom('sources')
    .select('name')
    .where('community_id', '=', communityId)
    .where('source_id', '=', sourceId)
    .executeTakeFirstOrThrow();
  return name;
}

/** Whether two keys are the same, in a time that does not tell where they differ. */
export function isSameKey(a: string, b: string): boolean {
  return timingSafeEqual(hashOf(a), hashOf(b));
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
