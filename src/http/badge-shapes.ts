/** How badges are told over HTTP. */
import { z } from 'zod';
import { BADGE_KINDS, type Badge } from '../badges/badge.ts';
import { MOST_COUNTED, type Holders } from '../badges/holders.ts';
import type { Progress } from '../badges/progress.ts';
import type { Collection, HeldBadge } from '../badges/read-badges.ts';
import { writeRule } from '../badges/rule.ts';
import { sayProgress, sayRule } from '../badges/rule-text.ts';
import type { Community } from '../communities/community.ts';
import { formatDecimal } from '../ranking/score.ts';
import { decimalText } from './shapes.ts';

const PERCENT = 100;
const instantText = z.string().meta({ format: 'date-time' });
const icon = z.string().nullable().describe('An emoji character.');

const imageShape = z
  .object({
    emojiId: z.string().nullable().describe('The emoji that the bot has made of it on Discord, once there is one.'),
    reason: z.string().nullable().describe('Why there is none yet, and what to do.'),
  })
  .describe('Of a badge with a picture: `GET …/badges/{id}/image`.');

const definition = {
  name: z.string().describe('As rewards name it.'),
  description: z.string(),
  icon,
  image: imageShape.nullable(),
};

export const badgeShape = z
  .object({
    id: z.number().int(),
    ...definition,
    kind: z.enum(BADGE_KINDS).describe('Earned once in all, or counted.'),
    rule: z
      .looseObject({})
      .nullable()
      .describe('By what it is earned, as it was asked for. Null: by rewards that name it.'),
    ruleText: z.string().nullable().describe('The rule in words.'),
    createdAt: instantText,
    removedAt: instantText.nullable().describe('From when nobody earns it any more; whoever has it keeps it.'),
  })
  .meta({ id: 'Badge' });

export const badgeWithHolders = badgeShape
  .extend({
    holders: z.number().int().describe(`How many have it. Counted up to ${MOST_COUNTED}, which means as many or more.`),
  })
  .meta({ id: 'BadgeWithHolders' });

const progressShape = z.object({
  text: z.string().describe('In words: `2 of 4 weeks in a row`.'),
  done: decimalText,
  wanted: decimalText,
  percent: z.number().int().describe('Rounded down.'),
});

export const collectionShape = z
  .object({
    handle: z.string(),
    earned: z
      .array(
        z.object({
          name: z.string(),
          count: z.number().int(),
          grantedAt: instantText.describe('When it was granted last.'),
          badge: z
            .object({ id: z.number().int(), ...definition })
            .nullable()
            .describe('Null: nobody has said what it means.'),
        }),
      )
      .describe('The latest first.'),
    open: z
      .array(
        z.object({
          id: z.number().int(),
          ...definition,
          ruleText: z.string(),
          progress: progressShape.nullable().describe('Null where no number tells.'),
        }),
      )
      .describe('What can still be earned, the nearest first.'),
  })
  .meta({ id: 'BadgeCollection' });

export function toBadge(community: Community, badge: Badge): z.output<typeof badgeShape> {
  const { id, kind, rule, createdAt, removedAt } = badge;
  return {
    id,
    ...toDefinition(badge),
    kind,
    rule: rule ? writeRule(rule) : null,
    ruleText: rule ? sayRule(rule, community) : null,
    createdAt: createdAt.toISOString(),
    removedAt: removedAt?.toISOString() ?? null,
  };
}

export function toBadgeWithHolders(community: Community, badge: Badge & Holders): z.output<typeof badgeWithHolders> {
  return { ...toBadge(community, badge), holders: badge.holders };
}

export function toCollection(
  community: Community,
  handle: string,
  { held, open }: Collection,
): z.output<typeof collectionShape> {
  return {
    handle,
    earned: held.map(toEarned),
    open: open.map(({ badge, progress }) => ({
      id: badge.id,
      ...toDefinition(badge),
      ruleText: sayRule(badge.rule, community),
      progress: progress
        ? { ...toProgress(badge.rule.kind === 'amount', progress), text: sayProgress(badge.rule, progress, community) }
        : null,
    })),
  };
}

function toEarned({ name, count, grantedAt, badge }: HeldBadge): z.output<typeof collectionShape>['earned'][number] {
  return {
    name,
    count,
    grantedAt: grantedAt.toISOString(),
    badge: badge ? { id: badge.id, ...toDefinition(badge) } : null,
  };
}

function toDefinition({ name, description, icon, picture }: Badge) {
  const image = picture ? { emojiId: picture.emojiId ?? null, reason: picture.reason ?? null } : null;
  return { name, description, icon: icon ?? null, image };
}

function toProgress(isAmount: boolean, { done, wanted, share }: Progress) {
  const write = isAmount ? formatDecimal : String;
  return { done: write(done), wanted: write(wanted), percent: Math.floor(share * PERCENT) };
}
