import { z } from 'zod';
import { DomainError } from '../../errors.ts';
import { createLinkCode } from '../../members/link.ts';
import { mergeMembers } from '../../members/merge.ts';
import { unlinkMember } from '../../members/unlink.ts';
import { text } from '../../schema.ts';
import { HANDLE } from '../../text.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';

const memberParams = z.object({ community: z.string(), handle: text(HANDLE) });

const codeShape = z
  .object({
    code: z.string().meta({ examples: ['7K3Q-0XNB'] }),
    expiresAt: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'LinkCode' });

/** Who is who: connecting handles with Discord accounts, and merging members. */
export function linkingRoutes(server: Server, services: HttpServices): void {
  const { access, clock } = services;

  server.post(
    '/v1/communities/:community/members/:handle/link-code',
    {
      preParsing: access.writer,
      schema: {
        summary: 'Make a code that links a handle with a Discord account',
        description:
          'For keys that may write for the handle. Whoever enters it on Discord with `/link`, once and within 15 minutes, is this member from then on. It is shown in this answer and never again.',
        tags: ['contributions'],
        security: [{ key: [] }],
        params: memberParams,
        response: { 201: codeShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { handle } = request.params;
      const { contributor } = await access.sourceOf(request);
      if (contributor !== undefined && contributor !== handle) {
        throw new DomainError('forbidden', `This key writes for "${contributor}" only, and makes codes for no other.`);
      }
      const community = access.communityOf(request);
      const { code, expiresAt } = await createLinkCode(
        services,
        community.id,
        handle,
        access.actorOf(request),
        clock(),
      );
      reply.code(201).header('cache-control', 'no-store');
      return { code, expiresAt: expiresAt.toISOString() };
    },
  );

  server.delete(
    '/v1/communities/:community/members/:handle/link',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Unlink a member from its Discord account',
        description: 'As when the account was lost. What was merged stays merged.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: memberParams,
        response: { 204: z.null().describe('Unlinked.'), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      await unlinkMember(services, community.id, request.params.handle, access.actorOf(request), clock());
      reply.code(204);
      return null;
    },
  );

  server.post(
    '/v1/communities/:community/members/:handle/merge',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Merge a member into another, for good',
        description:
          'Contributions, grants and quests become those of the survivor, and standings follow at once. The handle stays an alias: new events go to the survivor, re-sent ones are duplicates, reading redirects. Safe to repeat.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: memberParams,
        body: z.object({ into: text(HANDLE).describe('The handle that survives.') }),
        response: { 200: z.object({ merged: z.string(), into: z.string() }), ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const handles = { from: request.params.handle, into: request.body.into };
      const survivor = await mergeMembers(services, community.id, handles, access.actorOf(request), clock());
      services.nudge();
      return { merged: handles.from, into: survivor.handle };
    },
  );
}
