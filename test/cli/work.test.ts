import { beforeAll, describe, expect, it } from 'vitest';
import { createMultiplier } from '../../src/multipliers/create-multiplier.ts';
import { TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { runCli } from './run-cli.ts';

const database = useDatabase();
const server = useHttpServer(database);
const omni = '/v1/communities/omni';
const share = ['share-gpu', '--gpu-type', 'NVIDIA RTX 3080', '--hours', '24'];

const cli = (args: readonly string[], env: Record<string, string | undefined> = {}) =>
  runCli(args, { env: { OMNITENSOR_URL: server.url, ...env } });
const recorded = async (source: string, id: string) =>
  (await server.call('GET', `${omni}/contributions/${source}/${encodeURIComponent(id)}`)).json;

beforeAll(async () => {
  // The command line says what time it is.
  server.now = new Date();
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  const { community_id: id } = await database.db
    .selectFrom('communities')
    .select('community_id')
    .executeTakeFirstOrThrow();
  const [startsAt, endsAt] = [new Date('2025-03-01'), new Date('2025-03-02')];
  const event = { name: 'Double day', factor: 200n, backdated: true };
  await createMultiplier(database.db, id, { ...event, startsAt, endsAt }, TESTER, server.now);
});

describe('reporting work', () => {
  it('CL-60 share-gpu says 150 OMNIT for 24 h without a multiplier, records, and prints an id to repeat it by', async () => {
    const { code, stdout, stderr } = await cli([...share, '--contributor', 'ada']);
    const [sentence, note = ''] = stdout.split('\n');
    expect([code, sentence, stderr]).toEqual([0, 'Shared 24 h of NVIDIA RTX 3080: 150 OMNIT', '']);
    const id = /add: --id (\S+)$/.exec(note)?.[1] ?? '';
    expect(await recorded('admin', id)).toMatchObject({
      contributor: 'ada',
      category: 'gpu-contributors',
      subject: 'NVIDIA RTX 3080',
      amount: '24',
      reward: '150',
    });
    const again = await cli([...share, '--contributor', 'ada', '--id', id]);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toBe(
      `Shared 24 h of NVIDIA RTX 3080: 150 OMNIT\nIt was recorded before under the id ${id}, and counts once.\n`,
    );
    expect((await server.call('GET', `${omni}/members/ada`)).json.balances.omnit).toBe('150');
  });

  it('CL-61 says by what it was multiplied', async () => {
    const at = ['--at', '2025-03-01T12:00:00Z', '--contributor', 'ada', '--id', 'double/day 1'];
    const { stdout } = await cli([...share, ...at]);
    expect(stdout).toBe(
      "Shared 24 h of NVIDIA RTX 3080: 300 OMNIT, multiplied by 2\nRecorded under the id double/day 1. To repeat it safely, add: --id 'double/day 1'\n",
    );
    // The same work, written otherwise, without its time.
    const again = ['share-gpu', '--gpu-type=NVIDIA RTX 3080', '--hours=24.000', '--contributor=ada'];
    expect(await cli([...again, '--id=double/day 1'])).toMatchObject({ code: 0 });
    const json = JSON.parse((await cli([...again, '--id=double/day 1', '--json'])).stdout);
    expect(json).toMatchObject({ status: 'duplicate', reward: '300', multiplier: '2' });
    expect(json.occurredAt).toBe('2025-03-01T12:00:00.000Z');
  });

  it('CL-62 refuses other work under a known id, and another time where one is given', async () => {
    const args = (hours: string, ...more: string[]) => [
      'share-gpu',
      '--gpu-type=H100',
      `--hours=${hours}`,
      '--contributor=ada',
      '--id=same',
      ...more,
    ];
    expect((await cli(args('1'))).code).toBe(0);
    for (const other of [args('2'), args('1', '--at=2025-01-01T00:00:00Z')]) {
      const { code, stdout, stderr } = await cli(other);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain('The id "same" was recorded before with other content.');
    }
  });

  it('CL-63 a key that is bound to a member needs no --contributor, any other key does', async () => {
    const { json } = await server.call('POST', `${omni}/keys`, { name: 'node', scopes: ['write'], contributor: 'bob' });
    const OMNITENSOR_API_KEY: string = json.key;
    expect(await cli([...share, '--id=b1'], { OMNITENSOR_API_KEY })).toMatchObject({ code: 0 });
    expect(await cli([...share, '--id=b1'], { OMNITENSOR_API_KEY })).toMatchObject({ code: 0 });
    expect(await recorded('node', 'b1')).toMatchObject({ contributor: 'bob' });
    const foreign = await cli([...share, '--contributor=ada'], { OMNITENSOR_API_KEY });
    expect(foreign).toMatchObject({ code: 1, stdout: '' });
    expect(foreign.stderr).toContain('This key writes for "bob" only.');
    const nobody = await cli(share);
    expect(nobody.code).toBe(2);
    expect(nobody.stderr).toContain('--contributor HANDLE');
    expect((await cli(share, { OMNITENSOR_API_KEY: undefined })).code).toBe(1);
  });

  it('CL-64 contribute-data and test-model record validated datasets and tests', async () => {
    const who = ['--contributor=eve', '--id=x1'];
    const data = await cli(['contribute-data', '--dataset=common-voice', '--validation', ...who]);
    expect(data.stdout).toMatch(/^Validated common-voice: 10 OMNIT\nRecorded under the id x1\./);
    expect((await cli(['contribute-data', '--dataset=common-voice', ...who])).code).toBe(2);
    const model = await cli(['test-model', '--model=llama', '--amount=3', '--contributor=eve', '--id=x2']);
    expect(model.stdout).toMatch(/^Tested llama 3 times: 12 OMNIT\n/);
    expect((await server.call('GET', `${omni}/members/eve`)).json).toMatchObject({ reputation: '11' });
    for (const amount of ['0', '-1', '1.2345', 'abc', '1000001']) {
      expect((await cli(['test-model', '--model=llama', `--amount=${amount}`, '--contributor=eve'])).code).toBe(2);
    }
    expect((await cli(['test-model', '--model=llama', '--contributor=eve', '--at=yesterday'])).code).toBe(2);
  });
});

describe('why', () => {
  it('CL-65 says why a member stands there, and every line of the score, page by page', async () => {
    await server.call('POST', `${omni}/contributions`, {
      contributions: ['a', 'b', 'c'].map((id, n) => ({
        id: `why-${id}`,
        contributor: n === 0 ? 'first' : 'second',
        category: 'model-testers',
        subject: 'llama',
        amount: n === 0 ? '7.5' : '1',
        occurredAt: `2025-05-0${n + 1}T10:00:00Z`,
      })),
    });
    const why = ['why', 'second', '--category=model-testers', '--window=season', '--period=2025-Q2'];
    const { stdout, stderr } = await cli([...why, '--limit=1']);
    expect(stdout).toBe(
      [
        'second is 2nd of 2 with 2 tests: 5.5 tests behind first, who reached that score first. On equal scores whoever reached the score first is ahead.',
        '',
        'When                      Category       Subject  Amount  Rate  Multiplier  OMNIT  Status   Source  Id',
        '2025-05-03T10:00:00.000Z  model-testers  llama         1     4           1      4  counted  admin   why-c',
        '',
      ].join('\n'),
    );
    const before = /--before (\S+)/.exec(stderr)?.[1] ?? '';
    const next = await cli([...why, '--limit=1', `--before=${before}`]);
    expect(next.stdout).toContain('why-b\n');
    expect(next.stderr).toBe('');
    expect(JSON.parse((await cli([...why, '--json'])).stdout).lines).toHaveLength(2);
    expect((await cli(['why', 'nobody'])).code).toBe(1);
    expect((await cli(['why', 'second', '--period=2025-Q2'])).code).toBe(2);
  });

  it('CL-66 exports the whole ledger as CSV', async () => {
    const { code, stdout } = await cli(['why', 'second', '--csv']);
    expect(code).toBe(0);
    expect(stdout.split('\r\n')).toHaveLength(4);
    expect((await cli(['why', 'nobody', '--csv'])).code).toBe(1);
  });
});

describe('contributions', () => {
  const event = (id: string, occurredAt: string) => ({
    id,
    contributor: 'mallory',
    category: 'gpu-contributors',
    amount: '2',
    occurredAt,
  });

  it('CL-67 shows a contribution, voids it with a reason, and lets it count again', async () => {
    const now = server.now.toISOString();
    await server.call('POST', `${omni}/contributions`, { contributions: [event('odd id/1', now)] });
    const it = ['admin', 'odd id/1', '--reason=Measured twice'];
    const dry = await cli(['contributions', 'void', ...it, '--dry-run']);
    expect(dry.stdout).toMatch(
      /^Would void 1 contribution: 12\.5 OMNIT less\.\n\nCategory +Window +Period +Rank before/,
    );
    const voided = await cli(['contributions', 'void', ...it]);
    expect(voided.stdout).toMatch(/^Voided 1 contribution: 12\.5 OMNIT less\.\n/);
    expect(voided.stdout).toMatch(/\ngpu-contributors +all +all +\d of \d +12\.5 +none +0\n/);
    expect((await cli(['contributions', 'void', ...it])).stdout).toMatch(
      /^Voided already: by ADMIN_API_KEY at .+, "Measured twice"\n$/,
    );
    const shown = await cli(['contributions', 'show', 'admin', 'odd id/1']);
    expect(shown.stdout).toMatch(/^Contributor +mallory\n/);
    expect(shown.stdout).toMatch(
      /\nStatus +voided by an admin over the API\nReason +Measured twice\nCounts in +nothing\n$/,
    );
    expect((await cli(['contributions', 'unvoid', ...it])).stdout).toMatch(
      /^Un-voided 1 contribution: 12\.5 OMNIT more/,
    );
  });

  it('CL-68 voids what a member did between two times, and says what is missing', async () => {
    const range = ['--member=mallory', '--from=2025-06-01T00:00:00Z', '--to=2025-06-02T00:00:00Z'];
    const contributions = [event('m1', '2025-06-01T00:00:00Z'), event('m2', '2025-06-01T23:00:00Z')];
    await server.call('POST', `${omni}/contributions`, { contributions });
    const voided = await cli(['contributions', 'void', ...range, '--reason=Its clock was wrong']);
    expect(voided.stdout).toMatch(/^Voided 2 contributions: 25 OMNIT less\.\n/);
    const json = JSON.parse((await cli(['contributions', 'unvoid', ...range, '--reason=x', '--json'])).stdout);
    expect(json).toMatchObject({ changed: 2, leftAlone: [] });
    expect((await cli(['contributions', 'void', ...range])).code).toBe(2);
    expect((await cli(['contributions', 'void', '--member=mallory', '--reason=x'])).code).toBe(2);
    expect((await cli(['contributions', 'void', 'admin', 'm1', ...range, '--reason=x'])).code).toBe(2);
    expect((await cli(['contributions', 'void', 'admin', 'nope', '--reason=x'])).code).toBe(1);
  });
});

describe('rates', () => {
  it('CL-69 lists what units earn', async () => {
    const { stdout } = await cli(['rates', 'list']);
    expect(stdout).toMatch(/^Category +Subject +OMNIT a unit +From +Until\n/);
    expect(stdout).toMatch(/\ndata-validators +any +10 +1970-01-01T00:00:00\.000Z\n/);
    const only = JSON.parse((await cli(['rates', 'list', '--category=model-testers', '--json'])).stdout);
    expect(only.rates).toHaveLength(1);
  });
});
