import { z } from 'zod';
import type { KnownCommunity } from '../../communities/directory.ts';
import type { Window } from '../../ranking/calendar.ts';
import { statusOf, windowOfPeriod } from '../../ranking/periods.ts';
import { requireCategory } from '../../ranking/read-leaderboard.ts';
import { text } from '../../schema.ts';
import { amendFinalTables } from '../../seasons/amend.ts';
import { closeNow } from '../../seasons/close-windows.ts';
import { readVersions } from '../../seasons/final-versions.ts';
import { NAME, REASON } from '../../text.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import { tableShape, toTables } from '../season-shapes.ts';
import type { HttpServices, Server } from '../services.ts';
import { boundsShape, toBounds, windowKind, windowStatus } from '../shapes.ts';

const ofWindow = z.object({
  community: z.string(),
  window: windowKind,
  period: z.string().max(40).describe('`current`, `previous`, or a key: 2026-W34, 2026-08, 2026-Q3.'),
});

const windowShape = z
  .object({
    window: windowKind,
    period: z.string(),
    ...boundsShape,
    status: windowStatus,
    tables: z.array(tableShape).describe('The newest version of each final table; none before there are any.'),
  })
  .meta({ id: 'Window' });

/** Windows of leaderboards: how far they have come, closing them by hand, amending their final tables. */
export function windowRoutes(server: Server, services: HttpServices): void {
  const { db, directory, access, clock, nudge } = services;
  const path = '/v1/communities/:community/windows/:window/:period';

  server.get(
    path,
    {
      preParsing: access.reader,
      schema: {
        summary: 'Read how far a window has come, with its final tables',
        tags: ['reading'],
        params: ofWindow,
        response: { 200: windowShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { window, period } = request.params;
      const community = access.communityOf(request);
      const now = clock();
      return toWindow(community, windowOfPeriod(community.calendar, window, period, now), now);
    },
  );

  server.post(
    `${path}/close`,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Close a window that is over before its time',
        description: 'Late contributions are awaited no longer: its tables become final, and prizes are given.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: ofWindow,
        response: { 200: windowShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { window: kind, period, community: slug } = request.params;
      const { calendar, id } = access.communityOf(request);
      const now = clock();
      const window = windowOfPeriod(calendar, kind, period, now);
      await closeNow(services, id, window, access.actorOf(request), now);
      nudge();
      return toWindow(await directory.bySlug(slug), window, now);
    },
  );

  server.post(
    `${path}/amend`,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Amend final tables',
        description:
          'What was voided, recorded or decided since counts in a new version, with a hash and the difference in grants. The version before is kept.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: ofWindow,
        body: z.object({
          reason: text(REASON).describe('Told with the new version, to everybody.'),
          category: text(NAME).optional().describe('The slug of a category; if not given, all.'),
        }),
        response: {
          200: windowShape.extend({
            amended: z
              .array(z.object({ category: z.string(), version: z.number().int(), changedLines: z.number().int() }))
              .describe('The versions that were made; none of tables that stay as they are.'),
          }),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request) => {
      const { window: kind, period, community: slug } = request.params;
      const { reason, category } = request.body;
      const community = access.communityOf(request);
      const now = clock();
      const window = windowOfPeriod(community.calendar, kind, period, now);
      const wanted = {
        window,
        category: category === undefined ? undefined : requireCategory(community, category),
        reason,
      };
      const amendments = await amendFinalTables(services, community, wanted, access.actorOf(request), now);
      nudge();
      return {
        ...(await toWindow(await directory.bySlug(slug), window, now)),
        amended: amendments.map(({ category: { slug }, version, changedLines }) => ({
          category: slug,
          version,
          changedLines,
        })),
      };
    },
  );

  async function toWindow(community: KnownCommunity, window: Window, now: Date): Promise<z.output<typeof windowShape>> {
    const newest = [];
    for (const { id } of community.categories) {
      newest.push(...(await readVersions(db, community.id, window, id)).slice(-1));
    }
    return {
      window: window.kind,
      period: window.key,
      ...toBounds(window),
      status: statusOf(community, window, now),
      tables: toTables(community, newest),
    };
  }
}
