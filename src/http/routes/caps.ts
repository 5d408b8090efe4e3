import { z } from 'zod';
import type { KnownCommunity } from '../../communities/directory.ts';
import { removeCap, setCap } from '../../fair-play/caps.ts';
import { decideHeld, listHeld } from '../../fair-play/held.ts';
import { formatDecimal } from '../../ranking/score.ts';
import { decimal, text } from '../../schema.ts';
import { REASON } from '../../text.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';
import { decimalText, wholeNumber } from '../shapes.ts';

const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 25;

const inCommunity = z.object({ community: z.string() });
const categoryParams = inCommunity.extend({ category: z.string() });
const instantText = z.string().meta({ format: 'date-time' });

const capShape = z.object({ category: z.string(), amount: decimalText }).meta({ id: 'Cap' });

const heldShape = z
  .object({
    number: z.number().int().describe('Names it when it is decided about.'),
    source: z.string(),
    id: z.string(),
    contributor: z.string(),
    displayName: z.string(),
    category: z.string(),
    amount: decimalText,
    reward: decimalText.describe('What it would earn, in OMNIT.'),
    occurredAt: instantText,
    heldAt: instantText,
    reason: z.string(),
  })
  .meta({ id: 'HeldContribution' });

const DECISIONS = [
  { decision: 'release', summary: 'Release a held contribution', effect: 'It counts from now on.' },
  { decision: 'refuse', summary: 'Refuse a held contribution', effect: 'It stays recorded, and never counts.' },
] as const;

/** Caps a member and day, and what they hold. */
export function capRoutes(server: Server, services: HttpServices): void {
  const { db, access, clock } = services;

  server.get(
    '/v1/communities/:community/caps',
    {
      preParsing: access.reader,
      schema: {
        summary: 'List how much counts a member and day',
        tags: ['reading'],
        params: inCommunity,
        response: { 200: z.object({ caps: z.array(capShape) }), ...PROBLEM_RESPONSES },
      },
    },
    async (request) => ({ caps: toCaps(access.communityOf(request)) }),
  );

  server.put(
    '/v1/communities/:community/caps/:category',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Set how much of a category counts a member and day',
        description:
          'Days are those of the community, by when a contribution occurred. What exceeds it is recorded and held until an admin decides. For what is recorded from now on.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: categoryParams,
        body: z.object({ amount: decimal.describe('In units of the category.') }),
        response: { 200: capShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { category } = request.params;
      const { amount } = request.body;
      const community = access.communityOf(request);
      await setCap(services, community.id, { category, amount }, access.actorOf(request), clock());
      return { category, amount: formatDecimal(amount) };
    },
  );

  server.delete(
    '/v1/communities/:community/caps/:category',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Take the cap of a category away',
        description: 'What is held stays held until somebody decides.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: categoryParams,
        response: { 204: z.null().describe('Taken away.'), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      await removeCap(services, community.id, request.params.category, access.actorOf(request), clock());
      reply.code(204);
      return null;
    },
  );

  server.get(
    '/v1/communities/:community/held',
    {
      preParsing: access.admin,
      schema: {
        summary: 'List the contributions that a cap holds, oldest first',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        querystring: z.object({
          limit: wholeNumber('How many.', 1, MAX_LIMIT).optional().meta({ default: DEFAULT_LIMIT }),
          after: wholeNumber('`next` of the page before.', 0, 1e15).optional(),
        }),
        response: {
          200: z.object({ held: z.array(heldShape), next: z.number().int().nullable() }),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request) => {
      const { limit = DEFAULT_LIMIT, after = 0 } = request.query;
      const { categories, id } = access.communityOf(request);
      const slugs = new Map(categories.map((category) => [category.id, category.slug]));
      const rows = await listHeld(db, id, { after: BigInt(after), limit: limit + 1 });
      const held = rows.slice(0, limit).map(({ number, handle, categoryId, ...row }) => ({
        number: Number(number),
        source: row.source,
        id: row.id,
        contributor: handle,
        displayName: row.displayName,
        category: slugs.get(categoryId) ?? '',
        amount: formatDecimal(row.amount),
        reward: formatDecimal(row.reward),
        occurredAt: row.occurredAt.toISOString(),
        heldAt: row.heldAt.toISOString(),
        reason: row.reason,
      }));
      return { held, next: rows.length > limit ? (held.at(-1)?.number ?? null) : null };
    },
  );

  for (const { decision, summary, effect } of DECISIONS) {
    server.post(
      `/v1/communities/:community/held/:number/${decision}`,
      {
        preParsing: access.admin,
        schema: {
          summary,
          description: `${effect} The first decision stands: another one is refused.`,
          tags: ['administering'],
          security: [{ key: [] }],
          params: inCommunity.extend({
            number: z
              .string()
              .regex(/^\d{1,15}$/, 'must be the number of a held contribution')
              .transform(BigInt)
              .meta({ type: 'integer' }),
          }),
          body: z.object({ reason: text(REASON) }),
          response: {
            200: z.object({ source: z.string(), id: z.string(), contributor: z.string() }),
            ...PROBLEM_RESPONSES,
          },
        },
      },
      async (request) => {
        const { number } = request.params;
        const { reason } = request.body;
        const community = access.communityOf(request);
        const actor = access.actorOf(request);
        const { source, id, handle } = await decideHeld(
          services,
          community.id,
          { number, decision, reason },
          actor,
          clock(),
        );
        services.nudge();
        return { source, id, contributor: handle };
      },
    );
  }
}

function toCaps({ categories, caps }: KnownCommunity): z.output<typeof capShape>[] {
  return categories.flatMap(({ id, slug }) => {
    const amount = caps.get(id);
    return amount === undefined ? [] : [{ category: slug, amount: formatDecimal(amount) }];
  });
}
