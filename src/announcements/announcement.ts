import type { ToldReward } from '../rewards/reward.ts';

/** A multiplier event as it is told. The factor as text: `2.5`. */
export type ToldMultiplier = {
  name: string;
  factor: string;
  /** Titles of the categories; none: all. */
  categories: string[];
  startsAt: string;
  endsAt: string;
};

/** A member as everybody may name it. With the number, so that the name can follow when the member hides or is deleted. */
export type ToldMember = { memberId: number; name: string };

export type ProofDecision = 'approved' | 'asked' | 'refused';

/** A file that somebody handed in on Discord, which gives it up again after some time. The size is in bytes. */
export type ToldFile = { id: string; name: string; size: number; contentType: string | null; url: string };

/** A line of a table: scores as text, and what the place wins. */
export type ToldPlace = { rank: number; member: ToldMember; score: string; rewards: ToldReward[] };

/** The first of a board, how many stand on it, and what they contributed in all. */
export type ToldTable = {
  title: string;
  unit: string;
  members: number;
  /** The sum of all scores, as text. */
  total?: string;
  top: ToldPlace[];
  /** How many members below those win something as well. */
  alsoWin?: number;
  /** Of the final table. */
  sha256?: string;
};

/** What places of a board win: some ranks, the first per cent, or everybody from a score on, which is text. */
export type ToldPrize = {
  title: string;
  unit: string;
  places: { from: number; to: number } | { topPercent: number } | { minScore: string };
  rewards: ToldReward[];
};

/** A window, by its kind, its key and the name that people know it by. */
export type ToldWindow = { window: 'week' | 'month' | 'season'; period: string; name: string };

/** What a badge looks like: an emoji that the bot has made of its picture, or an emoji character. */
export type ToldIcon = { character?: string | undefined; emoji?: { id: string; animated: boolean } | undefined };

/** An achievement, how many members have earned it, and the first of them. */
export type ToldBadge = { badgeId: number; name: string; icon: ToldIcon; members: number; named: ToldMember[] };

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
  | {
      kind: 'quest-opened';
      name: string;
      description: string;
      /** In words; what was put down before goals were told has none. */
      goal?: string;
      endsAt: string;
      rewards: ToldReward[];
    }
  | { kind: 'quest-completed'; quest: string; member: ToldMember; rewards: ToldReward[] }
  | { kind: 'quest-settled'; quest: string; winners: ToldMember[]; others: number; rewards: ToldReward[] }
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
  /** `endsAt`: when nothing can change it any more. */
  | ({ kind: 'window-provisional'; endsAt: string; tables: ToldTable[] } & ToldWindow)
  /** `changed`: contributions that came late, or were voided, while it was provisional. */
  | ({ kind: 'window-final'; changed: number; tables: ToldTable[] } & ToldWindow)
  | ({
      kind: 'window-amended';
      version: number;
      reason: string;
      table: ToldTable;
      /** How many rewards were given by it, and how many taken back. */
      given: number;
      takenBack: number;
    } & ToldWindow)
  /** A season is about to end: how it stands. */
  | { kind: 'season-countdown'; name: string; endsAt: string; tables: ToldTable[] }
  /** What there is to win in it. */
  | { kind: 'season-opened'; name: string; endsAt: string; prizes: ToldPrize[] }
  /** What was earned since the day before. */
  | { kind: 'achievements-earned'; badges: ToldBadge[] }
  /** `holders`: how many have earned it already; `orMore`: there may be more. */
  | {
      kind: 'badge-created';
      badgeId: number;
      name: string;
      description: string;
      icon: ToldIcon;
      holders: number;
      orMore: boolean;
    }
  /** In private, to who handed a proof in. */
  | { kind: 'proof-reviewed'; quest: string; decision: ProofDecision; reason: string };

export type AnnouncementKind = Announcement['kind'];
