import { z } from 'zod';
import { DomainError } from '../../errors.ts';
import { requireMember } from '../../members/members.ts';
import { formatDecimal } from '../../ranking/score.ts';
import { DELIVERABLE_KINDS, noteDelivery, retryFailedGrants, retryGrant } from '../../rewards/administer-grants.ts';
import { GRANT_STATES, listGrants, type GrantPlace, type ListedGrant } from '../../rewards/grant-list.ts';
import type { PlannedRole } from '../../rewards/plan-roles.ts';
import { previewRoles } from '../../rewards/preview-roles.ts';
import { AMOUNT_KINDS, REWARD_KINDS } from '../../rewards/reward.ts';
import { text } from '../../schema.ts';
import { HANDLE, REASON } from '../../text.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';
import { decimalText, wholeNumber } from '../shapes.ts';

const MAX_LIMIT = 100;
const MAX_CHANGES = 1_000;
const CURSOR = /^(failed|other)-(\d{1,18})$/;

const inCommunity = z.object({ community: z.string() });
const oneGrant = inCommunity.extend({
  id: z
    .string()
    .regex(/^\d{1,18}$/, 'must be the id of a grant, a number')
    .transform(BigInt),
});

const grantShape = z
  .object({
    id: z.number().int(),
    handle: z.string(),
    kind: z.enum(REWARD_KINDS),
    name: z.string().optional(),
    roleId: z.string().optional(),
    amount: decimalText.describe('Below 0 where something was taken back.'),
    reason: z.string().describe('What it was granted for, or taken back for.'),
    state: z
      .enum(GRANT_STATES)
      .describe(
        '`lapsed`: the member did not come back to the server in time. `withdrawn`: taken back before it was given.',
      ),
    stateReason: z.string().optional().describe('Why it failed, waits or lapsed, and what to do.'),
    madeAt: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'Grant' });

const plannedShape = z
  .object({
    action: z
      .enum(['give', 'take', 'keep', 'cannot'])
      .describe('`keep`: the user had it before. `cannot`: it is owed or has to go, and does not; `why` says why.'),
    handle: z.string().nullable().describe('Null for a Discord account that is no member’s any more.'),
    discordUserId: z.string().nullable(),
    roleId: z.string().optional(),
    roleName: z.string().optional().describe('Of a role that was granted by name and has not been found.'),
    why: z.string().optional(),
  })
  .meta({ id: 'PlannedRole' });
const count = z.number().int();

const ABOUT = {
  delivered: {
    summary: 'Note that an NFT or access was delivered',
    description: 'For whoever delivers it. Noting it again changes nothing. Roles are given by the bot.',
  },
  failed: {
    summary: 'Note that an NFT or access could not be delivered',
    description: 'It rests with the reason until it is delivered or tried again.',
  },
} as const;

