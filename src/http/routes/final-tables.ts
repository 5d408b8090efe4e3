import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Category } from '../../communities/community.ts';
import type { KnownCommunity } from '../../communities/directory.ts';
import type { Database } from '../../db/database.ts';
import { DomainError } from '../../errors.ts';
import type { Window } from '../../ranking/calendar.ts';
import { windowOfPeriod } from '../../ranking/periods.ts';
import { requireCategory } from '../../ranking/read-leaderboard.ts';
import { readFinalTable, writeLines } from '../../seasons/final-table.ts';
import { readVersions, type FinalVersion } from '../../seasons/final-versions.ts';
import { requireReadableVersion, type ReadableVersion } from '../../seasons/require-version.ts';
import { compareGrants, proveVersion } from '../../seasons/verify-final.ts';
import { inTurn, sendResult, sendWhenDone } from '../long-work.ts';
import { PROBLEM_JSON, PROBLEM_RESPONSES, problemSchema } from '../problems.ts';
import { proofShape, tableNames, toVersion, unitOf, versionShape } from '../season-shapes.ts';
import type { HttpServices, Server } from '../services.ts';
import { SharedWork } from '../shared-work.ts';
import { wholeNumber, windowKind } from '../shapes.ts';

const ofTable = z.object({ community: z.string(), category: z.string() });
const whichWindow = z.object({
  window: windowKind.default('season'),
  period: z
    .string()
    .max(40)
    .default('current')
    .describe('`current`, `previous`, or a key: 2026-W34, 2026-08, 2026-Q3.'),
});
const whichVersion = whichWindow.extend({
  version: wholeNumber('A version; if not given, the newest.', 1, 1e9).optional(),
});

const versionsShape = z.object({
  ...tableNames,
  title: z.string(),
  unit: z.string(),
  versions: z.array(versionShape).describe('The oldest first.'),
});

/** A stream is sent as it comes; this only describes it. */
const textFile = z.unknown().meta({ type: 'string' });

/** A version that names somebody who is hidden or deleted by now. */
const SUPERSEDED = {
  description: 'It named somebody who is hidden or deleted by now, and is no longer reproducible.',
  content: {
    [PROBLEM_JSON]: {
      schema: problemSchema
        .extend({
          sha256: z.string().describe('The hash that it had.'),
          replacedBy: z.number().int().describe('The version that is read in its place.'),
        })
        .meta({ id: 'Superseded' }),
    },
  },
};

