/** Making and removing badges. */
import { sql, type Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { Category } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { RankingContext } from '../ranking/context.ts';
import { lockAwards } from './award-state.ts';
import { MAX_BADGES, type Badge, type BadgeKind, type NewBadge } from './badge.ts';
import { deleteBadge, insertBadge, readBadges, requireBadge, updateBadge } from './badge-store.ts';
import { putImage } from './image-store.ts';
import { completeRule, isRepeatable, writeRule, type Rule } from './rule.ts';

/**
 * Makes a badge. With a rule, all who have earned it by then are awarded it by the next `awardAchievements`, and
 * everybody from then on.
 *
 * @throws DomainError `invalid-parameter`, `unknown-category`, `name-taken`, or `state-conflict` when there are too many
 */
export async function createBadge(
  context: RankingContext,
  community: KnownCommunity,
  wanted: NewBadge,
  actor: Actor,
  now: Date,
): Promise<Badge> {
  return context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, community.id);
    const known = await readBadges(trx, community.id);
    refuseTakenName(known, wanted.name);
    if (known.length >= MAX_BADGES) {
      throw new DomainError('state-conflict', `There are ${MAX_BADGES} badges, which is the most. Remove one first.`);
    }
    const badge = await requireBadge(trx, community.id, await insert(trx, community, wanted, now));
    await writeAudit(trx, {
      communityId: community.id,
      at: now,
      actor,
      action: 'badge.create',
      target: badge.name,
      after: toAudit(badge),
    });
    return badge;
  });
}

/**
 * Gives a community the badges of a preset, leaving out those it has. For a transaction that holds its lock, or of a
 * community that nobody can see yet. Safe to repeat.
 */
export async function addPresetBadges(
  trx: Transaction<Database>,
  community: { id: number; categories: readonly Pick<Category, 'slug'>[] },
  badges: readonly NewBadge[],
  actor: Actor,
  now: Date,
): Promise<void> {
  const known = new Set((await readBadges(trx, community.id)).map(({ name }) => name));
  const added = badges.filter(({ name }) => !known.has(name));
  for (const badge of added) await insert(trx, community, badge, now);
  if (added.length === 0) return;
  await writeAudit(trx, {
    communityId: community.id,
    at: now,
    actor,
    action: 'badge.create',
    target: 'preset',
    after: { badges: added.map(({ name }) => name) },
  });
}

/**
 * Removes a badge: nobody earns it any more. Whoever has earned it keeps it, and what it means stays known, unless it is
 * taken back: then the next `awardAchievements` takes it from all and forgets it. A badge without a rule is forgotten at
 * once; what rewards gave by its name stays. Safe to repeat.
 *
 * @throws DomainError `unknown-badge`
 */
export async function removeBadge(
  context: RankingContext,
  communityId: number,
  { id, takeBack }: { id: number; takeBack: boolean },
  actor: Actor,
  now: Date,
): Promise<Badge> {
  return context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    // Not while members are looked at for it.
    await lockAwards(trx, communityId);
    const badge = await requireBadge(trx, communityId, id);
    const isDone = badge.removedAt && (badge.examinedTo !== undefined || !takeBack);
    if (isDone) return badge;
    if (!badge.rule) await deleteBadge(trx, communityId, id, now);
    else {
      const removedAt = badge.removedAt ?? now;
      await updateBadge(trx, communityId, id, { removedAt, examinedTo: takeBack ? 0 : undefined, isNew: false });
    }
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'badge.remove',
      target: badge.name,
      before: toAudit(badge),
      after: { takenBack: takeBack && badge.rule !== undefined },
    });
    return badge;
  });
}

/** Says whether what members earn is told. Safe to repeat. */
export async function setAnnounced(
  context: RankingContext,
  communityId: number,
  announced: boolean,
  actor: Actor,
  now: Date,
): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    const before = await lockAwards(trx, communityId);
    if (before.announced === announced) return;
    await trx.updateTable('award_states').set({ announced }).where('community_id', '=', communityId).execute();
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'badge.announce',
      target: 'achievements',
      before: { announced: before.announced },
      after: { announced },
    });
  });
}

function refuseTakenName(known: readonly Badge[], name: string): void {
  const same = known.find((badge) => badge.name === name);
  if (!same) return;
  throw new DomainError(
    'name-taken',
    same.removedAt
      ? `The badge "${name}" was removed, and whoever has earned it keeps it. Choose another name, or take it back from them first.`
      : `There is a badge "${name}" already. Choose another name, or remove that one first.`,
  );
}

async function insert(
  trx: Transaction<Database>,
  community: { id: number; categories: readonly Pick<Category, 'slug'>[] },
  { name, description = '', icon, image, rule: asked, kind: wantedKind }: NewBadge,
  now: Date,
): Promise<number> {
  const rule = asked && completeRule(asked, community);
  const kind = requireKind(rule, wantedKind);
  const isNew = rule !== undefined && (await hasHistory(trx, community.id));
  const examinedTo = isNew ? 0 : undefined;
  const badge = { name, description, icon, kind, rule, createdAt: now, examinedTo, isNew };
  const id = await insertBadge(trx, community.id, badge);
  if (image) await putImage(trx, community.id, id, image, now);
  return id;
}

/** How often a badge is earned. Where rewards give it, each of them counts. */
function requireKind(rule: Rule | undefined, wanted: BadgeKind | undefined): BadgeKind {
  if (!rule) {
    if (wanted === 'once') {
      throw new DomainError(
        'invalid-parameter',
        'A badge without a rule is counted: each reward that names it adds one.',
      );
    }
    return 'counted';
  }
  if (wanted === 'counted' && !isRepeatable(rule)) {
    throw new DomainError(
      'invalid-parameter',
      `What a rule of the kind \`${rule.kind}\` asks for is done once. Only \`rank\` and \`categories\` can be counted.`,
    );
  }
  return wanted ?? (rule.kind === 'rank' ? 'counted' : 'once');
}

/** Whether anything was recorded by which a badge may have been earned. */
async function hasHistory(trx: Transaction<Database>, communityId: number): Promise<boolean> {
  const { rows } = await sql<{ has: boolean }>`
    select last_seq > 0 as has from communities where community_id = ${communityId}`.execute(trx);
  return rows[0]?.has === true;
}

function toAudit({ name, description, icon, kind, rule }: Badge): object {
  return { name, description, icon, kind, rule: rule && writeRule(rule) };
}