/** What was granted and has to be delivered, for admins. */
export function grantRoutes(server: Server, services: HttpServices): void {
  const { db, access, clock, nudge } = services;

  server.get(
    '/v1/communities/:community/grants',
    {
      preParsing: access.admin,
      schema: {
        summary: 'List grants, what failed first',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        querystring: z.object({
          state: z
            .enum([...GRANT_STATES, 'to-do'])
            .optional()
            .describe('`to-do`: what failed, and the NFTs and access that wait for somebody to deliver them.'),
          kind: z.enum(REWARD_KINDS).optional(),
          member: text(HANDLE).optional().describe('A handle.'),
          limit: wholeNumber('How many to show.', 1, MAX_LIMIT).optional().meta({ default: MAX_LIMIT }),
          before: z.string().max(40).optional().describe('Where to go on: `next` of the page before.'),
        }),
        response: {
          200: z.object({ grants: z.array(grantShape), next: z.string().nullable() }),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request) => {
      const { id } = access.communityOf(request);
      const { state, kind, member, limit = MAX_LIMIT, before } = request.query;
      const memberId = member === undefined ? undefined : (await requireMember(db, id, member)).id;
      const place = before === undefined ? undefined : readPlace(before);
      const { grants, next } = await listGrants(db, id, { state, kind, memberId }, { limit, before: place });
      return { grants: grants.map(toGrant), next: next ? writePlace(next) : null };
    },
  );

  for (const outcome of ['delivered', 'failed'] as const) {
    server.post(
      `/v1/communities/:community/grants/:id/${outcome}`,
      {
        preParsing: access.admin,
        schema: {
          ...ABOUT[outcome],
          tags: ['administering'],
          security: [{ key: [] }],
          params: oneGrant,
          body: z.object({ reason: text(REASON).optional() }).nullish(),
          response: { 200: grantShape, ...PROBLEM_RESPONSES },
        },
      },
      async (request) => {
        const { id } = access.communityOf(request);
        const delivery = { outcome, reason: request.body?.reason };
        return toGrant(await noteDelivery(db, id, request.params.id, delivery, access.actorOf(request), clock()));
      },
    );
  }

  server.post(
    '/v1/communities/:community/grants/:id/retry',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Have a grant delivered after all that failed or lapsed',
        description: 'The bot tries a role again at once; also one that somebody took off. Repeating is harmless.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: oneGrant,
        response: { 200: grantShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { id } = access.communityOf(request);
      const grant = await retryGrant(db, id, request.params.id, access.actorOf(request), clock());
      nudge();
      return toGrant(grant);
    },
  );

  server.post(
    '/v1/communities/:community/grants/retry',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Have all grants delivered after all that failed',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        body: z.object({ kind: z.enum(DELIVERABLE_KINDS).optional() }).nullish(),
        response: { 200: z.object({ retried: count }), ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { id } = access.communityOf(request);
      const retried = await retryFailedGrants(db, id, request.body?.kind, access.actorOf(request), clock());
      nudge();
      return { retried };
    },
  );

  server.get(
    '/v1/communities/:community/roles/plan',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Tell which roles the bot would give and take now',
        description: 'A dry run. Who has left the server, or has a role already, shows when the bot looks at them.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        querystring: z.object({
          limit: wholeNumber('How many changes to name; all are counted.', 1, MAX_CHANGES)
            .optional()
            .meta({ default: MAX_LIMIT }),
        }),
        response: {
          200: z.object({ give: count, take: count, keep: count, cannot: count, changes: z.array(plannedShape) }),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request) => {
      const { limit = MAX_LIMIT } = request.query;
      const { first, ...counts } = await previewRoles(services, access.communityOf(request), { limit });
      return { ...counts, changes: first.map(toPlanned) };
    },
  );
}

function readPlace(written: string): GrantPlace {
  const [, which, id] = CURSOR.exec(written) ?? [];
  if (id !== undefined) return { failed: which === 'failed', id: BigInt(id) };
  throw new DomainError('invalid-parameter', '`before` is not what `next` of a page was.');
}

function writePlace({ failed, id }: GrantPlace): string {
  return `${failed ? 'failed' : 'other'}-${id}`;
}

function toGrant(grant: ListedGrant): z.output<typeof grantShape> {
  const { id, handle, kind, name, roleId, amount, reason, state, stateReason, madeAt } = grant;
  const isDecimal = AMOUNT_KINDS.some((counted) => counted === kind);
  return {
    id: Number(id),
    handle,
    kind,
    ...(name === undefined ? {} : { name }),
    ...(roleId === undefined ? {} : { roleId }),
    amount: isDecimal ? formatDecimal(amount) : String(amount),
    reason,
    state,
    ...(stateReason === undefined ? {} : { stateReason }),
    madeAt: madeAt.toISOString(),
  };
}

function toPlanned({ action, member, userId, role, why }: PlannedRole): z.output<typeof plannedShape> {
  return {
    action,
    handle: member?.handle ?? null,
    discordUserId: userId ?? null,
    ...('id' in role ? { roleId: role.id } : { roleName: role.name }),
    ...(why === undefined ? {} : { why }),
  };
}
