import { sql, type Kysely } from 'kysely';
import { addCategory } from '../../src/communities/communities.ts';
import { PRESETS } from '../../src/communities/presets.ts';
import type { Database } from '../../src/db/database.ts';
import { readLeaderboard } from '../../src/ranking/read-leaderboard.ts';
import { acceptAnyRole } from '../../src/rewards/role-checker.ts';
import { createPrize, type Band } from '../../src/rewards/prizes.ts';
import type { Reward } from '../../src/rewards/reward.ts';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { contributionAt, makeCommunity, record, recording, TESTER } from './communities.ts';
import { readDocument } from './final-tables.ts';
import { everyDifferenceOf } from './verifying.ts';

/** Prizes of the first category. */
export type Prizes = { kind?: 'week' | 'month' | 'season'; band: Band; rewards: Reward[] }[];

/** When the community was created. */
const CREATED = '2026-08-01T00:00:00Z';

/** A community with the categories of the preset, no prizes but those given, and what is done with it at moments. */
export async function setUpClosing(
  db: Kysely<Database>,
  { prizes = [], timeZone = 'UTC' }: { prizes?: Prizes | undefined; timeZone?: string } = {},
) {
  const created = new Date(CREATED);
  const community = await makeCommunity(db, { preset: undefined, timeZone }, created);
  for (const category of PRESETS.omnitensor.categories) await addCategory(db, community.id, category, TESTER, created);
  const context = recording(db);
  const known = () => context.directory.bySlug(community.slug);
  const givePrize = async ({ kind = 'week', band, rewards }: Prizes[number], at: string) =>
    createPrize(
      { ...context, checkRole: acceptAnyRole },
      await known(),
      { category: 'gpu-contributors', window: kind, band, rewards },
      TESTER,
      new Date(at),
    );
  for (const prize of prizes) await givePrize(prize, CREATED);
  return {
    givePrize,
    /** What is in effect of each entitlement, by handle. */
    granted: async () => {
      const { rows } = await sql<{ handle: string; what: string; amount: bigint }>`
        select m.handle, coalesce(g.role_id, g.name, g.kind) as what, sum(g.amount)::bigint as amount
        from grants g join members m on m.community_id = g.community_id and m.member_id = g.member_id
        where g.community_id = ${community.id} group by 1, 2, g.entitlement having sum(g.amount) <> 0 order by 1, 2`.execute(
        db,
      );
      return rows.map(({ handle, what, amount }) => `${handle}: ${what} ${amount}`);
    },
    told: () =>
      db
        .selectFrom('announcements')
        .select(['key', 'kind', 'content', 'group_key'])
        .where('community_id', '=', community.id)
        .orderBy('announcement_id')
        .execute(),
    community,
    context,
    known,
    send: (at: string, ...contributions: Parameters<typeof contributionAt>[1][]) =>
      record(
        context,
        community,
        contributions.map((fields) => contributionAt(new Date(at), fields)),
        new Date(at),
      ),
    close: (at: string) => closeDueWindows(context, new Date(at)),
    board: async (window: 'week' | 'month' | 'season', period: string, at: string) =>
      readLeaderboard(
        db,
        await known(),
        { category: 'gpu-contributors', window, period, limit: 10, offset: 0 },
        new Date(at),
      ),
    document: async (version: number, window: 'week' | 'month' | 'season', period: string) => {
      const community = await known();
      return readDocument(db, community, community.calendar.windowByKey(window, period), 'gpu-contributors', version);
    },
    differences: () => everyDifferenceOf(context, community.slug),
  };
}
