/** Definitions of badges as rows. */
import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { Badge } from './badge.ts';
import { ruleSchema, writeRule } from './rule.ts';

type Db = Kysely<Database>;
type Trx = Transaction<Database>;

/** All badges of a community that have a definition, the oldest first; those that were removed are among them. */
export async function readBadges(db: Db, communityId: number): Promise<Badge[]> {
  return (await selectBadges(db, communityId).execute()).map(toBadge);
}

/** @throws DomainError `unknown-badge` */
export async function requireBadge(db: Db, communityId: number, id: number): Promise<Badge> {
  const row = await selectBadges(db, communityId).where('b.badge_id', '=', id).executeTakeFirst();
  if (row) return toBadge(row);
  throw new DomainError('unknown-badge', `There is no badge ${id}. The list of badges shows their ids.`);
}

/** Writes a definition down. Returns its id. */
export async function insertBadge(
  trx: Trx,
  communityId: number,
  {
    name,
    description,
    icon,
    kind,
    rule,
    createdAt,
    examinedTo,
    isNew,
  }: Omit<Badge, 'id' | 'picture' | 'removedAt' | 'tablesSeen'>,
): Promise<number> {
  const { badge_id } = await trx
    .insertInto('badges')
    .values({
      community_id: communityId,
      name,
      description,
      icon: icon ?? null,
      kind,
      rule: rule ? JSON.stringify(writeRule(rule)) : null,
      created_at: createdAt,
      examined_to: examinedTo ?? null,
      is_new: isNew,
    })
    .returning('badge_id')
    .executeTakeFirstOrThrow();
  return badge_id;
}

/** Changes a badge: what is said of it, how far looking at members, or at final tables, has come, or that it was removed. */
export async function updateBadge(
  trx: Trx,
  communityId: number,
  id: number,
  changes: Partial<Pick<Badge, 'description' | 'icon' | 'removedAt' | 'examinedTo' | 'isNew' | 'tablesSeen'>>,
): Promise<void> {
  await trx
    .updateTable('badges')
    .set({
      ...(changes.description === undefined ? {} : { description: changes.description }),
      ...('icon' in changes ? { icon: changes.icon ?? null } : {}),
      ...('removedAt' in changes ? { removed_at: changes.removedAt ?? null } : {}),
      ...('examinedTo' in changes ? { examined_to: changes.examinedTo ?? null } : {}),
      ...(changes.isNew === undefined ? {} : { is_new: changes.isNew }),
      ...(changes.tablesSeen === undefined ? {} : { tables_seen: changes.tablesSeen }),
    })
    .where('community_id', '=', communityId)
    .where('badge_id', '=', id)
    .execute();
}

/** Forgets a definition. What was granted by its name stays, and is shown without it; its emoji goes in a moment. */
export async function deleteBadge(trx: Trx, communityId: number, id: number, now: Date): Promise<void> {
  await trx
    .updateTable('badge_images')
    .set({ look_at: now })
    .where('community_id', '=', communityId)
    .where('badge_id', '=', id)
    .execute();
  await trx.deleteFrom('badges').where('community_id', '=', communityId).where('badge_id', '=', id).execute();
}

function selectBadges(db: Db, communityId: number) {
  return db
    .selectFrom('badges as b')
    .leftJoin('badge_images as i', (join) =>
      join.onRef('i.community_id', '=', 'b.community_id').onRef('i.badge_id', '=', 'b.badge_id'),
    )
    .selectAll('b')
    .select(['i.media_type', 'i.emoji_id', 'i.reason as picture_reason'])
    .where('b.community_id', '=', communityId)
    .orderBy('b.badge_id');
}

type BadgeRow = NonNullable<Awaited<ReturnType<ReturnType<typeof selectBadges>['executeTakeFirst']>>>;

function toBadge(row: BadgeRow): Badge {
  return {
    id: row.badge_id,
    name: row.name,
    description: row.description,
    icon: row.icon ?? undefined,
    picture:
      row.media_type === null
        ? undefined
        : {
            emojiId: row.emoji_id ?? undefined,
            animated: row.media_type === 'image/gif',
            reason: row.picture_reason ?? undefined,
          },
    kind: row.kind,
    rule: row.rule === null ? undefined : ruleSchema.parse(row.rule),
    createdAt: row.created_at,
    removedAt: row.removed_at ?? undefined,
    examinedTo: row.examined_to ?? undefined,
    isNew: row.is_new,
    tablesSeen: row.tables_seen,
  };
}
