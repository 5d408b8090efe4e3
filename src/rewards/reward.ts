import { z } from 'zod';
import { formatDecimal } from '../ranking/score.ts';
import { decimal, text } from '../schema.ts';
import { NAME } from '../text.ts';

export const REWARD_KINDS = ['tokens', 'governance', 'reputation', 'badge', 'role', 'nft', 'access'] as const;
export type RewardKind = (typeof REWARD_KINDS)[number];

/** What is counted in thousandths; of the others a member has one or several. */
export const AMOUNT_KINDS = ['tokens', 'governance', 'reputation'] as const satisfies readonly RewardKind[];

/** The most that one reward may be, in thousandths: grants of a lifetime add up to what can be counted. */
const MAX_AMOUNT = 1_000_000_000_000n;

const amount = decimal
  .refine((value) => value > 0n, 'must be more than 0')
  .refine((value) => value <= MAX_AMOUNT, 'is above 1000000000')
  .describe('At most 1,000,000,000, with at most 3 places.');
const name = text(NAME).describe('What it is called.');
const roleId = z.string().regex(/^\d{1,20}$/, 'must be the id of a role of Discord');

/** One reward as an admin sets it up. Amounts come out in thousandths. */
export const rewardSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.enum(AMOUNT_KINDS), amount }),
    z.object({ kind: z.literal('badge'), name }),
    z
      .object({ kind: z.literal('role'), roleId: roleId.optional(), name: name.optional() })
      .refine((role) => role.roleId !== undefined || role.name !== undefined, 'must name a role by `roleId` or `name`'),
    z.object({ kind: z.enum(['nft', 'access']), name }),
  ])
  .meta({ id: 'Reward', description: 'Tokens, governance tokens, reputation, a badge, a role, an NFT or access.' });

/** One reward: an amount in thousandths, or one of something. */
export type Reward = z.output<typeof rewardSchema>;

/** A reward as it is told. The amount is a decimal, as text. */
export type ToldReward = { kind: RewardKind; amount?: string; name?: string; roleId?: string };

/** The JSON of a reward, as it is asked for. */
export function writeReward(reward: Reward): Record<string, unknown> {
  return 'amount' in reward ? { ...reward, amount: formatDecimal(reward.amount) } : { ...reward };
}

/** A reward, as announcements tell it. */
export function tellReward(reward: Reward): ToldReward {
  return 'amount' in reward ? { kind: reward.kind, amount: formatDecimal(reward.amount) } : tellNamed(reward);
}

function tellNamed(reward: Exclude<Reward, { amount: bigint }>): ToldReward {
  if (reward.kind !== 'role') return { kind: reward.kind, name: reward.name };
  const { kind, roleId, name } = reward;
  return { kind, ...(roleId === undefined ? {} : { roleId }), ...(name === undefined ? {} : { name }) };
}
