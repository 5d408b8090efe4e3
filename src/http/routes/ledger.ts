import { Readable } from 'node:stream';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { KnownCommunity } from '../../communities/directory.ts';
import type { Database } from '../../db/database.ts';
import { DomainError } from '../../errors.ts';
import { readCursor, writeCursor, type Cursor } from '../../ledger/cursor.ts';
import type { LedgerFilter } from '../../ledger/ledger-store.ts';
import { readLedger } from '../../ledger/ledger.ts';
import { readPlace, type ExplainedPlace } from '../../ledger/read-place.ts';
import { isPrivate, type Member } from '../../members/members.ts';
import { plainWording, sayPlace } from '../../ranking/explain.ts';
import { windowOfPeriod } from '../../ranking/periods.ts';
import { requireCategory } from '../../ranking/read-leaderboard.ts';
import { formatDecimal } from '../../ranking/score.ts';
import { text } from '../../schema.ts';
import { HANDLE } from '../../text.ts';
import { LEDGER_CSV_HEADING, ledgerLineShape, toLedgerCsv, toLedgerLine } from '../ledger-shapes.ts';
import { memberToRead, MERGED_RESPONSE } from '../merged-handle.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';
import { decimalText, wholeNumber, windowKind } from '../shapes.ts';

const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 25;
/** How many lines of an export are in memory at once. */
const EXPORT_PAGE = 500;

const queryShape = z.object({
  category: z.string().optional().describe('Contributions of this category alone; grants belong to none.'),
  window: windowKind.optional().describe('What occurred in this stretch of time alone; grants by when they were made.'),
  period: z
    .string()
    .max(40)
    .optional()
    .describe('`current` if not given, `previous`, or a key: 2026-W34. Takes `window`.'),
  limit: wholeNumber('How many lines.', 1, MAX_LIMIT).optional().meta({ default: DEFAULT_LIMIT }),
  before: z.string().max(40).optional().describe('`next` of the page before.'),
  format: z
    .enum(['json', 'csv'])
    .optional()
    .describe('`csv`: the whole ledger as one file. `Accept: text/csv` does the same.'),
});
type Query = z.output<typeof queryShape>;

const explanationShape = z
  .object({
    text: z.string().describe('The place, by how much somebody else is ahead, and by which rule.'),
    rank: z.number().int(),
    total: z.number().int(),
    score: decimalText,
    neighbour: z
      .object({
        is: z.enum(['ahead', 'behind']),
        displayName: z.string(),
        difference: decimalText,
        by: z.enum(['score', 'reached-first', 'member-first']).describe('The rule that parts the two.'),
      })
      .optional()
      .describe('Whoever is right ahead; for the first, right behind.'),
  })
  .meta({ id: 'PlaceExplanation' });

const ledgerShape = z
  .object({
    handle: z.string(),
    displayName: z.string(),
    category: z.string().optional(),
    window: windowKind.optional(),
    period: z.string().optional(),
    explanation: explanationShape
      .optional()
      .describe('With a category: the place on its leaderboard, if there is one.'),
    lines: z.array(ledgerLineShape).describe('Newest first.'),
    next: z.string().nullable().describe('Give it as `before` for the next page; null at the end.'),
  })
  .meta({ id: 'Ledger' });

/** A stream is sent as it comes; this only describes it. */
const csvFile = z.unknown().meta({ type: 'string' });

