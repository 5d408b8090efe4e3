import { noteDelivery, retryFailedGrants, retryGrant } from '../rewards/administer-grants.ts';
import {
  countFailedGrants,
  countToDeliver,
  isDeliveredByHand,
  listGrants,
  type ListedGrant,
} from '../rewards/grant-list.ts';
import { previewRoles } from '../rewards/preview-roles.ts';
import { DomainError } from '../errors.ts';
import { checkText, REASON } from '../text.ts';
import type { Answer, Call, SuggestionCall } from './command.ts';
import { formatCount } from './format.ts';
import { MAX_SHOWN, nameGrant, renderGrants, renderPlan, type GrantPress, type GrantView } from './grants-message.ts';
import { requireManager } from './setup.ts';

/** The most of a state and kind that are looked through for suggestions. */
const MOST_SEARCHED = 100;
/** The most changes of a plan that are looked at; all are counted. */
const MOST_PLANNED = 1_000;
const TO_DO: GrantView = { filter: { state: 'to-do' }, before: undefined };

/** Grants, what failed first, for whoever may manage the server. `done`: what was just changed. */
export async function showGrants(call: Call, view: GrantView, done?: string): Promise<Answer> {
  requireManager(call);
  const { services, community, locale } = call;
  const page = { limit: MAX_SHOWN, before: view.before };
  const grants = await listGrants(services.db, community.id, view.filter, page);
  const { count: failed } = await countFailedGrants(services.db, community.id);
  const toDeliver = await countToDeliver(services.db, community.id);
  return renderGrants(grants, view, { failed, toDeliver, locale, done });
}

/** What the bot would give and take now; nothing is changed. */
export async function showRolePlan(call: Call): Promise<Answer> {
  requireManager(call);
  const { services, community, locale } = call;
  return renderPlan(await previewRoles(services, community, { limit: MOST_PLANNED }), locale);
}

/** @throws DomainError `forbidden`, `unknown-grant`, `state-conflict` */
export async function retryAndShow(call: Call, id: bigint): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const grant = await retryGrant(services.db, community.id, id, actor, now);
  services.nudge();
  const what = isDeliveredByHand(grant.kind) ? 'Waits to be delivered again' : 'Tried again in a moment';
  return showGrants(call, TO_DO, `**${what}:** ${nameGrant(grant, call.locale)}`);
}

/** Has all that failed tried again. @throws DomainError `forbidden` */
export async function retryAllAndShow(call: Call): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now, locale } = call;
  const count = await retryFailedGrants(services.db, community.id, undefined, actor, now);
  services.nudge();
  const what = count === 1 ? '1 grant is' : `${formatCount(count, locale)} grants are`;
  const done =
    count === 0 ? 'Nothing had failed.' : `**${what} tried again.** What fails again shows here in a moment.`;
  return showGrants(call, TO_DO, done);
}

/**
 * Notes how delivering an NFT or access ended.
 *
 * @throws DomainError `forbidden`, `invalid-parameter`, `unknown-grant`, `state-conflict`
 */
export async function noteAndShow(
  call: Call,
  id: bigint,
  outcome: 'delivered' | 'failed',
  typed: string | undefined,
): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const delivery = { outcome, reason: typed === undefined ? undefined : requireReason(typed) };
  const grant = await noteDelivery(services.db, community.id, id, delivery, actor, now);
  return showGrants(call, TO_DO, `**Noted as ${outcome}:** ${nameGrant(grant, call.locale)}`);
}

/** Does what a button says. */
export async function pressGrant(call: Call, press: GrantPress): Promise<Answer> {
  switch (press.do) {
    case 'retry':
      return retryAndShow(call, press.id);
    case 'delivered':
      return noteAndShow(call, press.id, 'delivered', undefined);
    case 'retry-all':
      return retryAllAndShow(call);
    case 'list':
      return showGrants(call, press.view);
  }
}

/** Grants that can be tried again, or of which it can be noted how delivering them ended. */
export async function findSuggestedGrants(
  { services, community }: SuggestionCall,
  which: 'to-retry' | 'by-hand',
): Promise<ListedGrant[]> {
  const find = async (filter: GrantView['filter']) =>
    (await listGrants(services.db, community.id, filter, { limit: MOST_SEARCHED })).grants;
  if (which === 'to-retry') return [...(await find({ state: 'failed' })), ...(await find({ state: 'lapsed' }))];
  const found: ListedGrant[] = [];
  for (const state of ['failed', 'made'] as const) {
    for (const kind of ['nft', 'access'] as const) found.push(...(await find({ state, kind })));
  }
  return found;
}

function requireReason(typed: string): string {
  const reason = checkText(typed, REASON);
  if ('text' in reason) return reason.text;
  throw new DomainError('invalid-parameter', `The reason ${reason.problem}.`);
}
