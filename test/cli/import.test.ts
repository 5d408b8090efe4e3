import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { SAMPLE_CONTRIBUTIONS } from '../support/sample-contributions.ts';
import { FlakyProxy } from './flaky-proxy.ts';
import { runCli, startCli, type CliResult } from './run-cli.ts';

const server = useHttpServer(useDatabase());
let folder = '';
let slug = '';
let communities = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnitensor-import-'));
});
afterAll(() => rm(folder, { recursive: true }));
/** Every test has a community of its own. */
beforeEach(async () => {
  slug = `c${++communities}`;
  await server.call('POST', '/v1/communities', { slug, name: slug, timeZone: 'UTC', preset: 'omnitensor' });
});

type Content = string | Uint8Array;

async function file(name: string, content: Content): Promise<string> {
  const path = join(folder, `${slug}-${name}`);
  await writeFile(path, content);
  return path;
}

const env = (url = server.url) => ({ OMNITENSOR_URL: url, OMNITENSOR_COMMUNITY: slug });

async function importFile(name: string, content: Content, ...options: string[]): Promise<CliResult> {
  return runCli(['import', await file(name, content), ...options], { env: env() });
}

const importInput = (input: Content, ...options: string[]) =>
  runCli(['import', '-', ...options], { env: env(), input });

const event = (id: string, fields: object = {}) => ({
  id,
  contributor: 'ada',
  category: 'gpu-contributors',
  amount: 1,
  occurredAt: '2026-08-20T10:00:00Z',
  ...fields,
});
const line = (id: string, fields?: object) => `${JSON.stringify(event(id, fields))}\n`;
const lines = (count: number, prefix = 'e') => Array.from({ length: count }, (_, n) => line(`${prefix}${n}`)).join('');

async function scores(category = 'gpu-contributors'): Promise<Record<string, string>> {
  const { json } = await server.call('GET', `/v1/communities/${slug}/leaderboards/${category}?window=all&limit=100`);
  return Object.fromEntries(
    json.entries.map(({ handle, score }: { handle: string; score: string }) => [handle, score]),
  );
}

const counts = (accepted: number, duplicates: number, rejected: number) =>
  `accepted ${accepted}, duplicates ${duplicates}, rejected ${rejected}\n`;

