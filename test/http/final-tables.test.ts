import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { addCategory } from '../../src/communities/communities.ts';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { sumFinalTable } from '../../src/seasons/final-table.ts';
import { finishVersions } from '../../src/seasons/finish-versions.ts';
import { recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
/** Far from any limit, and told apart by it. */
const LIMITS = { readsPerMinute: 1_000_000, writesPerMinute: 2_000_000 };
const server = useHttpServer(database, LIMITS);
let path = '';
let slug = '';
let communities = 0;

const event = (id: string, contributor: string, amount: number) => ({
  id,
  contributor,
  category: 'gpu-contributors',
  amount,
  occurredAt: `2026-08-20T10:00:0${id.length}Z`,
});
const send = (...contributions: object[]) => server.call('POST', `${path}/contributions`, { contributions });
const board = () => `${path}/leaderboards/gpu-contributors`;
const query = '?window=week&period=2026-W34';
const read = (more = '', headers: Record<string, string> = {}) =>
  server.call('GET', `${board()}/final${query}${more}`, undefined, headers);
const amend = (reason: string) => server.call('POST', `${path}/windows/week/2026-W34/amend`, { reason });
const shaOf = (text: string) => createHash('sha256').update(text).digest('hex');
const close = async () => {
  server.now = new Date('2026-08-24T01:00:00Z');
  await closeDueWindows(recording(database.db), server.now);
};

beforeEach(async () => {
  slug = `final-${(communities += 1)}`;
  path = `/v1/communities/${slug}`;
  server.now = new Date('2026-08-01T00:00:00Z');
  await server.call('POST', '/v1/communities', { slug, name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  server.now = new Date('2026-08-22T12:00:00Z');
});

describe('final tables over HTTP', () => {
  it('FT-1 answers with the document, whose hash the leaderboard tells', async () => {
    await send(event('1', 'ada', 2), event('22', 'bob', 3), event('333', '名/前 😀', 0.5));
    const early = await read();
    expect([early.status, early.json.type]).toEqual([404, 'urn:omnitensor:problem:not-final']);
    expect(early.json.detail).toMatch('final from 2026-08-24T01:00:00.000Z');
    expect((await server.call('GET', `${board()}${query}`)).json).not.toHaveProperty('sha256');
    await close();
    const { status, headers, text } = await read();
    expect(status).toBe(200);
    expect(text).toBe(
      '1\tbob\t18.75\t2026-08-20T10:00:02.000Z\n2\tada\t12.5\t2026-08-20T10:00:01.000Z\n3\t名/前 😀\t3.125\t2026-08-20T10:00:03.000Z\n',
    );
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(headers.get('content-disposition')).toBe(`attachment; filename="${slug}-gpu-contributors-2026-W34-v1.txt"`);
    const sha256 = shaOf(text);
    expect(headers.get('etag')).toBe(`"${sha256}"`);
    expect((await server.call('GET', `${board()}${query}`)).json).toMatchObject({ status: 'final', sha256 });
    const known = await read('', { 'if-none-match': `"other", "${sha256}"` });
    expect([known.status, known.text]).toEqual([304, '']);
    const head = await server.call('HEAD', `${board()}/final${query}`, undefined, {});
    expect([head.status, head.headers.get('etag'), head.text]).toEqual([200, `"${sha256}"`, '']);
  });

  it('FT-2 an empty table is a document of nothing, also of a category that came later', async () => {
    await close();
    const empty = await read();
    expect([empty.status, empty.text, empty.headers.get('etag')]).toEqual([200, '', `"${shaOf('')}"`]);
    const { id } = await recording(database.db).directory.bySlug(slug);
    const wanted = { slug: 'later', title: 'Later', unit: 'one', measure: 'amount', rate: 1n } as const;
    await addCategory(database.db, id, wanted, TESTER, server.now);
    const later = `${path}/leaderboards/later/final`;
    expect((await server.call('GET', `${later}${query}`)).text).toBe('');
    expect((await server.call('GET', `${later}${query}&version=2`)).status).toBe(404);
    expect((await server.call('GET', `${later}/versions${query}`)).json.versions).toEqual([]);
    expect((await server.call('POST', `${later}/verify${query}`)).status).toBe(404);
  });

  it.each([
    ['&version=0', 400],
    ['&version=x', 400],
    ['&version=2', 404],
    ['&period=2026-W99', 400],
    ['&window=year', 400],
  ])('FT-3 refuses what is asked with %s', async (more, status) => {
    await close();
    const refused = await server.call(
      'GET',
      `${board()}/final?${new URLSearchParams({ window: 'week', period: '2026-W34', ...Object.fromEntries(new URLSearchParams(more)) }).toString()}`,
    );
    expect(refused.status).toBe(status);
    expect(refused.json.detail).toMatch(/\.$/);
  });

  it('FT-3 tells why there is no final table', async () => {
    const ask = async (which: string) => (await server.call('GET', `${board()}/final?${which}`)).json;
    expect(await ask('window=all&period=all')).toMatchObject({
      status: 404,
      detail: expect.stringContaining('for good'),
    });
    expect((await ask('period=2026-Q1')).detail).toMatch('over before the community began');
    expect((await ask('')).detail).toMatch('The window is open, and final from 2026-10-02T01:00:00.000Z on');
    expect((await ask('period=2026-Q4')).type).toBe('urn:omnitensor:problem:window-not-begun');
    const unknown = await server.call('GET', `${path}/leaderboards/nope/final${query}`);
    expect(unknown.json.type).toBe('urn:omnitensor:problem:unknown-category');
  });

  it('FT-4 keeps each version beside the next, and lists them', async () => {
    await send(event('1', 'ada', 2), event('22', 'bob', 3));
    await close();
    const first = await read();
    await server.call('POST', `${path}/contributions/admin/22/void`, { reason: 'Fraud' });
    expect((await amend('Fraud')).status).toBe(200);
    const second = await read();
    expect(second.text).toBe('1\tada\t12.5\t2026-08-20T10:00:01.000Z\n');
    expect((await read('&version=1')).text).toBe(first.text);
    expect((await read('&version=2')).text).toBe(second.text);
    const { json } = await server.call('GET', `${board()}/final/versions${query}`, undefined, {});
    expect(json).toMatchObject({ category: 'gpu-contributors', unit: 'OMNIT', window: 'week', period: '2026-W34' });
    expect(json.versions).toEqual([
      {
        version: 1,
        reason: 'closed',
        cut: 2,
        madeAt: '2026-08-24T01:00:00.000Z',
        sha256: shaOf(first.text),
        members: 2,
        total: '31.25',
        status: 'readable',
      },
      {
        version: 2,
        reason: 'amended',
        note: 'Fraud',
        cut: 3,
        madeAt: '2026-08-24T01:00:00.000Z',
        sha256: shaOf(second.text),
        members: 1,
        total: '12.5',
        status: 'readable',
      },
    ]);
  });

  it('FT-5 answers 410 with the old hash for a version that names somebody who is hidden, and 503 until the next has its own', async () => {
    await send(event('1', 'ada', 2), event('22', 'bob', 3));
    await close();
    const before = await read();
    const hidden = await server.call('PATCH', `${path}/members/bob/privacy`, { hidden: true });
    expect(hidden.status).toBe(200);
    const pending = await read();
    expect([pending.status, pending.json.type]).toEqual([503, 'urn:omnitensor:problem:unavailable']);
    expect(Number(pending.headers.get('retry-after'))).toBeGreaterThan(0);
    const gone = await read('&version=1');
    expect([gone.status, gone.headers.get('content-type')]).toEqual([410, 'application/problem+json']);
    expect(gone.json).toMatchObject({
      type: 'urn:omnitensor:problem:superseded',
      status: 410,
      sha256: shaOf(before.text),
      replacedBy: 2,
    });
    await finishVersions(recording(database.db), server.now);
    const after = await read();
    expect(after.text).toBe(before.text.replace('bob', hidden.json.hiddenAs));
    const { json } = await server.call('GET', `${board()}/final/versions${query}`);
    expect(json.versions).toMatchObject([
      { version: 1, status: 'superseded', sha256: shaOf(before.text) },
      { version: 2, reason: 'privacy', status: 'readable', sha256: shaOf(after.text) },
    ]);
    expect((await server.call('POST', `${board()}/final/verify${query}&version=1`)).status).toBe(410);
    expect((await server.call('POST', `${board()}/final/verify${query}`)).json.differences).toEqual([]);
  });

  it('FT-6 recomputes a table and its hash for any key of the community', async () => {
    await send(event('1', 'ada', 2), event('22', 'bob', 3));
    const verify = (more = '', headers?: Record<string, string>) =>
      server.call('POST', `${board()}/final/verify${query}${more}`, undefined, headers);
    expect((await verify()).status).toBe(404);
    await close();
    const sha256 = shaOf((await read()).text);
    server.now = new Date('2026-08-24T03:00:00Z');
    const proof = {
      category: 'gpu-contributors',
      window: 'week',
      period: '2026-W34',
      version: 1,
      sha256,
      recomputedSha256: sha256,
      members: 2,
      verifiedAt: '2026-08-24T03:00:00.000Z',
      differences: [],
    };
    const { json } = await server.call('POST', `${path}/keys`, { name: 'network', scopes: ['write'] });
    expect((await verify('', { authorization: `Bearer ${json.key}` })).json).toEqual(proof);
    expect((await verify('&version=7')).status).toBe(404);
    // What nobody could do but with a hand in the database.
    const { id } = await recording(database.db).directory.bySlug(slug);
    await sql`update standings set neg_score = neg_score - 1000 where community_id = ${id} and neg_score = -12500`.execute(
      database.db,
    );
    const wrong = (await verify()).json;
    expect(wrong.recomputedSha256).not.toBe(sha256);
    expect(wrong.differences).toEqual([
      expect.stringMatching(/^Member \d+: 13\.5, .* and by the contributions 12\.5, /),
      expect.stringMatching(/^The hash of its document is /),
    ]);
  });

  /** Asks for a table to be recomputed, without a key. */
  const verifyAsAnybody = (category = 'gpu-contributors', more = '') =>
    server.call('POST', `${path}/leaderboards/${category}/final/verify${query}${more}`, undefined, {});

  it('FT-10 recomputes a table for everybody who may read it, and the same again minutes later only', async () => {
    await send(event('1', 'ada', 2), event('22', 'bob', 3));
    expect((await verifyAsAnybody()).json.type).toBe('urn:omnitensor:problem:not-final');
    await close();
    const first = await verifyAsAnybody();
    expect([first.status, first.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(first.json).toMatchObject({ members: 2, differences: [], verifiedAt: '2026-08-24T01:00:00.000Z' });
    const { id } = await recording(database.db).directory.bySlug(slug);
    await sql`update standings set neg_score = neg_score - 1000 where community_id = ${id} and neg_score = -12500`.execute(
      database.db,
    );
    server.now = new Date('2026-08-24T01:04:59Z');
    expect((await verifyAsAnybody()).json).toEqual(first.json);
    // Whoever has a key has it done at once.
    expect((await server.call('POST', `${board()}/final/verify${query}`)).json.differences).toHaveLength(2);
    server.now = new Date('2026-08-24T01:05:00Z');
    expect((await verifyAsAnybody()).json).toMatchObject({
      differences: [expect.stringContaining('13.5'), expect.stringContaining('hash')],
      verifiedAt: '2026-08-24T01:05:00.000Z',
    });
    expect((await verifyAsAnybody('gpu-contributors', '&version=2')).status).toBe(404);
    await server.call('PATCH', path, { visibility: 'unlisted' });
    expect((await verifyAsAnybody()).status).toBe(200);
    await server.call('PATCH', path, { visibility: 'members' });
    expect((await verifyAsAnybody()).status).toBe(401);
  });

  it('FT-10 does not tell everybody what was granted', async () => {
    await send(event('1', 'ada', 2));
    const prize = { category: 'gpu-contributors', window: 'week', ranks: { from: 1, to: 1 } };
    await server.call('POST', `${path}/prizes`, { ...prize, rewards: [{ kind: 'badge', name: 'First' }] });
    await close();
    const { id } = await recording(database.db).directory.bySlug(slug);
    await sql`delete from grants where community_id = ${id}`.execute(database.db);
    const keyed = await server.call('POST', `${board()}/final/verify${query}`);
    expect(keyed.json.differences).toEqual([expect.stringContaining('is won and was not granted')]);
    expect((await verifyAsAnybody()).json.differences).toEqual([]);
  });

  it('FT-10 reads no large body, and counts whoever asks as a reader', async () => {
    await close();
    const large = await server.call('POST', `${board()}/final/verify${query}`, { x: 'y'.repeat(2_000) }, {});
    expect([large.status, large.json.detail]).toEqual([413, 'Nothing is read from a body here. Send none.']);
    // Keys that are none, a new one each time, are no way around the limit of an address.
    for (const key of ['made up', 'another']) {
      const { headers } = await server.call('POST', `${board()}/final/verify${query}`, undefined, {
        authorization: `Bearer ${key}`,
      });
      expect(headers.get('ratelimit-limit')).toBe(String(LIMITS.readsPerMinute));
    }
  });

  it('FT-11 a flood without a key has one table recomputed at a time: who asks for the same waits, others are told when to try again', async () => {
    await send(event('1', 'ada', 2));
    await close();
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holding = database.db.transaction().execute(async (trx) => {
      await sql`lock table standings in access exclusive mode`.execute(trx);
      locked.resolve();
      await held.promise;
    });
    await locked.promise;
    const first = verifyAsAnybody();
    await waitingStatements(1);
    const same = Array.from({ length: 20 }, () => verifyAsAnybody());
    const others = await Promise.all(
      Array.from({ length: 20 }, (_, n) => verifyAsAnybody(n % 2 === 0 ? 'data-validators' : 'model-testers')),
    );
    for (const { status, headers, json } of others) {
      expect([status, headers.get('retry-after'), json.type]).toEqual([
        429,
        '10',
        'urn:omnitensor:problem:rate-limited',
      ]);
      expect(json.detail).toBe(
        'Another table is being recomputed for somebody, and without a key one is at a time. Try again in 10 s, or send a key of this community.',
      );
    }
    await waitingStatements(1);
    // Whoever has a key waits for its turn, and is not turned away.
    const keyed = server.call('POST', `${path}/leaderboards/data-validators/final/verify${query}`);
    held.resolve();
    await holding;
    const answers = await Promise.all([first, ...same]);
    expect(answers.map(({ status, text }) => [status, text.trim()])).toEqual(
      answers.map(() => [200, answers[0]?.text.trim()]),
    );
    expect((await keyed).status).toBe(200);
    expect((await verifyAsAnybody('model-testers')).status).toBe(200);
  });

  it('FT-7 a document that changes while it is read breaks off, and is never taken for another', async () => {
    await send(event('1', 'ada', 2));
    await close();
    await sql`update final_versions set sha256 = ${'0'.repeat(64)} where members = 1`.execute(database.db);
    await expect(read()).rejects.toThrow(/terminated|fetch failed/);
  });

  it('FT-8 a slow reader keeps no transaction open and nothing in memory: what it has not taken is not read yet', async () => {
    const { id } = await recording(database.db).directory.bySlug(slug);
    await send(event('1', 'ada', 2));
    await close();
    const sha256 = await fill(id, 30_000);
    const whole = await read();
    expect(shaOf(whole.text)).toBe(sha256);

    const slow = connect(Number(new URL(server.url).port), '127.0.0.1');
    slow.write(`GET ${board()}/final${query} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await once(slow, 'readable');
    const { rows } = await sql<{ open: number }>`
      select count(*)::int as open from pg_stat_activity
      where datname = current_database() and state like 'idle in transaction%'`.execute(database.db);
    expect(rows[0]?.open).toBe(0);
    // The last of them hides. The server would have had it by the old name, had it read on.
    await sql`update members set hidden_as = 'hidden-zzzzzz' where community_id = ${id} and handle like '%😀1'`.execute(
      database.db,
    );
    let got = '';
    slow.setEncoding('utf8').on('data', (piece: string) => (got += piece));
    // It may be reset rather than ended.
    slow.on('error', () => {});
    await new Promise((resolve) => slow.on('close', resolve));
    expect(got).toContain('200 OK');
    expect(got.endsWith('\r\n0\r\n\r\n')).toBe(false);
  });
});

/** Puts so many more members with long handles on the board of the week, as if they had contributed. Returns its hash. */
async function fill(communityId: number, count: number): Promise<string> {
  const { db } = database;
  await sql`
    insert into members (community_id, member_id, handle, display_name, display_name_at, created_at)
    select ${communityId}, 1000 + n, repeat('😀', 58) || n, 'x', '2026-08-20', '2026-08-20' from generate_series(1, ${count}::int) n`.execute(
    db,
  );
  const { rows } = await sql<{ boardId: number }>`
    insert into standings (community_id, board_id, member_id, neg_score, reached_at)
    select b.community_id, b.board_id, 1000 + n, -n, '2026-08-20'
    from boards b join windows w using (community_id, window_id), generate_series(1, ${count}::int) n
    where b.community_id = ${communityId} and w.key = '2026-W34' returning board_id as "boardId"`.execute(db);
  const { sha256 } = await sumFinalTable(db, communityId, { boardId: rows[0]?.boardId, version: 1 });
  await sql`update final_versions set sha256 = ${sha256} where community_id = ${communityId} and members = 1`.execute(
    db,
  );
  return sha256;
}

/** Waits until so many statements wait for a lock, and no more. */
async function waitingStatements(wanted: number): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ waiting: number }>`
      select count(*)::int as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(database.db);
    if (rows[0]?.waiting === wanted) return;
  }
}
