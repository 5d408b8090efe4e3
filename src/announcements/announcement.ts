import type { RewardKind } from '../rewards/reward.ts';

/** A reward as it is told. The amount is a decimal, as text. */
export type ToldReward = { kind: RewardKind; amount?: string; name?: string; roleId?: string };

/** A multiplier event as it is told. The factor as text: `2.5`. */
export type ToldMultiplier = {
  name: string;
  factor: string;
  /** Titles of the categories; none: all. */
  categories: string[];
  startsAt: string;
  endsAt: string;
};

export type ProofDecision = 'approved' | 'asked' | 'refused';

/** A file that somebody handed in on Discord, which gives it up again after some time. The size is in bytes. */
export type ToldFile = { id: string; name: string; size: number; contentType: string | null; url: string };

/** What can be said. Everything that is shown is in it, as of the moment that made it true; times are RFC 3339. */
export type Announcement =
  | ({ kind: 'multiplier-ahead' | 'multiplier-started' } & ToldMultiplier)
  | {
      kind: 'multiplier-ended';
      name: string;
      factor: string;
      /** How many contributions it touched, and the OMNIT that they earned more by it, as text. */
      contributions: number;
      extra: string;
    }
  | { kind: 'multiplier-cancelled'; name: string; factor: string }
  | { kind: 'quest-opened'; name: string; description: string; endsAt: string; rewards: ToldReward[] }
  | { kind: 'quest-completed'; quest: string; member: string; rewards: ToldReward[] }
  | { kind: 'quest-settled'; quest: string; winners: string[]; others: number; rewards: ToldReward[] }
  | { kind: 'quest-cancelled'; quest: string }
  /** In private, to who joined and is over half way. `done` and `goal` as text. */
  | { kind: 'quest-reminder'; quest: string; done: string; goal: string; endsAt: string }
  /** In the review channel: a proof that waits, and later what was decided about it. */
  | {
      kind: 'proof-submitted';
      proofId: number;
      /** How often it has been handed in: the buttons are about this time. */
      times: number;
      quest: string;
      /** What the quest asks to be shown. */
      show: string;
      member: string;
      text: string;
      links: string[];
      files: ToldFile[];
      decision?: { state: ProofDecision; by: string; reason: string };
    }
  /** In private, to who handed a proof in. */
  | { kind: 'proof-reviewed'; quest: string; decision: ProofDecision; reason: string };

export type AnnouncementKind = Announcement['kind'];
