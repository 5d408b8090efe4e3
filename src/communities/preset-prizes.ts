import type { PresetPrize } from '../rewards/add-preset-prizes.ts';
import type { PrizeWindow } from '../rewards/prizes.ts';
import type { Reward } from '../rewards/reward.ts';

const FIRST = { ranks: { from: 1, to: 1 } };
const NEXT_TWO = { ranks: { from: 2, to: 3 } };
const UP_TO_TENTH = { ranks: { from: 4, to: 10 } };

const omnit = (whole: number): Reward => ({ kind: 'tokens', amount: thousandths(whole) });
const governance = (whole: number): Reward => ({ kind: 'governance', amount: thousandths(whole) });
const reputation = (whole: number): Reward => ({ kind: 'reputation', amount: thousandths(whole) });
const badge = (name: string): Reward => ({ kind: 'badge', name });
const nft = (name: string): Reward => ({ kind: 'nft', name });

/** Found in the server by its name: ids are other ones everywhere. Whoever has it votes until the next month closes. */
const GOVERNANCE_ROLE: Reward = { kind: 'role', name: 'Governance' };
const BETA_ACCESS: Reward = { kind: 'access', name: 'OmniTensor beta' };

const of =
  (category: string, window: PrizeWindow) =>
  (band: PresetPrize['band'], rewards: readonly Reward[]): PresetPrize => ({
    category,
    window,
    band,
    rewards,
  });
const gpuOfMonth = of('gpu-contributors', 'month');
const dataOfMonth = of('data-validators', 'month');

/** For the top GPU contributors and data validators of the month, and for the top of each board every season. */
export const OMNITENSOR_PRIZES: readonly PresetPrize[] = [
  gpuOfMonth(FIRST, [omnit(500), badge('GPU Contributor of the Month'), GOVERNANCE_ROLE]),
  gpuOfMonth(NEXT_TWO, [omnit(250), badge('Top 3 GPU Contributor'), GOVERNANCE_ROLE]),
  gpuOfMonth(UP_TO_TENTH, [omnit(100), badge('Top 10 GPU Contributor'), GOVERNANCE_ROLE]),
  dataOfMonth(FIRST, [reputation(100), badge('Data Validator of the Month')]),
  dataOfMonth(NEXT_TWO, [reputation(50), badge('Data Validator of the Month')]),
  dataOfMonth(UP_TO_TENTH, [reputation(20)]),
  ...['gpu-contributors', 'data-validators', 'model-testers'].flatMap((category) => {
    const ofSeason = of(category, 'season');
    return [
      ofSeason(FIRST, [governance(100), BETA_ACCESS, nft('Season Champion')]),
      ofSeason(NEXT_TWO, [governance(50), BETA_ACCESS, nft('Season Podium')]),
      ofSeason(UP_TO_TENTH, [governance(20), BETA_ACCESS, nft('Season Top 10')]),
    ];
  }),
];

function thousandths(whole: number): bigint {
  return BigInt(whole) * 1_000n;
}
