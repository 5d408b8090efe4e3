import { z } from 'zod';
import { DomainError } from '../../errors.ts';
import { requireCategory } from '../../ranking/read-leaderboard.ts';
import { previewPrizes } from '../../rewards/preview.ts';
import {
  bandSchema,
  createPrize,
  listPrizes,
  prizeRewardsSchema,
  removePrize,
  requirePrize,
  type Band,
} from '../../rewards/prizes.ts';
import { text } from '../../schema.ts';
import { NAME } from '../../text.ts';
import {
  previewShape,
  prizeChangeShape,
  prizeShape,
  prizeWindow,
  toPreview,
  toPrize,
  toPrizeChange,
} from '../prize-shapes.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';

const inCommunity = z.object({ community: z.string() });
const ofPrize = inCommunity.extend({
  id: z
    .string()
    .regex(/^\d{1,9}$/, 'must be the id of a prize, a number')
    .transform(Number),
});
const filter = z.object({
  category: text(NAME).optional().describe('The slug of a category; if not given, all.'),
  window: prizeWindow.optional().describe('If not given, all.'),
});

const [byRanks, byShare, byScore] = bandSchema.options;
const newPrize = z.object({
  category: text(NAME).describe('The slug of a category.'),
  window: prizeWindow,
  ranks: byRanks.shape.ranks.optional(),
  topPercent: byShare.shape.topPercent.optional(),
  minScore: byScore.shape.minScore.optional(),
  rewards: prizeRewardsSchema.describe(
    'What each place gets. A role is for as long as until the next such window closes.',
  ),
});

/** Prizes: what places of a board win when its window closes. */
export function prizeRoutes(server: Server, services: HttpServices): void {
  const { db, access, clock, nudge, checkRole } = services;
  const path = '/v1/communities/:community/prizes';

  server.get(
    path,
    {
      preParsing: access.reader,
      schema: {
        summary: 'List prizes',
        description: 'In the order of categories, windows and ranks.',
        tags: ['reading'],
        params: inCommunity,
        querystring: filter,
        response: { 200: z.object({ prizes: z.array(prizeShape) }), ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const { category, window } = request.query;
      const prizes = await listPrizes(db, community.id, {
        ...(category === undefined ? {} : { categoryId: requireCategory(community, category).id }),
        ...(window === undefined ? {} : { window }),
      });
      return { prizes: prizes.map((prize) => toPrize(community, prize)) };
    },
  );

  server.get(
    `${path}/preview`,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Preview prizes',
        description:
          'If the windows that run, or are closing, closed now: who would win what, what could not be delivered and why, what it comes to beside the monthly budget, and what a season costs at most.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        querystring: filter,
        response: { 200: previewShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      return toPreview(community, await previewPrizes(db, community, request.query, clock(), checkRole));
    },
  );

  server.get(
    `${path}/:id`,
    {
      preParsing: access.reader,
      schema: {
        summary: 'Read a prize',
        tags: ['reading'],
        params: ofPrize,
        response: { 200: prizeShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      return toPrize(community, await requirePrize(db, community.id, request.params.id));
    },
  );

  server.post(
    path,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Set up a prize',
        description:
          'For some ranks, the first per cent, or everybody from a score on: one of `ranks`, `topPercent` and `minScore`. A member in several gets each. A window that is closing keeps the prizes that it had.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        body: newPrize,
        response: { 201: prizeChangeShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      const { category, window, rewards } = request.body;
      const wanted = { category, window, band: bandOf(request.body), rewards };
      const change = await createPrize(services, community, wanted, access.actorOf(request), clock());
      nudge();
      reply.code(201);
      return toPrizeChange(community, change);
    },
  );

  server.delete(
    `${path}/:id`,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Remove a prize',
        description: 'A window that is closing keeps it. What was won stays.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: ofPrize,
        response: { 200: prizeChangeShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const change = await removePrize(services, community, request.params.id, access.actorOf(request), clock());
      nudge();
      return toPrizeChange(community, change);
    },
  );
}

function bandOf({ ranks, topPercent, minScore }: z.output<typeof newPrize>): Band {
  const given: Band[] = [
    ...(ranks === undefined ? [] : [{ ranks }]),
    ...(topPercent === undefined ? [] : [{ topPercent }]),
    ...(minScore === undefined ? [] : [{ minScore }]),
  ];
  const [band, other] = given;
  if (band && !other) return band;
  throw new DomainError('invalid-parameter', 'Give one of `ranks`, `topPercent` and `minScore`: which places win.');
}
