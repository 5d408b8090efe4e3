import type { Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { formatDecimal } from '../ranking/score.ts';

/** Who does something: the name of a key, or a Discord user. */
export type Actor = { name: string };

export type AuditEntry = {
  communityId: number;
  at: Date;
  actor: Actor;
  /** What was done, such as `rate.create`. */
  action: string;
  /** To what: a slug, a name or an id. */
  target: string;
  before?: object;
  after?: object;
};

/** Writes down a change of state, in the transaction that makes it. */
export async function writeAudit(trx: Transaction<Database>, entry: AuditEntry): Promise<void> {
  const { communityId, at, actor, action, target, before, after } = entry;
  await trx
    .insertInto('audit_log')
    .values({
      community_id: communityId,
      at,
      actor: actor.name,
      action,
      target,
      before: toJson(before),
      after: toJson(after),
    })
    .execute();
}

function toJson(state: object | undefined): string | null {
  return state
    ? JSON.stringify(state, (_, value: unknown) => (typeof value === 'bigint' ? formatDecimal(value) : value))
    : null;
}
