import { z } from 'zod';
import { badgeChangesSchema, newBadgeSchema } from '../../badges/badge.ts';
import { editBadge } from '../../badges/edit.ts';
import { readBadgeImage } from '../../badges/image-store.ts';
import { createBadge, removeBadge, setAnnounced } from '../../badges/manage.ts';
import { areAnnounced, listBadges, readCollection } from '../../badges/read-badges.ts';
import { text } from '../../schema.ts';
import { HANDLE } from '../../text.ts';
import {
  badgeShape,
  badgeWithHolders,
  collectionShape,
  toBadge,
  toBadgeWithHolders,
  toCollection,
} from '../badge-shapes.ts';
import { memberToRead, MERGED_RESPONSE } from '../merged-handle.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';

const inCommunity = z.object({ community: z.string() });
const ofBadge = inCommunity.extend({
  id: z
    .string()
    .regex(/^\d{1,9}$/, 'must be the id of a badge, a number')
    .transform(Number),
});
const announcedShape = z.object({ announced: z.boolean().describe('Whether what members earn is told once a day.') });

/** What badges mean, how they are earned, and who has which. */
export function badgeRoutes(server: Server, services: HttpServices): void {
  const { db, access, clock, nudge } = services;
  const path = '/v1/communities/:community/badges';

  server.get(
    path,
    {
      preParsing: access.reader,
      schema: {
        summary: 'List the badges, with how many have each',
        description: 'The oldest first. Those that rewards name and nobody has described are not among them.',
        tags: ['reading'],
        params: inCommunity,
        response: {
          200: announcedShape.extend({ badges: z.array(badgeWithHolders) }),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const badges = await listBadges(db, community.id);
      return {
        announced: await areAnnounced(db, community.id),
        badges: badges.map((badge) => toBadgeWithHolders(community, badge)),
      };
    },
  );

  server.post(
    path,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Make a badge',
        description:
          'With a rule, everybody who has earned it already gets it in a moment, and everybody else who does what it asks for. Without one it says what a badge means that rewards name.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        body: newBadgeSchema,
        response: { 201: badgeShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      const badge = await createBadge(services, community, request.body, access.actorOf(request), clock());
      nudge();
      reply.code(201);
      return toBadge(community, badge);
    },
  );

  server.patch(
    path,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Say whether what members earn is announced',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        body: announcedShape,
        response: { 200: announcedShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { announced } = request.body;
      const community = access.communityOf(request);
      await setAnnounced(services, community.id, announced, access.actorOf(request), clock());
      return { announced };
    },
  );

  server.patch(
    `${path}/:id`,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Change a badge',
        description:
          'Its description, icon and picture; the emoji of a picture follows in a moment. Its name and by what it is earned stay.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: ofBadge,
        body: badgeChangesSchema,
        response: { 200: badgeShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const { id } = request.params;
      const badge = await editBadge(services, community.id, id, request.body, access.actorOf(request), clock());
      nudge();
      return toBadge(community, badge);
    },
  );

  server.delete(
    `${path}/:id`,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Remove a badge',
        description:
          'Nobody earns it any more, and whoever has earned it keeps it, unless it is taken back: then it is taken from all in a moment, by counter-entries of the ledger. What rewards gave by its name stays.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: ofBadge,
        querystring: z.object({
          takeBack: z
            .enum(['true', 'false'])
            .optional()
            .describe('`true`: it is taken from all who have earned it.')
            .meta({ default: 'false' }),
        }),
        response: { 204: z.null().describe('Removed.'), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      const wanted = { id: request.params.id, takeBack: request.query.takeBack === 'true' };
      await removeBadge(services, community.id, wanted, access.actorOf(request), clock());
      nudge();
      reply.code(204);
      return null;
    },
  );

  server.get(
    `${path}/:id/image`,
    {
      preParsing: access.reader,
      schema: {
        summary: 'Read the picture of a badge',
        tags: ['reading'],
        params: ofBadge,
        response: {
          200: { description: 'The picture.', content: { 'image/*': { schema: z.any() } } },
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      const { mediaType, content } = await readBadgeImage(db, community.id, request.params.id);
      // It is what a stranger gave: shown as a picture and as nothing else.
      reply
        .type(mediaType)
        .header('x-content-type-options', 'nosniff')
        .header('content-security-policy', "default-src 'none'; sandbox")
        .header('cache-control', community.visibility === 'members' ? 'private, no-cache' : 'public, no-cache');
      return reply.send(content);
    },
  );

  server.get(
    '/v1/communities/:community/members/:handle/badges',
    {
      preParsing: access.reader,
      schema: {
        summary: 'Read the badges of a member, and what can still be earned',
        description: 'Also those that rewards gave and nobody has described.',
        tags: ['reading'],
        params: inCommunity.extend({ handle: text(HANDLE) }),
        response: { 200: collectionShape, ...MERGED_RESPONSE, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const member = await memberToRead(services, request, request.params.handle);
      return toCollection(community, member.handle, await readCollection(db, community, member.id, clock()));
    },
  );
}
