/** A reward, as the server tells it. */
export type RewardAnswer = {
  kind: string;
  amount?: string | undefined;
  name?: string | undefined;
  roleId?: string | undefined;
};

/** Rewards in words: `500 OMNIT + badge Podium`. */
export function rewardText(rewards: readonly RewardAnswer[]): string {
  return rewards
    .map(({ kind, amount, name, roleId }) => {
      if (amount !== undefined) return `${amount} ${kind === 'tokens' ? 'OMNIT' : kind}`;
      return `${kind} ${name ?? roleId ?? ''}`.trimEnd();
    })
    .join(' + ');
}
