/** What `/prize` does, once its options are read. */
import { DomainError } from '../errors.ts';
import { requireCategory } from '../ranking/read-leaderboard.ts';
import { previewPrizes } from '../rewards/preview.ts';
import { createPrize, listPrizes, removePrize, type NewPrize, type PrizeWindow } from '../rewards/prizes.ts';
import type { Answer, Call } from './command.ts';
import { renderCreatedPrize, renderPrizes, renderRemovedPrize } from './prize-message.ts';
import { renderPreview } from './prize-preview.ts';
import { requireManager } from './setup.ts';

/** Which prizes are meant; all if not given. */
export type PrizeFilter = { category: string | undefined; window: PrizeWindow | undefined };

/** The prizes, for everybody. @throws DomainError `unknown-category` */
export async function showPrizes(call: Call, { category, window }: PrizeFilter): Promise<Answer> {
  const { services, community } = call;
  const prizes = await listPrizes(services.db, community.id, {
    ...(category === undefined ? {} : { categoryId: requireCategory(community, category).id }),
    ...(window === undefined ? {} : { window }),
  });
  return renderPrizes(call, prizes, { isAll: category === undefined && window === undefined });
}

/** Sets up a prize, and tells from when on it is given. @throws DomainError as `createPrize` does */
export async function createAndShow(call: Call, wanted: NewPrize): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const change = await createPrize(services, community, wanted, actor, now);
  services.nudge();
  return renderCreatedPrize(call, change);
}

/** Removes a prize, and tells which windows keep it. `chosen`: an id, as suggestions bring it. */
export async function removeAndShow(call: Call, chosen: string): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  if (!/^\d{1,9}$/.test(chosen)) {
    throw new DomainError('invalid-parameter', `"${chosen}" is no prize. Choose one of those that are suggested.`);
  }
  const change = await removePrize(services, community, Number(chosen), actor, now);
  services.nudge();
  return renderRemovedPrize(call, change);
}

/** Who would win what if windows closed now, what it costs, and what could not be given. */
export async function previewAndShow(call: Call, wanted: PrizeFilter): Promise<Answer> {
  requireManager(call);
  const { services, community, now } = call;
  return renderPreview(call, await previewPrizes(services.db, community, wanted, now, services.checkRole));
}
