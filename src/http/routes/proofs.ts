import { z } from 'zod';
import { DomainError } from '../../errors.ts';
import { handInProof } from '../../quests/hand-in.ts';
import { PROOF_STATES, proofBodySchema } from '../../quests/proof.ts';
import { readProofs, type ListedProof } from '../../quests/proof-store.ts';
import { decideProof, DECISIONS, type Decision } from '../../quests/review.ts';
import { text } from '../../schema.ts';
import { HANDLE, REASON } from '../../text.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';
import { wholeNumber } from '../shapes.ts';
import { requireHandle } from './quests.ts';

const MAX_LIMIT = 100;
const CURSOR = /^(\d{1,15})\.(\d{1,9})$/;
const instantText = z.string().meta({ format: 'date-time' });

const inCommunity = z.object({ community: z.string() });
const numbered = (what: string) =>
  inCommunity.extend({
    id: z
      .string()
      .regex(/^\d{1,9}$/, `must be the id of a ${what}, a number`)
      .transform(Number),
  });

const proofShape = z
  .object({
    id: z.number().int(),
    quest: z.number().int(),
    round: z.string(),
    handle: z.string(),
    text: z.string(),
    links: z.array(z.string()),
    files: z
      .array(z.object({ name: z.string(), size: z.number().int().describe('In bytes.'), url: z.string() }))
      .describe('Handed in on Discord, whose links expire: reviewers have them in their channel.'),
    state: z.enum(PROOF_STATES),
    submittedAt: instantText,
    times: z.number().int().describe('How often it was handed in: once more each time more was asked.'),
    reviewer: z.string().nullable(),
    reviewedAt: instantText.nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Proof' });

const handInBody = proofBodySchema.extend({
  handle: text(HANDLE).optional().describe('Whose; may be left out with a key that is bound to a member.'),
  round: z
    .string()
    .max(20)
    .optional()
    .describe('The key of a round that has ended, for a proof of which more was asked; otherwise the running one.'),
});

const ABOUT: Record<Decision, { summary: string; description: string }> = {
  approve: {
    summary: 'Approve a proof',
    description: 'It reaches its goal as of when it was handed in; what that completes is granted at once.',
  },
  ask: {
    summary: 'Ask for more of a proof',
    description: 'The member hands it in again, also after the deadline, until the round is settled.',
  },
  refuse: { summary: 'Refuse a proof', description: 'Until the deadline the member can hand in another one.' },
};

/** Proofs of quests: handing in, and reviewing. */
export function proofRoutes(server: Server, services: HttpServices): void {
  const { db, access, clock, nudge } = services;

  server.post(
    '/v1/communities/:community/quests/:id/proofs',
    {
      preParsing: access.writer,
      schema: {
        summary: 'Hand in a proof for a quest',
        description: 'It waits for a review. The same again while it waits changes nothing.',
        tags: ['writing'],
        security: [{ key: [] }],
        params: numbered('quest'),
        body: handInBody,
        response: { 201: proofShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { text: words, links = [], round, handle: wanted } = request.body;
      const handle = requireHandle(wanted, (await access.sourceOf(request)).contributor);
      const proof = await handInProof(
        services,
        access.communityOf(request).id,
        { questId: request.params.id, round, content: { text: words, links, files: [] } },
        { handle },
        access.actorOf(request),
        clock(),
      );
      nudge();
      reply.code(201);
      return toProof(proof);
    },
  );

  server.get(
    '/v1/communities/:community/proofs',
    {
      preParsing: access.admin,
      schema: {
        summary: 'List proofs, oldest first',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        querystring: z.object({
          state: z.enum(PROOF_STATES).optional().meta({ default: 'waiting' }),
          limit: wholeNumber('How many to show.', 1, MAX_LIMIT).optional().meta({ default: MAX_LIMIT }),
          after: z.string().max(40).optional().describe('Where to go on: `next` of the page before.'),
        }),
        response: {
          200: z.object({ proofs: z.array(proofShape), next: z.string().nullable() }),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request) => {
      const { state = 'waiting', limit = MAX_LIMIT, after } = request.query;
      const page = { limit: limit + 1, after: after === undefined ? undefined : readCursor(after) };
      const proofs = await readProofs(db, access.communityOf(request).id, state, page);
      const last = proofs.length > limit ? proofs[limit - 1] : undefined;
      return {
        proofs: proofs.slice(0, limit).map(toProof),
        next: last ? `${last.submittedAt.getTime()}.${last.id}` : null,
      };
    },
  );

  for (const decision of DECISIONS) {
    server.post(
      `/v1/communities/:community/proofs/:id/${decision}`,
      {
        preParsing: access.admin,
        schema: {
          ...ABOUT[decision],
          tags: ['administering'],
          security: [{ key: [] }],
          params: numbered('proof'),
          body:
            decision === 'approve'
              ? z.object({ reason: text(REASON).optional() }).nullish()
              : z.object({ reason: text(REASON).describe('Whoever handed it in is told.') }),
          response: { 200: proofShape, ...PROBLEM_RESPONSES },
        },
      },
      async (request) => {
        const actor = access.actorOf(request);
        const { contributor } = await access.sourceOf(request);
        const proof = await decideProof(
          services,
          access.communityOf(request).id,
          { proofId: request.params.id, decision, reason: request.body?.reason },
          { name: actor.name, handle: contributor },
          actor,
          clock(),
        );
        nudge();
        return toProof(proof);
      },
    );
  }
}

function readCursor(written: string): { at: Date; id: number } {
  const [, ms, id] = CURSOR.exec(written) ?? [];
  if (id !== undefined) return { at: new Date(Number(ms)), id: Number(id) };
  throw new DomainError('invalid-parameter', '`after` is not what `next` of a page was.');
}

function toProof(proof: ListedProof): z.output<typeof proofShape> {
  const { id, questId, round, handle, content, state, submittedAt, times, review } = proof;
  return {
    id,
    quest: questId,
    round,
    handle,
    text: content.text,
    links: [...content.links],
    files: content.files.map(({ name, size, url }) => ({ name, size, url })),
    state,
    submittedAt: submittedAt.toISOString(),
    times,
    reviewer: review?.reviewer ?? null,
    reviewedAt: review?.at.toISOString() ?? null,
    reason: review?.reason || null,
  };
}
