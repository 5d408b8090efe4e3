import { z } from 'zod';
import { DomainError } from '../../errors.ts';
import { readLeaderboard } from '../../ranking/read-leaderboard.ts';
import { formatDecimal, formatMultiplier } from '../../ranking/score.ts';
import { HANDLE } from '../../text.ts';
import { text } from '../../schema.ts';
import { memberOnBoard, MERGED_RESPONSE } from '../merged-handle.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';
import { boundsShape, decimalText, toBounds, wholeNumber, windowKind, windowStatus } from '../shapes.ts';

const MAX_LIMIT = 100;

const entryShape = z
  .object({
    rank: z.number().int(),
    handle: z.string(),
    displayName: z.string(),
    score: decimalText,
    reachedAt: z
      .string()
      .meta({ format: 'date-time' })
      .describe('When the score was reached: the latest of what is counted.'),
    discordUserId: z.string().optional().describe('Only where the member agreed.'),
  })
  .meta({ id: 'LeaderboardEntry' });

const leaderboardShape = z
  .object({
    category: z.string(),
    title: z.string(),
    unit: z.string().describe('`OMNIT` where rewards are added up.'),
    window: windowKind,
    period: z.string(),
    ...boundsShape,
    status: windowStatus,
    total: z.number().int().describe('How many stand on it in all.'),
    sha256: z.string().optional().describe('Of the final table, once it is final.'),
    multiplier: z
      .object({ factor: z.string(), endsAt: z.string().meta({ format: 'date-time' }) })
      .optional()
      .describe('Of the multiplier event that is running: what is contributed now earns so many times the OMNIT.'),
    entries: z.array(entryShape),
  })
  .meta({ id: 'Leaderboard' });

const queryShape = z.object({
  window: windowKind.default('season'),
  period: z
    .string()
    .max(40)
    .default('current')
    .describe('`current`, `previous`, or a key: 2026-W34, 2026-08, 2026-Q3, all.'),
  limit: wholeNumber('How many to show.', 1, MAX_LIMIT).optional().meta({ default: 10 }),
  offset: wholeNumber('How many to leave out.', 0, 1e15).optional(),
  around: text(HANDLE).optional().describe('The handle of a member to show in the middle.'),
});

/** Reading leaderboards. */
export function leaderboardRoutes(server: Server, services: HttpServices): void {
  const { db, access, clock } = services;
  server.get(
    '/v1/communities/:community/leaderboards/:category',
    {
      preParsing: access.reader,
      schema: {
        summary: 'Read a leaderboard',
        description:
          'Always exact. Higher score first; of equal ones who reached it first; then who became a member first.',
        tags: ['reading'],
        params: z.object({ community: z.string(), category: z.string() }),
        querystring: queryShape,
        response: { 200: leaderboardShape, ...MERGED_RESPONSE, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { window, period, limit = 10, offset, around } = request.query;
      if (around !== undefined && offset !== undefined)
        throw new DomainError('invalid-parameter', 'Give `around` or `offset`, not both.');
      const community = access.communityOf(request);
      const start =
        around === undefined
          ? { offset: offset ?? 0 }
          : { around: (await memberOnBoard(services, request, around)).id };
      const board = await readLeaderboard(
        db,
        community,
        { category: request.params.category, window, period, limit, ...start },
        clock(),
      );
      const { category, event } = board;
      // Scores change at any moment, and what is unchanged answers 304.
      reply.header('cache-control', community.visibility === 'members' ? 'private, no-cache' : 'public, no-cache');
      return {
        category: category.slug,
        title: category.title,
        unit: category.measure === 'reward' ? 'OMNIT' : category.unit,
        window,
        period: board.window.key,
        ...toBounds(board.window),
        status: board.status,
        total: board.total,
        ...(board.sha256 === undefined ? {} : { sha256: board.sha256 }),
        ...(event
          ? { multiplier: { factor: formatMultiplier(event.factor), endsAt: event.endsAt.toISOString() } }
          : {}),
        entries: board.entries.map(({ rank, handle, displayName, score, reachedAt, discordUserId }) => ({
          rank,
          handle,
          displayName,
          score: formatDecimal(score),
          reachedAt: reachedAt.toISOString(),
          ...(discordUserId === undefined ? {} : { discordUserId }),
        })),
      };
    },
  );
}
