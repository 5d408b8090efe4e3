/** Changing what is said of a badge, and how it looks. */
import { createHash } from 'node:crypto';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { RankingContext } from '../ranking/context.ts';
import { lockAwards } from './award-state.ts';
import type { Badge, BadgeChanges } from './badge.ts';
import { requireBadge, updateBadge } from './badge-store.ts';
import { findImage, putImage } from './image-store.ts';
import type { Image } from './image.ts';
import { tellEdited } from './tell.ts';

/**
 * Changes description, icon and picture of a badge, and what waits to be told of it. Its name and by what it is earned
 * stay: grants go by them. The emoji of a picture that is replaced or taken away goes by the next `keepEmojis`, which
 * makes that of the new one. Safe to repeat.
 *
 * @throws DomainError `unknown-badge`
 */
export async function editBadge(
  context: RankingContext,
  communityId: number,
  id: number,
  changes: BadgeChanges,
  actor: Actor,
  now: Date,
): Promise<Badge> {
  return context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    // Not while it is being told as it was.
    await lockAwards(trx, communityId);
    const badge = await requireBadge(trx, communityId, id);
    const image = await findImage(trx, communityId, id);
    const wanted = {
      description: changes.description === undefined ? badge.description : (changes.description ?? ''),
      icon: changes.icon === undefined ? badge.icon : (changes.icon ?? undefined),
      image: changes.image === undefined ? image : (changes.image ?? undefined),
    };
    const [before, after] = [toAudit({ ...badge, image }), toAudit(wanted)];
    if (JSON.stringify(before) === JSON.stringify(after)) return badge;
    const { description, icon } = wanted;
    await updateBadge(trx, communityId, id, { description, icon });
    if (before.image !== after.image) await putImage(trx, communityId, id, wanted.image, now);
    const edited = await requireBadge(trx, communityId, id);
    await tellEdited(trx, communityId, edited);
    await writeAudit(trx, { communityId, at: now, actor, action: 'badge.edit', target: badge.name, before, after });
    return edited;
  });
}

/** What is noted of a badge. A picture is told by its hash. */
function toAudit({ description, icon, image }: Pick<Badge, 'description' | 'icon'> & { image: Image | undefined }) {
  const hash = image && createHash('sha256').update(image.content).digest('hex');
  return { description, icon: icon ?? null, image: hash ?? null };
}
