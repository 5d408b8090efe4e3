import { tellReward, type Reward, type ToldReward } from './reward.ts';

/** What rewards come to. Amounts in thousandths. */
export type RewardTotals = {
  tokens: bigint;
  governance: bigint;
  reputation: bigint;
  /** Badges, roles, NFTs and access: how many of each. */
  others: { reward: ToldReward; count: number }[];
};

/** Adds rewards up, each so many times. */
export function sumRewards(rewards: Iterable<readonly [reward: Reward, times: number]>): RewardTotals {
  const totals = { tokens: 0n, governance: 0n, reputation: 0n };
  const others = new Map<string, RewardTotals['others'][number]>();
  for (const [reward, times] of rewards) {
    if ('amount' in reward) {
      totals[reward.kind] += reward.amount * BigInt(times);
      continue;
    }
    const told = tellReward(reward);
    const slot = JSON.stringify(told);
    const before = others.get(slot)?.count ?? 0;
    if (before + times > 0) others.set(slot, { reward: told, count: before + times });
  }
  return { ...totals, others: [...others.values()] };
}