describe('import of NDJSON', () => {
  it('CL-20 records a file, and nothing twice', async () => {
    const content = `${line('a')}\n   \r\n${line('b', { amount: '2.5', subject: 'A100', displayName: 'Ada' }).trimEnd()}`;
    expect(await importFile('x.ndjson', content)).toEqual({ code: 0, stdout: counts(2, 0, 0), stderr: '' });
    expect(await importFile('x.ndjson', content)).toEqual({ code: 0, stdout: counts(0, 2, 0), stderr: '' });
    expect(await scores()).toEqual({ ada: '21.875' });
  });

  it('CL-20 takes an empty file', async () => {
    for (const name of ['x.ndjson', 'x.csv', 'x.csv.gz']) {
      expect(await importFile(name, '')).toEqual({ code: 0, stdout: counts(0, 0, 0), stderr: '' });
    }
  });

  it('CL-21 tells the lines that were rejected, in order, and goes on', async () => {
    const content = [
      line('good'),
      line('zero', { amount: 0 }),
      '{"id": "cut off", "contri\n',
      '\n',
      line('gold', { category: 'gold' }),
      '42\n',
      '["__proto__"]\n',
      '{"__proto__": {"x": 1}, "constructor": {"prototype": 2}, "id": {"__proto__": 3}}\n',
      line('good', { amount: 7 }),
      `{"id":"\\ud800","contributor":"ada","category":"gpu-contributors","amount":1,"occurredAt":"2026-08-20T10:00:00Z"}\n`,
      line('escape\u001B[2J'),
      line('infinite').replace('"amount":1', '"amount":1e999'),
      line('last'),
    ].join('');
    const { code, stdout, stderr } = await importInput(content);
    expect({ code, stdout }).toEqual({ code: 1, stdout: counts(2, 0, 10) });
    const told = stderr.trimEnd().split('\n');
    expect(told.map((text) => /^line (\d+): (\w+): .+$/.exec(text)?.slice(1).join(' '))).toEqual([
      '2 invalid_amount',
      '3 broken_json',
      '5 unknown_category',
      '6 not_an_object',
      '7 not_an_object',
      '8 invalid_id',
      '9 conflict',
      '10 invalid_id',
      '11 invalid_id',
      '12 invalid_amount',
    ]);
    expect(told[6]).toBe(
      'line 9: conflict: The id "good" was recorded before with other content. Give a new contribution an id of its own.',
    );
  });

  it('CL-21 tells them as JSON when asked to', async () => {
    const { code, stdout, stderr } = await importInput(line('a', { amount: 0 }) + '{\n', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({ accepted: 0, duplicates: 0, rejected: 2 });
    expect(
      stderr
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text)),
    ).toMatchObject([
      { line: 1, id: 'a', reason: 'invalid_amount' },
      { line: 2, reason: 'broken_json' },
    ]);
  });

  it('CL-22 rejects lines that are no UTF-8 or too long, alone', async () => {
    const content = Buffer.concat([
      Buffer.from(line('a')),
      Buffer.from(line('b', { contributor: 'café' }), 'latin1'),
      Buffer.from(line('c', { contributor: 'x'.repeat(3_000_000) })),
      Buffer.from(line('d', { contributor: 'zoé 🦊' })),
    ]);
    const { code, stdout, stderr } = await importInput(content);
    expect({ code, stdout }).toEqual({ code: 1, stdout: counts(2, 0, 2) });
    expect(stderr).toMatch(/^line 2: invalid_utf8: .+\nline 3: too_long: .+\n$/);
    expect(await scores()).toEqual({ ada: '6.25', 'zoé 🦊': '6.25' });
  });

  it('CL-23 takes amounts as the API does, so that an event sent both ways is a duplicate', async () => {
    const raw = (id: string, amount: string) => line(id).replace('"amount":1', `"amount":${amount}`);
    const content = raw('a', '0.12300000000000000001') + raw('b', '1e2') + raw('c', '2.50') + raw('d', '1e-4');
    expect((await importInput(content)).stdout).toBe(counts(3, 0, 1));
    const { json } = await server.call(
      'POST',
      `/v1/communities/${slug}/contributions`,
      `{"contributions":[${content.trimEnd().split('\n').join(',')}]}`,
    );
    expect(json).toMatchObject({ accepted: 0, duplicates: 3, rejected: 1 });
  });
});

describe('import of CSV', () => {
  it('CL-24 reads a byte order mark, quotes, CRLF, line feeds inside a text, and empty cells', async () => {
    const content = [
      '\uFEFFoccurredAt,"id",contributor,category,amount,subject,displayName',
      '2026-08-20T10:00:00Z,a,ada,gpu-contributors,2,,"Lovelace, ""Ada"""',
      '',
      '2026-08-20T10:00:00Z,"b","bob",gpu-contributors,"1.50","two',
      'lines, one subject",',
      '2026-08-20T10:00:00Z,c,zoé,gpu-contributors,4,A100,Zoé',
    ].join('\r\n');
    const { code, stdout, stderr } = await importFile('x.csv', content);
    // A subject cannot hold a line feed: it got there whole.
    expect({ code, stdout }).toEqual({ code: 1, stdout: counts(2, 0, 1) });
    expect(stderr).toMatch(/^line 4: invalid_subject: .+\n$/);
    const { json } = await server.call('GET', `/v1/communities/${slug}/members/ada`);
    expect(json.displayName).toBe('Lovelace, "Ada"');
    expect(await scores()).toEqual({ zoé: '25', ada: '12.5' });
  });

  it('CL-24 is the same as NDJSON, so that either is a duplicate of the other', async () => {
    await importInput(line('a', { amount: 2.5, subject: 'A100' }));
    const csv =
      'id,contributor,category,amount,occurredAt,subject\na,ada,gpu-contributors,2.5,2026-08-20T10:00:00Z,A100\n';
    expect((await importInput(csv)).stdout).toBe(counts(0, 1, 0));
    expect((await importFile('x.txt', csv, '--format', 'csv')).stdout).toBe(counts(0, 1, 0));
  });

  it('CL-25 rejects rows that are broken, alone', async () => {
    const content = `id,contributor,category,amount,occurredAt
a,ada,gpu-contributors,1,2026-08-20T10:00:00Z
b,ada,gpu-contributors,1
c,ada,gpu-contributors,"1"2,2026-08-20T10:00:00Z
d,ada,gpu-contributors,,2026-08-20T10:00:00Z
e"e,ada,gpu-contributors,1,2026-08-20T10:00:00Z
f,ada,gpu-contributors,1e2,2026-08-20T10:00:00Z
g,"ada,gpu-contributors,1,2026-08-20T10:00:00Z
`;
    const { code, stdout, stderr } = await importFile('x.csv', content);
    expect({ code, stdout }).toEqual({ code: 1, stdout: counts(2, 0, 5) });
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((text) => text.split(':').slice(0, 2).join(':')),
    ).toEqual([
      'line 3: broken_csv',
      'line 4: broken_csv',
      'line 5: invalid_amount',
      'line 7: invalid_amount',
      'line 8: broken_csv',
    ]);
  });

  it.each([
    ['lacks contributor, amount', 'id;contributor;category\n', ['--format=csv']],
    ['names id twice', 'id,id,contributor,category,amount,occurredAt\n', []],
  ])('CL-25 refuses a header that %s', async (_, content, options) => {
    const { code, stdout, stderr } = await importInput(content, ...options);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('id,contributor,category,amount,occurredAt,subject,displayName');
  });

  it('CL-25 says which columns it leaves out', async () => {
    const { code, stderr } = await importInput('id,contributor,category,amount,occurredAt,subjct\n');
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'Left out, for they mean nothing here: subjct.\n' });
  });
});