/** Reading ledgers: every line of a member's score. */
export function ledgerRoutes(server: Server, services: HttpServices): void {
  const { db, access, clock } = services;
  server.get(
    '/v1/communities/:community/members/:handle/ledger',
    {
      preParsing: access.reader,
      schema: {
        summary: "Read a member's ledger",
        description:
          'Every contribution and every grant, newest first, with what made it what it is. The scores of the lines of a category and window add up to the standing.',
        tags: ['reading'],
        params: z.object({ community: z.string(), handle: text(HANDLE) }),
        querystring: queryShape,
        response: {
          200: {
            description: 'A page, or the whole as a file.',
            content: { 'application/json': { schema: ledgerShape }, 'text/csv': { schema: csvFile } },
          },
          ...MERGED_RESPONSE,
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const now = clock();
      const community = access.communityOf(request);
      const member = await memberToRead(services, request, request.params.handle);
      const filter = filterOf(community, query, now);
      const isShared = community.visibility !== 'members' && !isPrivate(member);
      reply.header('cache-control', isShared ? 'public, no-cache' : 'private, no-cache');
      reply.header('vary', 'accept');
      if (query.format === 'csv' || (!query.format && wantsCsv(request.headers.accept))) {
        reply.type('text/csv; charset=utf-8').header('content-disposition', 'attachment; filename="ledger.csv"');
        return reply.send(Readable.from(exportLedger(db, community, member, filter)));
      }
      const { category, window = 'season', period = 'current', limit = DEFAULT_LIMIT } = query;
      const place =
        category === undefined
          ? undefined
          : await readPlace(db, community, { category, window, period }, member.id, now);
      const page = await readLedger(db, community, member.id, filter, { limit, before: cursorOf(query.before) });
      const answer: z.output<typeof ledgerShape> = {
        handle: member.handle,
        displayName: member.displayName,
        ...(category === undefined ? {} : { category }),
        ...(query.window && filter.window ? { window: query.window, period: filter.window.key } : {}),
        ...(place?.explanation ? { explanation: toExplanation(member, place, place.explanation) } : {}),
        lines: page.lines.map(toLedgerLine),
        next: page.older ? writeCursor(page.older) : null,
      };
      return answer;
    },
  );
}

type Explanation = NonNullable<ExplainedPlace['explanation']>;

function toExplanation(
  member: Member,
  { category }: ExplainedPlace,
  explanation: Explanation,
): z.output<typeof explanationShape> {
  const { own, total, neighbour } = explanation;
  const unit = category.measure === 'reward' ? 'OMNIT' : category.unit;
  return {
    text: sayPlace(explanation, plainWording(`${member.displayName} is`, unit)),
    rank: own.rank,
    total,
    score: formatDecimal(own.score),
    ...(neighbour
      ? {
          neighbour: {
            is: neighbour.is,
            displayName: neighbour.placed.displayName,
            difference: formatDecimal(neighbour.difference),
            by: neighbour.by,
          },
        }
      : {}),
  };
}

function filterOf(community: KnownCommunity, query: Query, now: Date) {
  const { category, window: kind, period } = query;
  if (period !== undefined && kind === undefined) {
    throw new DomainError('invalid-parameter', '`period` needs `window`: week, month, season or all.');
  }
  const window = kind && windowOfPeriod(community.calendar, kind, period ?? 'current', now);
  return {
    categoryId: category === undefined ? undefined : requireCategory(community, category).id,
    // All that was ever recorded lies in `all`.
    between: window?.kind === 'all' ? undefined : window,
    window,
  };
}

function cursorOf(before: string | undefined): Cursor | undefined {
  if (before === undefined) return undefined;
  const cursor = readCursor(before);
  if (cursor) return cursor;
  throw new DomainError(
    'invalid-parameter',
    '`before` is not what an answer gave as `next`. Leave it out to begin anew.',
  );
}

/** Whether CSV is asked for by the header, and JSON is not. */
function wantsCsv(accept = ''): boolean {
  return /\btext\/csv\b/i.test(accept) && !/\bjson\b/i.test(accept);
}

/** The whole of a ledger, page by page: needs the same memory for any size. */
async function* exportLedger(
  db: Kysely<Database>,
  community: KnownCommunity,
  member: Member,
  filter: LedgerFilter,
): AsyncGenerator<string> {
  yield LEDGER_CSV_HEADING;
  for (let before: Cursor | undefined, isEnd = false; !isEnd;) {
    const { lines, older } = await readLedger(db, community, member.id, filter, { limit: EXPORT_PAGE, before });
    yield lines.map(toLedgerCsv).join('');
    before = older;
    isEnd = older === undefined;
  }
}
