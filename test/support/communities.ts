import type { Kysely } from 'kysely';
import { createCommunity, type NewCommunity } from '../../src/communities/communities.ts';
import { CommunityDirectory } from '../../src/communities/directory.ts';
import type { Outcome } from '../../src/contributions/batch.ts';
import { parseContribution, type Contribution } from '../../src/contributions/contribution.ts';
import { recordBatch } from '../../src/contributions/record-batch.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import type { Database } from '../../src/db/database.ts';
import { LayoutCache } from '../../src/ranking/layout-cache.ts';
import type { SegmentLimits } from '../../src/ranking/segments.ts';

/** The clock of a test that does not set one. */
export const NOW = new Date('2026-08-22T12:00:00.000Z');

export const TESTER = { name: 'tester' };

let communities = 0;

/** Creates a community of the OmniTensor preset, in UTC, as of long ago. */
export async function makeCommunity(
  db: Kysely<Database>,
  wanted: Partial<NewCommunity> = {},
  now = new Date(0),
): Promise<{ id: number; slug: string; sourceId: number }> {
  const slug = wanted.slug ?? `community-${++communities}`;
  const id = await createCommunity(
    db,
    { slug, name: slug, timeZone: 'UTC', preset: 'omnitensor', ...wanted },
    TESTER,
    now,
  );
  const { source_id } = await db
    .insertInto('sources')
    .values({ community_id: id, name: 'test' })
    .returning('source_id')
    .executeTakeFirstOrThrow();
  return { id, slug, sourceId: source_id };
}

/** What recording needs, with memory of its own, as another process would have. */
export function recording(db: Kysely<Database>, segmentLimits?: SegmentLimits): RankingContext {
  return {
    db,
    directory: new CommunityDirectory(db),
    layouts: new LayoutCache(),
    ...(segmentLimits ? { segmentLimits } : {}),
  };
}

/** What a contribution is made of. */
type ContributionFields = Partial<Record<keyof Contribution, unknown>> & { id: string };

/** A contribution as a source sends it; what is not given is ordinary. */
export function contribution(fields: ContributionFields): Contribution {
  return contributionAt(NOW, fields);
}

/** The same, as it is sent at a moment. */
export function contributionAt(now: Date, fields: ContributionFields): Contribution {
  const parsed = parseContribution(
    { contributor: 'ada', category: 'gpu-contributors', amount: '1', occurredAt: '2026-08-20T10:00:00Z', ...fields },
    now,
  );
  if ('reason' in parsed) throw new Error(`${parsed.reason}: ${parsed.detail}`);
  return parsed;
}

/** Records contributions of one source. */
export async function record(
  context: RankingContext,
  community: { id: number; sourceId: number },
  contributions: readonly Contribution[],
  now = NOW,
): Promise<Outcome[]> {
  return recordBatch(
    context,
    community.id,
    contributions.map((contribution) => ({ sourceId: community.sourceId, contribution })),
    now,
  );
}
