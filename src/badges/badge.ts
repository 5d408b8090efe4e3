/**
 * A badge is what grants name: whoever has been granted one of a name has it, as often as it was granted. A definition
 * says what it means. With a rule it is an achievement, which everybody earns who does what the rule asks for.
 */
import { z } from 'zod';
import { text } from '../schema.ts';
import { imageSchema } from './image.ts';
import { NAME, type TextRule } from '../text.ts';
import { ruleSchema, type Rule } from './rule.ts';

/** How many definitions a community may have, those included that were removed and whose holders keep them. */
export const MAX_BADGES = 100;

/** Whether it is earned once in all, or as often as what it asks for is done. */
export const BADGE_KINDS = ['once', 'counted'] as const;
export type BadgeKind = (typeof BADGE_KINDS)[number];

const DESCRIPTION: TextRule = { maxCodePoints: 200, pathSafe: false };
/** The most code units of one emoji, such as a family or a flag of a region. */
const MAX_ICON = 40;
const EMOJI = /^\p{RGI_Emoji}$/v;
/** Asks for the colourful form of a character that has a plain one, too: what most keyboards add, and some do not. */
const AS_EMOJI = '\uFE0F';

export const iconSchema = z
  .string()
  .max(MAX_ICON, 'must be one emoji character, such as 🏆')
  .transform((icon, context) => {
    for (const form of [icon, icon + AS_EMOJI]) if (EMOJI.test(form)) return form;
    context.addIssue('must be one emoji character, such as 🏆');
    return z.NEVER;
  })
  .describe('An emoji character.');

/** A badge as it is asked for. */
export const newBadgeSchema = z.strictObject({
  name: text(NAME).describe('As rewards name it.'),
  description: text(DESCRIPTION).optional(),
  icon: iconSchema.optional(),
  image: imageSchema.optional(),
  rule: ruleSchema.optional().describe('By what it is earned; if not given, it is given by rewards that name it.'),
  kind: z
    .enum(BADGE_KINDS)
    .optional()
    .describe(
      '`counted`: earned anew in every window, for rules of ranks and of several categories. If not given, ranks are counted and all else is earned once.',
    ),
});
export type NewBadge = z.output<typeof newBadgeSchema>;

/** What of a badge stays, and why. */
const FIXED: Readonly<Record<string, string>> = {
  name: 'stays: the ledger, quests and prizes know a badge by it. Remove the badge and make another',
  rule: 'stays: members would lose what they have earned by it. Remove the badge, taking it back from all, and make another',
  kind: 'stays: it says what members have earned. Remove the badge, taking it back from all, and make another',
};

/** What can be changed of a badge: what is said of it and how it looks. Null takes away what there is. */
export const badgeChangesSchema = z
  .strictObject(
    {
      description: text(DESCRIPTION).nullable().optional(),
      icon: iconSchema.nullable().optional(),
      image: imageSchema.nullable().optional(),
    },
    {
      error: ({ code, keys }) => {
        const [key = ''] = code === 'unrecognized_keys' ? (keys ?? []) : [];
        return FIXED[key] && `\`${key}\` ${FIXED[key]}`;
      },
    },
  )
  .describe('What is left out stays, null takes it away.');
export type BadgeChanges = z.output<typeof badgeChangesSchema>;

/** `emojiId`: of the emoji that was made of it, once there is one; `reason`: why there is none. */
type Picture = { emojiId: string | undefined; animated: boolean; reason: string | undefined };

export type Badge = {
  id: number;
  name: string;
  description: string;
  /** An emoji character. */
  icon: string | undefined;
  /** A picture that an admin gave, and the emoji that the bot has made of it. */
  picture: Picture | undefined;
  kind: BadgeKind;
  rule: Rule | undefined;
  createdAt: Date;
  /** From when nobody earns it any more. */
  removedAt: Date | undefined;
  /** Up to which member those have been looked at who may have earned it before it was known; undefined: all. */
  examinedTo: number | undefined;
  /** Whether that goes on for the first time: when it is over, the badge is told. */
  isNew: boolean;
  /** How many final tables have been looked at. */
  tablesSeen: number;
};

/** A badge with a rule. */
export type Achievement = Badge & { rule: Rule };

/** Whether a badge is earned by a rule. */
export function isAchievement(badge: Badge): badge is Achievement {
  return badge.rule !== undefined;
}

/** That a member has earned an achievement, and of one that is counted in which period. */
export type Earned = { memberId: number; period: string | undefined };

/** What the keys of all entitlements begin with that achievements give. */
export const ACHIEVEMENT_PREFIX = 'achievement ';

/** The key of an entitlement: `achievement 5 2026-Q3 member 7`. */
export function entitlementOf({ id }: Pick<Badge, 'id'>, { memberId, period }: Earned): string {
  return `${ACHIEVEMENT_PREFIX}${id} ${period === undefined ? '' : `${period} `}member ${memberId}`;
}

/** The number of the achievement that an entitlement is of. */
export function achievementIn(entitlement: string): number {
  return Number.parseInt(entitlement.slice(ACHIEVEMENT_PREFIX.length), 10);
}
