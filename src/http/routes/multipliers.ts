import { z } from 'zod';
import type { Community } from '../../communities/community.ts';
import { createMultiplier } from '../../multipliers/create-multiplier.ts';
import { readMultipliers, requireMultiplier } from '../../multipliers/multiplier-store.ts';
import { newMultiplierSchema, statusOf, type MultiplierEvent } from '../../multipliers/multiplier.ts';
import { cancelMultiplier, endMultiplier } from '../../multipliers/stop-multiplier.ts';
import { formatMultiplier } from '../../ranking/score.ts';
import { instant, text } from '../../schema.ts';
import { CONTRIBUTION_ID } from '../../text.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';
import { wholeNumber } from '../shapes.ts';

const MAX_LIMIT = 100;

const inCommunity = z.object({ community: z.string() });
const ofMultiplier = inCommunity.extend({
  id: z
    .string()
    .regex(/^\d{1,9}$/, 'must be the id of a multiplier event, a number')
    .transform(Number),
});
const instantText = z.string().meta({ format: 'date-time' });

const multiplierShape = z
  .object({
    id: z.number().int(),
    name: z.string(),
    factor: z.string().meta({ examples: ['2.5'] }),
    startsAt: instantText,
    endsAt: instantText.describe('The first moment after it.'),
    categories: z.array(z.string()).describe('Slugs of those that it is for.'),
    status: z.enum(['scheduled', 'running', 'ended', 'cancelled']),
    announceAt: z.array(instantText).describe('When it is announced ahead of its start.'),
  })
  .meta({ id: 'Multiplier' });

const page = z.object({
  limit: wholeNumber('How many to show.', 1, MAX_LIMIT).optional().meta({ default: MAX_LIMIT }),
  offset: wholeNumber('How many to leave out.', 0, 1e9).optional().meta({ default: 0 }),
});

const keyHeader = z.object({
  'idempotency-key': text(CONTRIBUTION_ID)
    .optional()
    .describe('Tells the request apart: sent again with the same key, it makes no second event.'),
});

/** Multiplier events: stretches of time in which contributions earn up to 3 times the OMNIT. */
export function multiplierRoutes(server: Server, { db, access, clock, nudge }: HttpServices): void {
  const path = '/v1/communities/:community/multipliers';

  server.get(
    path,
    {
      preParsing: access.reader,
      schema: {
        summary: 'List multiplier events',
        description: 'Running ones first, then scheduled ones, then those that are over; of each, the newest first.',
        tags: ['reading'],
        params: inCommunity,
        querystring: page,
        response: {
          200: z.object({ total: z.number().int(), multipliers: z.array(multiplierShape) }),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const { limit = MAX_LIMIT, offset = 0 } = request.query;
      const now = clock();
      const { total, multipliers } = await readMultipliers(db, community.id, { limit, offset }, now);
      return { total, multipliers: multipliers.map((event) => toMultiplier(community, event, now)) };
    },
  );

  server.get(
    `${path}/:id`,
    {
      preParsing: access.reader,
      schema: {
        summary: 'Read a multiplier event',
        tags: ['reading'],
        params: ofMultiplier,
        response: { 200: multiplierShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      return toMultiplier(community, await requireMultiplier(db, community.id, request.params.id), clock());
    },
  );

  server.post(
    path,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Create a multiplier event',
        description:
          'Contributions that occur within it earn so many times the OMNIT. Events that overlap do not stack: the highest applies.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        headers: keyHeader,
        body: newMultiplierSchema,
        response: { 201: multiplierShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      const actor = access.actorOf(request);
      const key = request.headers['idempotency-key'];
      const now = clock();
      const requestKey = key === undefined ? undefined : `http ${key}`;
      const event = await createMultiplier(db, community.id, request.body, actor, now, requestKey);
      nudge();
      reply.code(201);
      return toMultiplier(community, event, now);
    },
  );

  server.post(
    `${path}/:id/cancel`,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Cancel a multiplier event that has not started',
        description: 'Up to 5 minutes before its start; later it can be ended.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: ofMultiplier,
        response: { 200: multiplierShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const now = clock();
      const event = await cancelMultiplier(db, community.id, request.params.id, access.actorOf(request), now);
      nudge();
      return toMultiplier(community, event, now);
    },
  );

  server.post(
    `${path}/:id/end`,
    {
      preParsing: access.admin,
      schema: {
        summary: 'End a multiplier event early',
        tags: ['administering'],
        security: [{ key: [] }],
        params: ofMultiplier,
        body: z
          .object({ at: instant.optional().describe('At least 5 minutes ahead; the earliest moment if not given.') })
          .nullish(),
        response: { 200: multiplierShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const { id } = request.params;
      const now = clock();
      const event = await endMultiplier(db, community.id, id, request.body?.at, access.actorOf(request), now);
      nudge();
      return toMultiplier(community, event, now);
    },
  );
}

function toMultiplier(community: Community, event: MultiplierEvent, now: Date): z.output<typeof multiplierShape> {
  const { id, name, factor, startsAt, endsAt, categoryIds, announceAt } = event;
  return {
    id,
    name,
    factor: formatMultiplier(factor),
    startsAt: startsAt.toISOString(),
    endsAt: endsAt.toISOString(),
    categories: community.categories
      .filter((category) => !categoryIds || categoryIds.includes(category.id))
      .map(({ slug }) => slug),
    status: statusOf(event, now),
    announceAt: announceAt.map((at) => at.toISOString()),
  };
}
