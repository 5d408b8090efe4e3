import { z } from 'zod';
import type { KnownCommunity } from '../../communities/directory.ts';
import { DomainError } from '../../errors.ts';
import { text } from '../../schema.ts';
import {
  createSeason,
  findSeason,
  listSeasons,
  newSeasonSchema,
  removeSeason,
  renameSeason,
  type ShownSeason,
} from '../../seasons/seasons.ts';
import { NAME } from '../../text.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import { createdSeasonShape, seasonShape, toSeason } from '../season-shapes.ts';
import type { HttpServices, Server } from '../services.ts';

const inCommunity = z.object({ community: z.string() });
const ofSeason = inCommunity.extend({
  key: z.string().max(40).describe('`current`, `previous`, or a key: 2026-Q3, or of a season of the community’s own.'),
});

/** Seasons: calendar quarters, or the community's own. */
export function seasonRoutes(server: Server, services: HttpServices): void {
  const { access, clock, nudge } = services;
  const path = '/v1/communities/:community/seasons';

  server.get(
    path,
    {
      preParsing: access.reader,
      schema: {
        summary: 'List seasons',
        description: 'Those since the community began and those that lie ahead, the newest first.',
        tags: ['reading'],
        params: inCommunity,
        response: { 200: z.object({ seasons: z.array(seasonShape) }), ...PROBLEM_RESPONSES },
      },
    },
    async (request) => ({ seasons: listSeasons(access.communityOf(request), clock()).map(toSeason) }),
  );

  server.get(
    `${path}/:key`,
    {
      preParsing: access.reader,
      schema: {
        summary: 'Read a season',
        tags: ['reading'],
        params: ofSeason,
        response: { 200: seasonShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => toSeason(requireSeason(access.communityOf(request), request.params.key, clock())),
  );

  server.post(
    path,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Create a season of the community’s own',
        description:
          'Before it starts; it lasts 1 day to 2 years and overlaps no other. The first begins when the running quarter ends, or later, and from then on there are no quarters.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        body: newSeasonSchema,
        response: { 201: createdSeasonShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { id } = access.communityOf(request);
      const season = await createSeason(services, id, request.body, access.actorOf(request), clock());
      nudge();
      reply.code(201);
      return { ...toSeason(season), notes: season.notes };
    },
  );

  server.patch(
    `${path}/:key`,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Rename a season',
        description: 'A quarter can be given a name, too. The key stays.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: ofSeason,
        body: z.strictObject({ name: text(NAME) }),
        response: { 200: seasonShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const now = clock();
      const { window } = requireSeason(community, request.params.key, now);
      const actor = access.actorOf(request);
      const renamed = await renameSeason(services, community.id, window.key, request.body.name, actor, now);
      nudge();
      return toSeason(renamed);
    },
  );

  server.delete(
    `${path}/:key`,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Remove a season that has not begun',
        description: 'Only of the community’s own. Without any left there are quarters again.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: ofSeason,
        response: { 204: z.null().describe('Removed.'), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { id } = access.communityOf(request);
      await removeSeason(services, id, request.params.key, access.actorOf(request), clock());
      nudge();
      reply.code(204);
      return null;
    },
  );
}

/** The season of an address: what names none is not there, whatever it looks like. */
function requireSeason(community: KnownCommunity, key: string, now: Date): ShownSeason {
  try {
    return findSeason(community, key, now);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'invalid-parameter') throw error;
    throw new DomainError('unknown-season', `There is no season "${key}". Quarters look like 2026-Q3.`, {
      cause: error,
    });
  }
}
