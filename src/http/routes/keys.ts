import { z } from 'zod';
import { createKey, listKeys, revokeKey, SCOPES } from '../../keys/api-keys.ts';
import { text } from '../../schema.ts';
import { HANDLE, NAME, SOURCE } from '../../text.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';

const inCommunity = z.object({ community: z.string() });

const newKey = z.object({
  name: text(NAME).describe('Tells keys apart, in lists and in the audit log.'),
  scopes: z.array(z.enum(SCOPES)).min(1).describe('`admin` includes `write`.'),
  source: text(SOURCE)
    .optional()
    .describe('Whose ids its contributions go by; if not given, a source of the name of the key.'),
  contributor: text(HANDLE).optional().describe('The only member that it writes for.'),
});

const keyShape = z
  .object({
    id: z.number().int(),
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    source: z.string(),
    contributor: z.string().optional(),
    createdAt: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'Key' });

const whoamiShape = z
  .object({
    key: z.string().nullable().describe('The name of the key; null for ADMIN_API_KEY.'),
    scopes: z.array(z.enum(SCOPES)),
    source: z.string().describe('Whose ids its contributions go by.'),
    contributor: z.string().optional().describe('The only member that it writes for.'),
  })
  .meta({ id: 'Whoami' });

/** API keys. */
export function keyRoutes(server: Server, { db, access, clock }: HttpServices): void {
  server.get(
    '/v1/communities/:community/whoami',
    {
      preParsing: access.writer,
      schema: {
        summary: 'Read what the key of this request may do',
        tags: ['contributions'],
        security: [{ key: [] }],
        params: inCommunity,
        response: { 200: whoamiShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return access.holderOf(request);
    },
  );

  server.get(
    '/v1/communities/:community/keys',
    {
      preParsing: access.admin,
      schema: {
        summary: 'List the keys in use',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        response: { 200: z.object({ keys: z.array(keyShape) }), ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const keys = await listKeys(db, community.id);
      return {
        keys: keys.map(({ contributor, createdAt, scopes, ...key }) => ({
          ...key,
          scopes: [...scopes],
          ...(contributor ? { contributor } : {}),
          createdAt: createdAt.toISOString(),
        })),
      };
    },
  );

  server.post(
    '/v1/communities/:community/keys',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Create a key',
        description: 'Its text is shown in this answer and never again.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        body: newKey,
        response: { 201: keyShape.extend({ key: z.string() }), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      const actor = access.actorOf(request);
      const now = clock();
      const { id, key, source } = await createKey(db, community.id, request.body, actor, now);
      const { name, scopes, contributor } = request.body;
      reply.code(201).header('cache-control', 'no-store');
      return {
        id,
        name,
        scopes,
        source,
        ...(contributor === undefined ? {} : { contributor }),
        createdAt: now.toISOString(),
        key,
      };
    },
  );

  server.delete(
    '/v1/communities/:community/keys/:id',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Revoke a key',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity.extend({
          id: z
            .string()
            .regex(/^\d{1,9}$/, 'must be the id of a key, a number')
            .transform(Number),
        }),
        response: { 204: z.null().describe('Revoked.'), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      const actor = access.actorOf(request);
      await revokeKey(db, community.id, request.params.id, actor, clock());
      reply.code(204);
      return null;
    },
  );
}
