import { z } from 'zod';
import { readCurrentStandings } from '../../ranking/read-leaderboard.ts';
import { formatDecimal } from '../../ranking/score.ts';
import { readGranted } from '../../rewards/grants.ts';
import { text } from '../../schema.ts';
import { HANDLE } from '../../text.ts';
import { memberToRead, MERGED_RESPONSE } from '../merged-handle.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';
import { decimalText, windowKind } from '../shapes.ts';

const memberShape = z
  .object({
    handle: z.string(),
    displayName: z.string(),
    hiddenAs: z
      .string()
      .optional()
      .describe('The pseudonym by which everybody sees the member, for keys of admins and of the member.'),
    balances: z.object({
      omnit: decimalText.describe('Rewards of contributions, which the network pays, and what was granted here.'),
      governance: decimalText,
      granted: decimalText,
      paid: decimalText,
      payable: decimalText.describe('Granted less paid; below 0 where something is owed back.'),
    }),
    reputation: decimalText,
    badges: z.array(z.object({ name: z.string(), count: z.number().int() })),
    standings: z.array(
      z.object({
        category: z.string(),
        window: windowKind,
        period: z.string(),
        rank: z.number().int(),
        score: decimalText,
        total: z.number().int(),
      }),
    ),
  })
  .meta({ id: 'Member' });

/** Reading members. */
export function memberRoutes(server: Server, services: HttpServices): void {
  const { db, access, clock } = services;
  server.get(
    '/v1/communities/:community/members/:handle',
    {
      preParsing: access.reader,
      schema: {
        summary: 'Read a member',
        description:
          'Balances, reputation, badges, and where the member stands in the current periods. Whoever is hidden or deleted is unknown, under the pseudonym too: what a member has tells who it is. A key of an admin, or one bound to the member, finds them.',
        tags: ['reading'],
        params: z.object({ community: z.string(), handle: text(HANDLE) }),
        response: { 200: memberShape, ...MERGED_RESPONSE, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const member = await memberToRead(services, request, request.params.handle);
      const standings = await readCurrentStandings(db, community, member.id, clock());
      const granted = await readGranted(db, community.id, member.id);
      return {
        handle: member.handle,
        displayName: member.displayName,
        ...(member.hiddenAs === undefined ? {} : { hiddenAs: member.hiddenAs }),
        balances: {
          omnit: formatDecimal(member.earnedOmnit + granted.tokens),
          governance: formatDecimal(granted.governance),
          granted: formatDecimal(granted.tokens),
          paid: '0',
          payable: formatDecimal(granted.tokens),
        },
        reputation: formatDecimal(member.earnedReputation + granted.reputation),
        badges: granted.badges,
        standings: standings.map(({ category, window, rank, score, total }) => ({
          category: category.slug,
          window: window.kind,
          period: window.key,
          rank,
          score: formatDecimal(score),
          total,
        })),
      };
    },
  );
}
