import type { Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { Category } from '../communities/community.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { violatedCheck } from '../db/errors.ts';
import { DomainError } from '../errors.ts';
import { requireMember } from '../members/members.ts';
import type { Window } from '../ranking/calendar.ts';
import { reconsiderMember } from '../quests/reconsider.ts';
import type { LockedRanking, RankingContext } from '../ranking/context.ts';
import { changeUnlessDry } from '../ranking/dry-run.ts';
import { isFrozen } from '../ranking/periods.ts';
import { readCurrentStandings, type CurrentStanding } from '../ranking/read-leaderboard.ts';
import { recomputeMember } from '../ranking/recompute.ts';
import {
  findContribution,
  sumChange,
  windowsOfChange,
  writeChange,
  type Chosen,
  type ContributionChange,
} from './change-store.ts';

/** One contribution, or all of a member that occurred from one moment until before another. */
export type VoidTarget = { source: string; id: string } | { member: string; from: Date; to: Date };

export type VoidRequest = {
  /** `void`: it counts no more. `unvoid`: it counts again. */
  kind: 'void' | 'unvoid';
  target: VoidTarget;
  reason: string;
  /** Tells what would change, and changes nothing. */
  dryRun?: boolean | undefined;
};

/** What came of it. Rewards and reputation in thousandths. */
export type VoidResult = {
  memberId: number;
  /** How many contributions: 0 when all were so already. */
  changed: number;
  reward: bigint;
  reputation: bigint;
  /** Where one contribution was so already: what made it so, unless it has always counted. */
  already: ContributionChange | undefined;
  /** The windows whose standings followed. */
  windows: Window[];
  /** The windows that are frozen and were left as they are. */
  leftAlone: Window[];
  /** The member's current places that it changed. */
  places: {
    category: Category;
    window: Window;
    before: CurrentStanding | undefined;
    after: CurrentStanding | undefined;
  }[];
};

/**
 * Voids contributions, or lets voided ones count again. The rows stay, with who did it and why; the member's standings,
 * totals and quests follow in the same transaction. Safe to repeat: what is so already stays so.
 *
 * Un-voiding is an admin's decision as releasing is: no cap holds what is un-voided, even where the day's cap was used up
 * meanwhile. It uses up the cap in its turn, for what is recorded after it.
 *
 * @throws DomainError `unknown-contribution`, `unknown-member`, `invalid-parameter`, or `state-conflict` for a
 *   contribution that is held or was refused
 */
export async function changeCounting(
  context: RankingContext,
  communityId: number,
  request: VoidRequest,
  actor: Actor,
  now: Date,
): Promise<VoidResult> {
  try {
    return await changeUnlessDry(context, communityId, request.dryRun ?? false, (trx, ranking) =>
      changeUnderLock(context, trx, ranking, communityId, request, actor, now),
    );
  } catch (error) {
    if (violatedCheck(error) !== 'members_totals') throw error;
    throw new DomainError(
      'state-conflict',
      'With these contributions the total of the member would be larger than can be counted. Void others first.',
      { cause: error },
    );
  }
}

async function changeUnderLock(
  context: RankingContext,
  trx: Transaction<Database>,
  ranking: LockedRanking,
  communityId: number,
  { kind, target, reason }: VoidRequest,
  actor: Actor,
  now: Date,
): Promise<VoidResult> {
  const { memberId, chosen, already } = await choose(trx, communityId, kind, target);
  const nothing = { memberId, changed: 0, reward: 0n, reputation: 0n, already, windows: [], leftAlone: [], places: [] };
  const sum = await sumChange(trx, communityId, kind, chosen);
  if (!sum) return nothing;

  const community = await context.directory.at(trx, communityId, ranking.lock.configVersion);
  const before = await readCurrentStandings(trx, community, memberId, now);
  const { firstSeq } = await lockCommunity(trx, communityId, sum.count);
  await writeChange(trx, communityId, kind, chosen, firstSeq, { reason, actor: actor.name, at: now });
  await recomputeMember(context, trx, ranking, communityId, memberId);
  await reconsiderMember(trx, community, memberId, now);
  const after = await readCurrentStandings(trx, community, memberId, now);
  const windows = await windowsOfChange(trx, communityId, memberId, firstSeq, sum);
  const isKept = (window: Window) => isFrozen(community, window);
  await writeAudit(trx, {
    communityId,
    at: now,
    actor,
    action: `contribution.${kind}`,
    target: 'member' in target ? target.member : `${target.source} ${target.id}`,
    after: { ...target, reason, changed: sum.count, reward: sum.reward, reputation: sum.reputation },
  });
  return {
    ...nothing,
    changed: sum.count,
    reward: sum.reward,
    reputation: sum.reputation,
    windows: windows.filter((window) => !isKept(window)),
    leftAlone: windows.filter(isKept),
    places: comparePlaces(before, after),
  };
}

/** Finds what is meant, and refuses what cannot be voided. */
async function choose(
  trx: Transaction<Database>,
  communityId: number,
  kind: VoidRequest['kind'],
  target: VoidTarget,
): Promise<{ memberId: number; chosen: Chosen; already: ContributionChange | undefined }> {
  if ('member' in target) {
    const { member, from, to } = target;
    if (from >= to) {
      throw new DomainError(
        'invalid-parameter',
        `\`from\`, ${from.toISOString()}, is not before \`to\`, ${to.toISOString()}. Contributions from the first until before the second are meant.`,
      );
    }
    const { id } = await requireMember(trx, communityId, member);
    return { memberId: id, chosen: { memberId: id, from, to }, already: undefined };
  }
  const { source, id } = target;
  const found = await findContribution(trx, communityId, source, id);
  if (!found) {
    throw new DomainError(
      'unknown-contribution',
      `There is no contribution "${id}" of the source "${source}". The ledger of a member lists both.`,
    );
  }
  const { status, memberId, sourceId, last } = found;
  if (status === 'held') {
    throw new DomainError(
      'state-conflict',
      `The contribution "${id}" is held and counts nowhere yet. Release or refuse it instead.`,
    );
  }
  if (status === 'refused') {
    throw new DomainError('state-conflict', `The contribution "${id}" was held and refused: it never counted.`);
  }
  const isSo = (kind === 'void') === (status === 'voided');
  return { memberId, chosen: { sourceId, id }, already: isSo ? last : undefined };
}

function comparePlaces(before: readonly CurrentStanding[], after: readonly CurrentStanding[]): VoidResult['places'] {
  const slot = ({ category, window }: CurrentStanding) => `${category.id} ${window.kind}`;
  const afterwards = new Map(after.map((standing) => [slot(standing), standing]));
  const slots = new Map([...before, ...after].map((standing) => [slot(standing), standing]));
  const earlier = new Map(before.map((standing) => [slot(standing), standing]));
  return [...slots].flatMap(([name, { category, window }]) => {
    const [was, is] = [earlier.get(name), afterwards.get(name)];
    const same = was?.score === is?.score && was?.rank === is?.rank;
    return same ? [] : [{ category, window, before: was, after: is }];
  });
}
