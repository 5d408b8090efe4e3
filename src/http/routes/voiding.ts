import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { changeCounting, type VoidRequest, type VoidResult, type VoidTarget } from '../../contributions/void.ts';
import { DomainError } from '../../errors.ts';
import { readContributionLine, type ContributionLine } from '../../ledger/ledger.ts';
import { formatDecimal } from '../../ranking/score.ts';
import type { CurrentStanding } from '../../ranking/read-leaderboard.ts';
import { instant, text } from '../../schema.ts';
import { CONTRIBUTION_ID, HANDLE, REASON, SOURCE } from '../../text.ts';
import { contributionLineShape, toContributionLine } from '../ledger-shapes.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';
import { decimalText, windowKind } from '../shapes.ts';

const contributionParams = z.object({ community: z.string(), source: text(SOURCE), id: text(CONTRIBUTION_ID) });
const memberParams = z.object({ community: z.string(), handle: text(HANDLE) });

const why = z.object({
  reason: text(REASON).describe('Shown beside the contribution, and in the audit log.'),
  dryRun: z.boolean().optional().describe('Tells what would change, and changes nothing.'),
});
const whyAndWhen = why.extend({
  from: instant.describe('The first moment, by when the contributions occurred.'),
  to: instant.describe('The first moment that is not meant any more.'),
});

const standingShape = z.object({ rank: z.number().int(), score: decimalText, total: z.number().int() });

const resultShape = z
  .object({
    changed: z.number().int().describe('How many contributions: 0 when all were so already.'),
    reward: decimalText.describe('What they had earned, in OMNIT.'),
    reputation: decimalText,
    already: z
      .object({ by: z.string(), at: z.string().meta({ format: 'date-time' }), reason: z.string() })
      .optional()
      .describe('What had made it so before.'),
    windows: z.array(z.string()).describe('The periods whose leaderboards followed.'),
    leftAlone: z.array(z.string()).describe('The periods that are final, and were left as they are.'),
    places: z
      .array(
        z.object({
          category: z.string(),
          window: windowKind,
          period: z.string(),
          before: standingShape.nullable(),
          after: standingShape.nullable(),
        }),
      )
      .describe("The member's current places that it changed."),
  })
  .meta({ id: 'VoidResult' });

const ACTIONS = [
  { kind: 'void', summary: 'Void', effect: 'It stays, with the reason, and counts nowhere.' },
  { kind: 'unvoid', summary: 'Let count again', effect: 'It counts as if it had never been voided.' },
] as const;

/** Single contributions: reading one, and voiding. */
export function voidingRoutes(server: Server, services: HttpServices): void {
  const { db, access, clock } = services;

  server.get(
    '/v1/communities/:community/contributions/:source/:id',
    {
      preParsing: access.reader,
      schema: {
        summary: 'Read a contribution',
        tags: ['reading'],
        params: contributionParams,
        response: { 200: contributionLineShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { source, id } = request.params;
      const line = await readContributionLine(db, access.communityOf(request), source, id);
      if (line && (await mayRead(request, line))) return toContributionLine(line);
      throw new DomainError('unknown-contribution', `There is no contribution "${id}" of the source "${source}".`);
    },
  );

  for (const { kind, summary, effect } of ACTIONS) {
    const describe = (what: string) => ({
      summary: `${summary} ${what}`,
      description: `${effect} Standings, balances and quests follow at once; periods that are final do not. Safe to repeat.`,
      tags: ['administering'],
      security: [{ key: [] }],
      response: { 200: resultShape, ...PROBLEM_RESPONSES },
    });

    server.post(
      `/v1/communities/:community/contributions/:source/:id/${kind}`,
      {
        preParsing: access.admin,
        schema: { ...describe('a contribution'), params: contributionParams, body: why },
      },
      async (request) => {
        const { source, id } = request.params;
        return change(request, { source, id }, kind, request.body);
      },
    );

    server.post(
      `/v1/communities/:community/members/:handle/${kind}`,
      {
        preParsing: access.admin,
        schema: {
          ...describe('the contributions of a member between two times'),
          params: memberParams,
          body: whyAndWhen,
        },
      },
      async (request) => {
        const { from, to, ...body } = request.body;
        return change(request, { member: request.params.handle, from, to }, kind, body);
      },
    );
  }

  /** What somebody who is hidden did is known to whoever recorded it; whose it was is known to nobody once deleted. */
  async function mayRead(request: FastifyRequest, line: ContributionLine): Promise<boolean> {
    if (!line.isHidden && !line.isDeleted) return true;
    if (await access.knows(request, line.memberId)) return true;
    return line.isHidden && (await access.isOfSource(request, line.source));
  }

  async function change(
    request: Parameters<typeof access.actorOf>[0],
    target: VoidTarget,
    kind: VoidRequest['kind'],
    body: z.output<typeof why>,
  ): Promise<z.output<typeof resultShape>> {
    const community = access.communityOf(request);
    const actor = access.actorOf(request);
    const result = await changeCounting(services, community.id, { kind, target, ...body }, actor, clock());
    // Quests that were completed, or are no more, may have something to deliver.
    if (result.changed > 0 && !body.dryRun) services.nudge();
    return toResult(result);
  }
}

function toResult(result: VoidResult): z.output<typeof resultShape> {
  const { already } = result;
  return {
    changed: result.changed,
    reward: formatDecimal(result.reward),
    reputation: formatDecimal(result.reputation),
    ...(already ? { already: { by: already.actor, at: already.at.toISOString(), reason: already.reason } } : {}),
    windows: result.windows.map(({ key }) => key),
    leftAlone: result.leftAlone.map(({ key }) => key),
    places: result.places.map(({ category, window, before, after }) => ({
      category: category.slug,
      window: window.kind,
      period: window.key,
      before: toStanding(before),
      after: toStanding(after),
    })),
  };
}

function toStanding(standing: CurrentStanding | undefined): z.output<typeof standingShape> | null {
  if (!standing) return null;
  const { rank, score, total } = standing;
  return { rank, score: formatDecimal(score), total };
}
