import { parseLocalTime } from '../communities/local-time.ts';
import { DomainError } from '../errors.ts';
import { listExclusions, type NewExclusion } from '../fair-play/exclusion-store.ts';
import { exclude, liftExclusion } from '../fair-play/exclusions.ts';
import { checkText, REASON } from '../text.ts';
import type { Answer, Call } from './command.ts';
import { describeLifted, describeMade, renderExclusions } from './exclusion-message.ts';

/** An exclusion as it was typed. The end is a time as people write it, in the community's time zone. */
export type TypedExclusion = Pick<NewExclusion, 'target' | 'scope'> & { reason: string; until: string | undefined };

/** Who is excluded. `done`: what was just changed. */
export async function showExclusions({ services, community }: Call, done?: string): Promise<Answer> {
  return renderExclusions(await listExclusions(services.db, community.id), done);
}

/** @throws DomainError `invalid-parameter`, or as excluding does */
export async function excludeAndShow(call: Call, typed: TypedExclusion): Promise<Answer> {
  const { services, community, actor, now } = call;
  const { target, scope } = typed;
  const reason = checkText(typed.reason, REASON);
  if ('problem' in reason) throw new DomainError('invalid-parameter', `The reason ${reason.problem}.`);
  const until = typed.until === undefined ? undefined : parseLocalTime(typed.until, community.timeZone, now);
  if (until && 'problem' in until) throw new DomainError('invalid-parameter', `The end ${until.problem}.`);
  const wanted = { target, scope, reason: reason.text, endsAt: until?.at };
  const exclusion = await exclude(services, community.id, wanted, actor, now);
  services.nudge();
  return showExclusions(call, describeMade(exclusion));
}

/** @throws DomainError `unknown-exclusion` */
export async function liftAndShow(call: Call, exclusionId: number): Promise<Answer> {
  const { services, community, actor, now } = call;
  const exclusion = await liftExclusion(services, community.id, exclusionId, actor, now);
  services.nudge();
  return showExclusions(call, describeLifted(exclusion));
}
