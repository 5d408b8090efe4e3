import { DomainError } from '../errors.ts';
import { decideHeld, listHeld } from '../fair-play/held.ts';
import { requireMember } from '../members/members.ts';
import { checkText, REASON } from '../text.ts';
import type { Answer, Call } from './command.ts';
import { MAX_SHOWN, renderHeld, type HeldDecision } from './held-message.ts';
import { requireManager } from './setup.ts';
import { shownName } from './text.ts';

/** What is held, for whoever may manage the server. */
export async function showHeld(call: Call, done?: string): Promise<Answer> {
  requireManager(call);
  const { services, community } = call;
  return renderHeld(call, await listHeld(services.db, community.id, { limit: MAX_SHOWN + 1 }), done);
}

/**
 * Decides about a held contribution, and shows what is left.
 *
 * @throws DomainError `forbidden`, `invalid-parameter`, `unknown-contribution`, or `state-conflict` when somebody was faster
 */
export async function decideAndShow(call: Call, { number, decision }: HeldDecision, typed: string): Promise<Answer> {
  requireManager(call);
  const reason = checkText(typed, REASON);
  if ('problem' in reason) throw new DomainError('invalid-parameter', `The reason ${reason.problem}.`);
  const { services, community, actor, now } = call;
  const { handle } = await decideHeld(services, community.id, { number, decision, reason: reason.text }, actor, now);
  services.nudge();
  const { displayName } = await requireMember(services.db, community.id, handle);
  const done = decision === 'release' ? 'counts now' : 'was refused and does not count';
  return showHeld(call, `The contribution of **${shownName(displayName)}** ${done}.`);
}