describe('import of gzip', () => {
  it('CL-26 knows it by its first bytes, whatever it is called, and reads every member', async () => {
    const packed = Buffer.concat([gzipSync(lines(1_500, 'a')), gzipSync(lines(1_500, 'b'))]);
    expect((await importFile('x.ndjson', packed)).stdout).toBe(counts(3_000, 0, 0));
    expect((await importInput(packed)).stdout).toBe(counts(0, 3_000, 0));
    expect((await importInput(Buffer.concat([packed, Buffer.alloc(100)]))).stdout).toBe(counts(0, 3_000, 0));
  });

  it('CL-27 sends what can be read of one that is cut off, but no half line', async () => {
    const events = Array.from({ length: 3_000 }, (_, n) => line(`e${n}`, { subject: Math.sin(n).toString(36) }));
    const whole = gzipSync(events.join(''));
    const { code, stdout, stderr } = await importFile('x.ndjson.gz', whole.subarray(0, whole.length / 2));
    expect(code).toBe(1);
    const accepted = Number(/^accepted (\d+), duplicates 0, rejected 0\n$/.exec(stdout)?.[1]);
    expect(accepted).toBeGreaterThan(1_000);
    expect(accepted).toBeLessThan(2_000);
    expect(stderr).toMatch(/^error: The \.gz is cut off or broken/);
    expect(await importFile('x.ndjson.gz', whole)).toMatchObject({
      code: 0,
      stdout: counts(3_000 - accepted, accepted, 0),
    });
    expect((await importFile('x.ndjson.gz', whole.subarray(0, -4))).stdout).toBe(counts(0, 3_000, 0));
    expect(await importFile('x.ndjson.gz', whole.subarray(0, 12))).toMatchObject({ code: 1, stdout: counts(0, 0, 0) });
  });

  it('CL-27 does not take a cell that is cut off for a smaller one', async () => {
    const csv = 'id,contributor,category,occurredAt,amount\na,ada,gpu-contributors,2026-08-20T10:00:00Z,125\n';
    const packed = gzipSync(csv.slice(0, -2));
    expect(await importFile('x.csv.gz', packed.subarray(0, -8))).toMatchObject({ code: 1, stdout: counts(0, 0, 0) });
  });
});

