import { z } from 'zod';
import { DomainError } from '../../errors.ts';
import {
  EXCLUSION_SCOPES,
  listExclusions,
  type Exclusion,
  type ExclusionTarget,
} from '../../fair-play/exclusion-store.ts';
import { exclude, liftExclusion } from '../../fair-play/exclusions.ts';
import { instant, text } from '../../schema.ts';
import { HANDLE, REASON } from '../../text.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';

const inCommunity = z.object({ community: z.string() });
const instantText = z.string().meta({ format: 'date-time' });
const scope = z
  .enum(EXCLUSION_SCOPES)
  .describe('`prizes`: the rank stays, and the prize passes on. `boards`: no standings either.');

const newExclusion = z.object({
  member: text(HANDLE).optional().describe('The handle of a member. This, or `roleId`.'),
  roleId: z
    .string()
    .regex(/^\d{1,20}$/, 'must be the id of a role of Discord')
    .optional()
    .describe('Everybody with this role of Discord, as last seen. This, or `member`.'),
  scope,
  reason: text(REASON),
  endsAt: instant.optional().describe('It ends then by itself; if not given, when it is lifted.'),
});

const exclusionShape = z
  .object({
    id: z.number().int(),
    member: z.string().optional(),
    roleId: z.string().optional(),
    scope,
    reason: z.string(),
    startsAt: instantText,
    endsAt: instantText.nullable(),
    members: z.number().int().describe('How many members it concerns: one, or those last seen with the role.'),
  })
  .meta({ id: 'Exclusion' });

/** Keeping members from prizes or boards. */
export function exclusionRoutes(server: Server, services: HttpServices): void {
  const { db, access, clock } = services;

  server.get(
    '/v1/communities/:community/exclusions',
    {
      preParsing: access.admin,
      schema: {
        summary: 'List the exclusions in force',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        response: { 200: z.object({ exclusions: z.array(exclusionShape) }), ...PROBLEM_RESPONSES },
      },
    },
    async (request) => ({
      exclusions: (await listExclusions(db, access.communityOf(request).id)).map(toExclusion),
    }),
  );

  server.post(
    '/v1/communities/:community/exclusions',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Exclude a member or a role',
        description:
          'Contributions go on being recorded, and balances growing. From boards, the standings of a member go at once; those of the members with a role within a minute, and they come back when it ends. A role counts as it was last seen: when somebody uses the bot, and when the bot looks members up on Discord, some at a time, after a role was excluded.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        body: newExclusion,
        response: { 201: exclusionShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { member, roleId, scope, reason, endsAt } = request.body;
      const wanted = { target: targetOf(member, roleId), scope, reason, endsAt };
      const community = access.communityOf(request);
      const exclusion = await exclude(services, community.id, wanted, access.actorOf(request), clock());
      services.nudge();
      reply.code(201);
      return toExclusion(exclusion);
    },
  );

  server.delete(
    '/v1/communities/:community/exclusions/:id',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Lift an exclusion',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity.extend({
          id: z
            .string()
            .regex(/^\d{1,9}$/, 'must be the id of an exclusion, a number')
            .transform(Number),
        }),
        response: { 204: z.null().describe('Lifted.'), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      await liftExclusion(services, community.id, request.params.id, access.actorOf(request), clock());
      services.nudge();
      reply.code(204);
      return null;
    },
  );
}

function targetOf(member: string | undefined, roleId: string | undefined): ExclusionTarget {
  if (member !== undefined && roleId === undefined) return { member };
  if (roleId !== undefined && member === undefined) return { roleId };
  throw new DomainError('invalid-parameter', 'Give `member` or `roleId`, and not both.');
}

function toExclusion({
  id,
  target,
  scope,
  reason,
  startsAt,
  endsAt,
  members,
}: Exclusion): z.output<typeof exclusionShape> {
  return {
    id,
    ...target,
    scope,
    reason,
    startsAt: startsAt.toISOString(),
    endsAt: endsAt?.toISOString() ?? null,
    members,
  };
}
