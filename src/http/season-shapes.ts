/** How seasons and final tables are told over HTTP. */
import { z } from 'zod';
import type { Category, Community } from '../communities/community.ts';
import { formatDecimal } from '../ranking/score.ts';
import type { FinalVersion } from '../seasons/final-versions.ts';
import type { ShownSeason } from '../seasons/seasons.ts';
import { decimalText, windowKind } from './shapes.ts';

const instantText = z.string().meta({ format: 'date-time' });
const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256 of the document, in hex.');

export const seasonShape = z
  .object({
    key: z.string(),
    name: z.string().describe('What people call it; the key, unless it was given a name.'),
    startsAt: instantText,
    endsAt: instantText.describe('The first moment after it.'),
    status: z.enum(['upcoming', 'open', 'closing', 'provisional', 'final', 'archive']),
    custom: z.boolean().describe("Whether it is the community's own; else a calendar quarter."),
  })
  .meta({ id: 'Season' });

/** A season that was just created. */
export const createdSeasonShape = seasonShape
  .extend({
    notes: z
      .array(z.string())
      .describe('What to know of it: quarters that end with it, gaps between seasons, prizes that are given for it.'),
  })
  .meta({ id: 'CreatedSeason' });

export const versionShape = z
  .object({
    version: z.number().int(),
    reason: z
      .enum(['closed', 'amended', 'privacy'])
      .describe(
        '`closed`: the window closed. `amended`: by an admin. `privacy`: somebody in it was hidden or deleted.',
      ),
    note: z.string().optional().describe('Why it was amended.'),
    cut: z.number().int().describe('The sequence number of the community up to which everything counts.'),
    madeAt: instantText,
    sha256: sha256.nullable().describe('Null for the moment in which it is being reckoned.'),
    members: z.number().int().nullable().describe('How many stand in it.'),
    total: decimalText.nullable().describe('The sum of all scores.'),
    status: z
      .enum(['readable', 'pending', 'superseded'])
      .describe(
        '`superseded`: it named somebody who is hidden or deleted by now; it is no longer reproducible and answers 410.',
      ),
  })
  .meta({ id: 'FinalTableVersion' });

/** The newest version of each final table of a window. */
export const tableShape = z
  .object({ category: z.string(), title: z.string(), unit: z.string(), ...versionShape.shape })
  .meta({ id: 'FinalTable' });

/** What names a table. */
export const tableNames = { category: z.string(), window: windowKind, period: z.string() };

export const proofShape = z
  .object({
    ...tableNames,
    version: z.number().int(),
    sha256: sha256.describe('As recorded.'),
    recomputedSha256: sha256.describe('Of the document that the contributions at the cut make.'),
    members: z.number().int(),
    verifiedAt: instantText.describe('When it was recomputed.'),
    differences: z.array(z.string()).describe('None: it is what the contributions make it. At most some are told.'),
  })
  .meta({ id: 'FinalTableProof' });

export function toSeason({ name, window, status, isOwn }: ShownSeason): z.output<typeof seasonShape> {
  return {
    key: window.key,
    name,
    startsAt: window.startsAt.toISOString(),
    endsAt: window.endsAt.toISOString(),
    status,
    custom: isOwn,
  };
}

export function toVersion(version: FinalVersion): z.output<typeof versionShape> {
  const { note, sha256, members, scoreTotal } = version;
  return {
    version: version.version,
    reason: version.reason,
    ...(note === undefined ? {} : { note }),
    cut: Number(version.cutSeq),
    madeAt: version.madeAt.toISOString(),
    sha256: sha256 ?? null,
    members: members ?? null,
    total: scoreTotal === undefined ? null : formatDecimal(scoreTotal),
    status: version.isSuperseded ? 'superseded' : sha256 === undefined ? 'pending' : 'readable',
  };
}

/** The newest versions of the tables of a window, in the order of categories. */
export function toTables(
  { categories }: Pick<Community, 'categories'>,
  versions: readonly FinalVersion[],
): z.output<typeof tableShape>[] {
  return categories.flatMap((category) =>
    versions
      .filter(({ categoryId }) => categoryId === category.id)
      .map((version) => ({
        category: category.slug,
        title: category.title,
        unit: unitOf(category),
        ...toVersion(version),
      })),
  );
}

/** What the scores of a board are counted in. */
export function unitOf({ measure, unit }: Pick<Category, 'measure' | 'unit'>): string {
  return measure === 'reward' ? 'OMNIT' : unit;
}
