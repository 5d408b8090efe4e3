import { z } from 'zod';
import {
  contributionSchema,
  parseContribution,
  type Contribution,
  type Rejection,
} from '../../contributions/contribution.ts';
import type { BatchEntry, Outcome } from '../../contributions/batch.ts';
import { formatDecimal, formatMultiplier } from '../../ranking/score.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';
import { decimalText } from '../shapes.ts';

const MAX_CONTRIBUTIONS = 1_000;

/** Described in full, checked one by one: a bad entry spoils no other. */
const entryShape = z
  .unknown()
  .meta({ ...z.toJSONSchema(contributionSchema, { io: 'input' }), $schema: undefined, id: 'Contribution' });

const bodyShape = z.object({
  contributions: z
    .array(entryShape)
    .min(1, 'holds no contribution')
    .max(MAX_CONTRIBUTIONS, `holds more than ${MAX_CONTRIBUTIONS} contributions: send them in several calls`),
});

const resultShape = z
  .object({
    id: z.string().nullable().describe('As it was sent; null if it was no string.'),
    status: z.enum(['accepted', 'duplicate', 'rejected']),
    reason: z.string().optional().describe('Why it was rejected, for programs.'),
    detail: z.string().optional().describe('Why it was rejected, and what would be right.'),
    reward: decimalText.optional(),
    multiplier: decimalText.optional(),
    held: z.literal(true).optional().describe('It exceeds a cap, and counts when an admin releases it.'),
    late: z.array(z.string()).optional().describe('The windows that were final when it came.'),
  })
  .meta({ id: 'ContributionResult' });

const answerShape = z.object({
  results: z.array(resultShape),
  accepted: z.number().int(),
  duplicates: z.number().int(),
  rejected: z.number().int(),
});

/** Taking contributions in. */
export function contributionRoutes(server: Server, { intake, access, clock }: HttpServices): void {
  server.post(
    '/v1/communities/:community/contributions',
    {
      preParsing: access.writer,
      schema: {
        summary: 'Record contributions',
        description:
          'Each gets a result of its own, in order. Safe to repeat. When this has answered, what it accepted is durable and visible to every reader.',
        tags: ['contributions'],
        security: [{ key: [] }],
        params: z.object({ community: z.string() }),
        body: bodyShape,
        response: { 200: answerShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const now = clock();
      const community = access.communityOf(request);
      const { sourceId, contributor } = await access.sourceOf(request);
      const parsed = request.body.contributions.map((entry) => checkEntry(entry, contributor, now));
      const entries: BatchEntry[] = parsed.flatMap((entry) =>
        'reason' in entry ? [] : [{ sourceId, contribution: entry }],
      );
      const recorded = (await intake.record(community.id, entries, now)).values();
      const outcomes = parsed.map((entry): Outcome =>
        'reason' in entry ? { status: 'rejected', ...entry } : next(recorded),
      );
      const count = (status: Outcome['status']) => outcomes.filter((outcome) => outcome.status === status).length;
      return {
        results: outcomes.map((outcome, position) => toResult(idOf(request.body.contributions[position]), outcome)),
        accepted: count('accepted'),
        duplicates: count('duplicate'),
        rejected: count('rejected'),
      };
    },
  );
}

/** @param boundTo the only member that the key writes for, if there is one */
function checkEntry(entry: unknown, boundTo: string | undefined, now: Date): Contribution | Rejection {
  const parsed = parseContribution(entry, now);
  if ('reason' in parsed || boundTo === undefined || parsed.contributor === boundTo) return parsed;
  return { reason: 'not_your_contributor', detail: `This key writes for "${boundTo}" only.` };
}

function toResult(id: string | null, outcome: Outcome): z.output<typeof resultShape> {
  if (outcome.status === 'rejected')
    return { id, status: outcome.status, reason: outcome.reason, detail: outcome.detail };
  const late = outcome.late.length > 0 ? { late: [...outcome.late] } : {};
  const held = outcome.status === 'accepted' && outcome.held ? { held: outcome.held } : {};
  return {
    id,
    status: outcome.status,
    reward: formatDecimal(outcome.reward),
    multiplier: formatMultiplier(outcome.multiplier),
    ...held,
    ...late,
  };
}

function idOf(entry: unknown): string | null {
  const id = typeof entry === 'object' && entry !== null && 'id' in entry ? entry.id : null;
  return typeof id === 'string' ? id : null;
}

function next(outcomes: Iterator<Outcome>): Outcome {
  const { value, done } = outcomes.next();
  if (done) throw new Error('Intake answered fewer contributions than it was given.');
  return value;
}