describe('import and its server', () => {
  let proxy: FlakyProxy;
  beforeEach(async () => {
    proxy = await new FlakyProxy(server.url).start();
  });
  afterEach(() => proxy.stop());

  it('CL-28 sends batches of at most 1,000, in the order of the file', async () => {
    const path = await file('x.ndjson', lines(2_500) + '{\n');
    const { stdout } = await runCli(['import', path], { env: env(proxy.url) });
    expect(stdout).toBe(counts(2_500, 0, 1));
    const batches = proxy.bodies.map((body) => JSON.parse(body).contributions.map(({ id }: { id: string }) => id));
    expect(batches.map((ids) => ids.length)).toEqual([1_000, 1_000, 500]);
    expect(batches.flat()).toEqual(Array.from({ length: 2_500 }, (_, n) => `e${n}`));
  });

  it('CL-28 keeps batches below 8 MiB', async () => {
    const big = Array.from({ length: 12 }, (_, n) => line(`e${n}`, { contributor: `x${n}`.padEnd(900_000, 'x') }));
    const { stdout } = await runCli(['import', '-'], { env: env(proxy.url), input: big.join('') });
    expect(stdout).toBe(counts(0, 0, 12));
    for (const body of proxy.bodies) expect(body.length).toBeLessThan(8 * 1024 * 1024);
    expect(proxy.bodies.length).toBeGreaterThan(1);
  });

  it('CL-29 waits for a server that is busy or lost the answer, and counts nothing twice', async () => {
    const faults = [
      undefined,
      { status: 503 },
      { status: 429, headers: { 'retry-after': '1' } },
      'hang-up-after',
    ] as const;
    proxy.faultOf = (n) => faults[n - 1];
    const { code, stdout, stderr } = await runCli(['import', '-'], { env: env(proxy.url), input: lines(1_500) });
    expect({ code, stdout }).toEqual({ code: 0, stdout: counts(1_000, 500, 0) });
    expect(stderr.match(/trying again in/g)).toHaveLength(3);
  });

  it('CL-29 goes on when a server that went away comes back', async () => {
    proxy.faultOf = (n) => (n === 2 ? { status: 503 } : undefined);
    const running = startCli(['import', '-'], { env: env(proxy.url), input: lines(1_500) });
    await running.seen('stderr', (text) => text.includes('is busy'));
    await proxy.stop();
    await running.seen('stderr', (text) => text.includes('does not answer'));
    await proxy.start();
    expect(await running.ended).toMatchObject({ code: 0, stdout: counts(1_500, 0, 0) });
  });

  it('CL-30 gives up after a while, saying how far it came', async () => {
    proxy.faultOf = (n) => (n > 1 ? { status: 503 } : undefined);
    const args = ['import', '-', '--give-up-after=1'];
    const { code, stdout, stderr } = await runCli(args, { env: env(proxy.url), input: lines(1_500) });
    expect({ code, stdout }).toEqual({ code: 3, stdout: counts(1_000, 0, 0) });
    expect(stderr).toMatch(/error: /);
  });

  it('CL-30 does not wait for a server that was never there', async () => {
    await proxy.stop();
    const { code, stdout } = await runCli(['import', '-'], { env: env(proxy.url), input: line('a') });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  });

  it('CL-31 stops when the server refuses', async () => {
    const { json } = await server.call('POST', `/v1/communities/${slug}/keys`, { name: 'k', scopes: ['write'] });
    const bound = { ...env(proxy.url), OMNITENSOR_API_KEY: json.key };
    expect((await runCli(['import', '-'], { env: bound, input: line('a') })).code).toBe(0);
    await server.call('DELETE', `/v1/communities/${slug}/keys/${json.id}`);
    const { code, stdout, stderr } = await runCli(['import', '-'], { env: bound, input: lines(1_500) });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('revoked');
  });

  it.each([
    ['a file that is not there', 'nowhere.ndjson', 'there is no such file'],
    ['a folder', '.', 'it is a folder'],
  ])('CL-32 refuses %s', async (_, name, said) => {
    const { code, stdout, stderr } = await runCli(['import', name], { env: env() });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(said);
  });
});

describe.skipIf(SAMPLE_CONTRIBUTIONS === undefined)('import of the sample beside the project', () => {
  it('CL-33 gives the same boards however often it is imported', async () => {
    const path = SAMPLE_CONTRIBUTIONS ?? '';
    server.now = new Date('2026-09-01T00:00:00Z');
    const events: { contributor: string; category: string; amount: number }[] = gunzipSync(readFileSync(path))
      .toString()
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(await runCli(['import', path], { env: env() })).toMatchObject({
      code: 0,
      stdout: counts(events.length, 0, 0),
    });
    const first = await scores('model-testers');
    expect(await runCli(['import', path], { env: env() })).toMatchObject({
      code: 0,
      stdout: counts(0, events.length, 0),
    });
    expect(await scores('model-testers')).toEqual(first);
    for (const [handle, score] of Object.entries(first)) {
      const own = events.filter(({ contributor, category }) => contributor === handle && category === 'model-testers');
      expect(Number(score)).toBeCloseTo(
        own.reduce((sum, { amount }) => sum + amount, 0),
        3,
      );
    }
  }, 180_000);
});
