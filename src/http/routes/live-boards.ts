import { z } from 'zod';
import type { Community } from '../../communities/community.ts';
import { listLiveBoards, removeLiveBoard, type LiveBoard } from '../../live-boards/administer.ts';
import { DEFAULT_PLACES, MOST_PLACES, placeLiveBoard } from '../../live-boards/place.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';
import { windowKind } from '../shapes.ts';

const inCommunity = z.object({ community: z.string() });
const ofBoard = inCommunity.extend({
  id: z
    .string()
    .regex(/^\d{1,9}$/, 'must be the id of a live board, a number')
    .transform(Number),
});
const instantText = z.string().meta({ format: 'date-time' });

const newBoardSchema = z.object({
  category: z.string(),
  window: windowKind,
  channelId: z
    .string()
    .regex(/^\d{15,20}$/, 'must be the id of a Discord channel, as text')
    .describe("A text channel of the community's Discord server."),
  limit: z
    .number()
    .int()
    .min(1)
    .max(MOST_PLACES)
    .optional()
    .describe(`How many places it shows. If not given: ${DEFAULT_PLACES}, or as many as it does already.`),
});

const boardShape = z
  .object({
    id: z.number().int(),
    category: z.string(),
    window: windowKind,
    limit: z.number().int(),
    channelId: z.string(),
    placedAt: instantText,
    state: z
      .enum(['waiting', 'live', 'failed'])
      .describe('`waiting`: it has no message yet. `failed`: it rests until it is placed again.'),
    messageId: z.string().optional(),
    period: z.string().optional().describe('The period that its message shows.'),
    shownAt: instantText.optional().describe('When its message was last changed.'),
    reason: z.string().optional().describe('Why it failed, or waits, and what to do.'),
  })
  .meta({ id: 'LiveBoard' });

/** Leaderboards that live in a Discord channel, each as one message that is kept up to date. */
export function liveBoardRoutes(server: Server, { db, access, clock, nudge }: HttpServices): void {
  const path = '/v1/communities/:community/live-boards';

  server.get(
    path,
    {
      preParsing: access.admin,
      schema: {
        summary: 'List the leaderboards that live in a channel',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        response: { 200: z.object({ liveBoards: z.array(boardShape) }), ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const boards = await listLiveBoards(db, community.id);
      return { liveBoards: boards.map((board) => toShape(community, board)) };
    },
  );

  server.post(
    path,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Have a leaderboard live in a channel',
        description:
          'Its message is posted in a moment and changed at most once a minute. It turns to the next period once the final table of the one before stands. A board that is in the channel already stays, and is tried again if it had failed.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        body: newBoardSchema,
        response: {
          200: boardShape.describe('It was there already.'),
          201: boardShape.describe('It is placed.'),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request, reply) => {
      const { category, window, channelId, limit: places } = request.body;
      const community = access.communityOf(request);
      const wanted = { category, window, channelId, places };
      const { board, isNew } = await placeLiveBoard(db, community, wanted, access.actorOf(request), clock());
      nudge();
      reply.code(isNew ? 201 : 200);
      return toShape(community, board);
    },
  );

  server.delete(
    `${path}/:id`,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Take a leaderboard out of its channel',
        tags: ['administering'],
        security: [{ key: [] }],
        params: ofBoard,
        response: {
          204: z.null().describe('It is kept up to date no more; its message goes in a moment.'),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      await removeLiveBoard(db, community.id, request.params.id, access.actorOf(request), clock());
      nudge();
      return reply.code(204).send(null);
    },
  );
}

function toShape({ categories }: Community, board: LiveBoard): z.output<typeof boardShape> {
  const { id, categoryId, window, places, channelId, placedAt, state, message, reason } = board;
  return {
    id,
    category: categories.find((category) => category.id === categoryId)?.slug ?? '',
    window,
    limit: places,
    channelId,
    placedAt: placedAt.toISOString(),
    state,
    ...(message ? { messageId: message.id, period: message.period, shownAt: message.shownAt.toISOString() } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
}