/** Final tables: as documents, with their versions, and recomputed. */
export function finalTableRoutes(server: Server, services: HttpServices): void {
  const { db, access, clock } = services;
  const path = '/v1/communities/:community/leaderboards/:category/final';
  /** What is recomputed for callers without a key. */
  const forEverybody = new SharedWork<z.output<typeof proofShape>>();

  /** What a request is about. */
  function tableOf(
    request: FastifyRequest,
    slug: string,
    { window: kind, period }: z.output<typeof whichWindow>,
    now: Date,
  ): { category: Category; window: Window } {
    const community = access.communityOf(request);
    const category = requireCategory(community, slug);
    return { category, window: windowOfPeriod(community.calendar, kind, period, now) };
  }

  server.get(
    path,
    {
      preParsing: access.reader,
      schema: {
        summary: 'Read a final table as a document',
        description:
          'A line a standing: rank, handle, score, and when it was reached (UTC), with tabs between and a newline after each. Its SHA-256, in hex, is the `ETag`, and what is announced. A connection that breaks off before the end is to be tried again, as always.',
        tags: ['reading'],
        params: ofTable,
        querystring: whichVersion,
        response: {
          200: {
            description: 'The document.',
            content: { 'text/plain': { schema: textFile } },
          },
          410: SUPERSEDED,
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request, reply) => {
      const now = clock();
      const community = access.communityOf(request);
      const { category, window } = tableOf(request, request.params.category, request.query, now);
      const { version } = request.query;
      const table = await requireReadableVersion(db, community, { window, category, version }, now);
      reply
        .type('text/plain; charset=utf-8')
        .header('etag', `"${table.sha256}"`)
        // A version is superseded when somebody in it is hidden, so whoever keeps it has to ask.
        .header('cache-control', community.visibility === 'members' ? 'private, no-cache' : 'public, no-cache')
        .header('x-content-type-options', 'nosniff')
        .header(
          'content-disposition',
          `attachment; filename="${community.slug}-${category.slug}-${window.key}-v${table.version}.txt"`,
        );
      // Asked for the headers alone, nothing is read.
      return reply.send(Readable.from(request.method === 'HEAD' ? [] : writeDocument(db, community.id, table)));
    },
  );

  server.get(
    `${path}/versions`,
    {
      preParsing: access.reader,
      schema: {
        summary: 'List the versions of a final table',
        description: 'One when the window closes, and one more with each amendment, and when somebody in it is hidden.',
        tags: ['reading'],
        params: ofTable,
        querystring: whichWindow,
        response: { 200: versionsShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { category, window } = tableOf(request, request.params.category, request.query, clock());
      const versions = await readVersions(db, access.communityOf(request).id, window, category.id);
      return {
        category: category.slug,
        title: category.title,
        unit: unitOf(category),
        window: window.kind,
        period: window.key,
        versions: versions.map(toVersion),
      };
    },
  );

  server.post(
    `${path}/verify`,
    {
      preParsing: access.reader,
      config: { reads: true },
      // Nobody sends a body, and whoever has no key is not to be read for long.
      bodyLimit: 1_024,
      schema: {
        summary: 'Recompute a final table from the contributions',
        description:
          'Table and hash as of the cut, line by line; with a key of the community, for the newest version also what was granted. Large tables take minutes, in which the answer is begun with white space. Without a key one table is recomputed at a time: who asks for the same waits for it, or has what came out minutes ago (`verifiedAt`), and others are answered 429.',
        tags: ['reading'],
        params: ofTable,
        querystring: whichVersion,
        response: { 200: proofShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const now = clock();
      const community = access.communityOf(request);
      const { category, window } = tableOf(request, request.params.category, request.query, now);
      const { version } = request.query;
      const { recorded } = await requireReadableVersion(db, community, { window, category, version }, now);
      if (!recorded) {
        throw new DomainError(
          'not-final',
          `${category.title} was added after ${window.key} had closed: its table is empty, and there is nothing to recompute.`,
        );
      }
      reply.header('cache-control', 'no-store');
      const table: Proved = { community, category, version: recorded };
      if (await access.hasKey(request)) {
        return sendWhenDone(reply, (isWanted) => prove(db, table, { withGrants: true, isWanted }, clock()));
      }
      const slot = [community.id, recorded.windowId, category.id, recorded.version, recorded.sha256].join(' ');
      const work = () => inTurn(() => prove(db, table, { withGrants: false }, clock()));
      return sendResult(reply, forEverybody.do(slot, now, work));
    },
  );
}

/**
 * The document of a version, a page at a time: needs the same memory for any size, and no transaction stays open while
 * a slow reader takes it.
 *
 * @throws when what was read is not what its hash says, as when somebody was hidden meanwhile: the connection breaks,
 *   and nobody takes half of one version and half of another for a table
 */
async function* writeDocument(
  db: Kysely<Database>,
  communityId: number,
  { sha256, ...table }: ReadableVersion,
): AsyncGenerator<string> {
  const hash = createHash('sha256');
  for await (const lines of readFinalTable(db, communityId, table)) {
    const text = writeLines(lines);
    hash.update(text);
    yield text;
  }
  if (hash.digest('hex') !== sha256) throw new Error(`Version ${table.version} changed while it was being read.`);
}

/** A table that is recomputed. */
type Proved = { community: KnownCommunity; category: Category; version: FinalVersion };

/**
 * Recomputes a version.
 *
 * @param options `withGrants`: compares what was granted, too, which is not for everybody to know
 */
async function prove(
  db: Kysely<Database>,
  { community, category, version }: Proved,
  { withGrants, isWanted }: { withGrants: boolean; isWanted?: () => void },
  now: Date,
): Promise<z.output<typeof proofShape>> {
  const { recomputed, differences } = await proveVersion(db, community.id, version, category, isWanted);
  const [newest] = (await readVersions(db, community.id, version.window, category.id)).slice(-1);
  const isNewest = newest?.version === version.version;
  const grants = withGrants && isNewest ? await compareGrants(db, community.id, version) : [];
  return proofShape.parse({
    category: category.slug,
    window: version.window.kind,
    period: version.window.key,
    version: version.version,
    sha256: version.sha256,
    recomputedSha256: recomputed.sha256,
    members: recomputed.members,
    verifiedAt: now.toISOString(),
    differences: [...differences, ...grants],
  });
}
