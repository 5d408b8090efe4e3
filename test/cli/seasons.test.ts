import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { runCli } from './run-cli.ts';

const database = useDatabase();
const server = useHttpServer(database);
const env = () => ({ OMNITENSOR_URL: server.url });
const cli = (...args: string[]) => runCli(['seasons', ...args], { env: env() });
const update = (...args: string[]) => runCli(['communities', 'update', ...args], { env: env() });
const WEEK = ['2026-W34', '--window=week'];
const GPU = '--category=gpu-contributors';
let document = '';
let sha256 = '';

beforeAll(async () => {
  server.now = new Date('2026-08-01T00:00:00Z');
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  server.now = new Date('2026-08-22T12:00:00Z');
  const common = { category: 'gpu-contributors', occurredAt: '2026-08-20T10:00:00Z' };
  await server.call('POST', '/v1/communities/omni/contributions', {
    contributions: [
      { ...common, id: '1', contributor: 'ada', amount: 2 },
      { ...common, id: '2', contributor: 'bob', amount: 3 },
    ],
  });
  document = '1\tbob\t18.75\t2026-08-20T10:00:00.000Z\n2\tada\t12.5\t2026-08-20T10:00:00.000Z\n';
  sha256 = createHash('sha256').update(document).digest('hex');
});

const close = async (at: string) => {
  server.now = new Date(at);
  await closeDueWindows(recording(database.db), server.now);
};

describe('seasons on the command line', () => {
  it('CL-100 lists and shows seasons', async () => {
    expect((await cli()).stdout).toBe(
      `Key      Name     Status    Starts                    Ends
2026-Q4  2026-Q4  upcoming  2026-10-01T00:00:00.000Z  2027-01-01T00:00:00.000Z
2026-Q3  2026-Q3  open      2026-07-01T00:00:00.000Z  2026-10-01T00:00:00.000Z
`,
    );
    expect((await cli('show')).stdout).toMatch(/^2026-Q3\n\n[^]*\nNo final tables yet: it is open\.\n$/);
    expect(JSON.parse((await cli('--json')).stdout).seasons).toHaveLength(2);
  });

  it('CL-100 creates, renames and removes seasons', async () => {
    const made = await cli('create', '--key=spring', '--name=Spring', '--starts=2027-01-01', '--ends=2027-05-01');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toBe(
      `Spring (spring)

Status  upcoming
Starts  2027-01-01T00:00:00.000Z
Ends    2027-05-01T00:00:00.000Z
Kind    the community's own

From 2027-01-01T00:00:00.000Z on there are no calendar quarters: seasons are those that you create. 2027-Q1 will not take place.
The 9 prizes set up for seasons are given for this one too, in full however long it lasts.
`,
    );
    expect((await cli('rename', 'spring', '--name', 'Bloom')).stdout).toMatch(/^Bloom \(spring\)\n/);
    expect((await cli('show', 'spring')).stdout).toMatch(/^Bloom \(spring\)\n/);
    expect((await cli('remove', 'spring')).stdout).toBe('Removed the season spring.\n');
    expect(await cli('show', 'spring')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: /),
    });
  });

  it.each<[string, string[], number]>([
    ['key', ['create', '--name=x', '--starts=2027-01-01', '--ends=2027-05-01'], 2],
    ['key that is free', ['create', '--key=2026-q4', '--name=x', '--starts=2027-01-01', '--ends=2027-05-01'], 2],
    ['key of another shape', ['create', '--key=9999-q9', '--name=x', '--starts=2027-01-01', '--ends=2027-05-01'], 2],
    ['start that lies ahead', ['create', '--key=x', '--name=x', '--starts=2026-08-01', '--ends=2027-05-01'], 1],
    ['name', ['rename', 'current'], 2],
    ['reason', ['amend', '2026-Q3'], 2],
    ['category', ['final', '2026-Q3'], 2],
    ['window that closes', ['verify', 'all', '--window=all'], 2],
    ['table that is final', ['final', '2026-Q3', GPU], 1],
    ['table to verify', ['verify', '2026-Q3'], 1],
  ])('CL-101 without a %s it is refused', async (_, args, code) => {
    const refused = await cli(...args);
    expect(refused).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(/^error: /) });
    expect(refused.stderr).not.toContain('    at ');
  });

  it('CL-102 closes a window by hand, and prints its final table as the document that was hashed', async () => {
    await close('2026-08-24T00:10:00Z');
    const closed = await cli('close', ...WEEK);
    expect(closed).toMatchObject({ code: 0, stderr: '' });
    expect(closed.stdout).toMatch(/^Closed 2026-W34\.\n\nCategory +Members +Total +Unit +Version +SHA-256\n/);
    expect(closed.stdout).toContain(`gpu-contributors        2  31.25  OMNIT          1  ${sha256}\n`);
    expect(await cli('close', ...WEEK)).toMatchObject({ code: 1, stdout: '' });
    expect(await cli('final', ...WEEK, GPU)).toEqual({ code: 0, stderr: '', stdout: document });
  });

  it('CL-102 prints a final table as JSON, and an empty one as nothing', async () => {
    expect(JSON.parse((await cli('final', ...WEEK, GPU, '--json')).stdout)).toEqual([
      { rank: 1, handle: 'bob', score: '18.75', reachedAt: '2026-08-20T10:00:00.000Z' },
      { rank: 2, handle: 'ada', score: '12.5', reachedAt: '2026-08-20T10:00:00.000Z' },
    ]);
    expect((await cli('final', ...WEEK, '--category=model-testers', '--json')).stdout).toBe('[]\n');
    expect((await cli('final', ...WEEK, '--category=model-testers')).stdout).toBe('');
  });

  it('CL-103 has final tables recomputed', async () => {
    const proved = await cli('verify', ...WEEK);
    expect(proved).toMatchObject({ code: 0, stderr: '' });
    const empty = createHash('sha256').digest('hex');
    expect(proved.stdout).toBe(
      `gpu-contributors 2026-W34: 2 members, SHA-256 ${sha256}, as recorded (checked 2026-08-24T00:10:00.000Z)
data-validators 2026-W34: 0 members, SHA-256 ${empty}, as recorded (checked 2026-08-24T00:10:00.000Z)
model-testers 2026-W34: 0 members, SHA-256 ${empty}, as recorded (checked 2026-08-24T00:10:00.000Z)
`,
    );
  });

  it('CL-103 has them recomputed for whoever has no key', async () => {
    const proved = await runCli(['seasons', 'verify', ...WEEK], { env: { ...env(), OMNITENSOR_API_KEY: undefined } });
    expect(proved).toMatchObject({ code: 0, stderr: '' });
    expect(proved.stdout).toContain(`gpu-contributors 2026-W34: 2 members, SHA-256 ${sha256}, as recorded (checked `);
  });

  it('CL-103 exits 1 with the differences where a table is not as recorded', async () => {
    const move = (by: number) =>
      sql`update standings set neg_score = neg_score + ${by} where neg_score in (-12500, -13500)`.execute(database.db);
    await move(-1_000);
    const wrong = await cli('verify', ...WEEK);
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toMatch(
      new RegExp(
        `^gpu-contributors 2026-W34: 2 members, SHA-256 ${sha256}, and it differs \\(checked \\S+\\):\n  Member \\d+: 13\\.5, `,
      ),
    );
    expect(wrong.stdout).toContain('\n  The hash of its document is ');
    expect(wrong.stderr).toBe('error: Not as recorded: 1 of 3 final tables.\n');
    const asJson = await cli('verify', ...WEEK, GPU, '--json');
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.stdout).tables[0]).toMatchObject({ sha256, members: 2 });
    await move(1_000);
    expect((await cli('verify', ...WEEK)).code).toBe(0);
  });

  it('CL-104 amends a final table, and keeps each version', async () => {
    expect(await cli('amend', ...WEEK, '--reason=Fraud')).toMatchObject({ code: 1, stdout: '' });
    await runCli(['contributions', 'void', 'admin', '1', '--reason=Fraud'], { env: env() });
    const amended = await cli('amend', ...WEEK, '--reason=Fraud');
    expect(amended).toMatchObject({ code: 0, stderr: '' });
    expect(amended.stdout).toMatch(/^gpu-contributors 2026-W34: version 2, 1 line changed\n\nCategory /);
    expect((await cli('final', ...WEEK, GPU)).stdout).toBe('1\tbob\t18.75\t2026-08-20T10:00:00.000Z\n');
    expect((await cli('final', ...WEEK, GPU, '--table-version=1')).stdout).toBe(document);
    expect(await cli('final', ...WEEK, GPU, '--table-version=9')).toMatchObject({ code: 1, stdout: '' });
  });

  it('CL-104 has any version recomputed', async () => {
    expect((await cli('verify', ...WEEK, GPU)).stdout).toMatch(/^gpu-contributors 2026-W34 \(version 2\): 1 member, /);
    expect((await cli('verify', ...WEEK, GPU, '--table-version=1')).stdout).toContain(`SHA-256 ${sha256}, as recorded`);
  });

  it('CL-106 takes --version behind a command for the version of the table, and prints its own before one', async () => {
    expect((await cli('final', ...WEEK, GPU, '--version', '1')).stdout).toBe(document);
    expect((await cli('verify', ...WEEK, GPU, '--version=1')).stdout).toContain(`SHA-256 ${sha256}, as recorded`);
    for (const [args, message] of [
      [['final', ...WEEK, GPU, '--version'], 'argument missing'],
      [['final', ...WEEK, GPU, '--version=0'], 'It must be a whole number'],
      [['versions', ...WEEK, GPU, '--version'], "unknown option '--version'"],
    ] as const) {
      expect(await cli(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
    }
    const own = await runCli(['--json', '--version'], { env: env() });
    expect(own).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    const { stdout: help } = await cli('final', '--help');
    expect(help).toMatch(/--table-version, --version <n>/);
    expect(help).not.toContain('print the version');
  });

  it('CL-106 takes what every command takes before it and behind it', async () => {
    for (const args of [
      ['--json', 'seasons', 'versions', ...WEEK, GPU],
      ['seasons', '--json', 'versions', ...WEEK, GPU],
      ['seasons', 'versions', ...WEEK, GPU, '--json', '--community=omni'],
    ]) {
      expect(JSON.parse((await runCli(args, { env: env() })).stdout).versions).toHaveLength(2);
    }
  });

  it('CL-104 lists the versions of a final table, and says where one is no longer reproducible', async () => {
    await server.call('PATCH', '/v1/communities/omni/members/ada/privacy', { hidden: true });
    const { stdout } = await cli('versions', ...WEEK, GPU);
    expect(stdout).toMatch(/^Version {2}Why +Made +Members {2}SHA-256 +Status\n/);
    expect(stdout).toMatch(/\n +1 {2}closed +\S+ +2 {2}[0-9a-f]{64} {2}superseded, no longer reproducible\n/);
    expect(stdout).toMatch(/\n +2 {2}amended: Fraud +\S+ +1 {2}[0-9a-f]{64} {2}readable\n/);
    expect(await cli('final', ...WEEK, GPU, '--table-version=1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Read version 2 in its place.'),
    });
  });

  it('CL-105 sets how windows close, the countdown and the budget', async () => {
    const changed = await update(
      '--late-minutes=120',
      '--provisional-minutes=season=2880',
      '--provisional-minutes=week=5',
      '--countdown-hours=48,1',
      '--monthly-budget=5000.5',
    );
    expect(changed.stdout).toContain(
      'Closing     120 min for what comes late, then provisional: weeks 5 min, months 120 min, seasons 2880 min\n',
    );
    expect(changed.stdout).toContain('Countdown   48 h, 1 h\nBudget      5000.5 OMNIT a month\n');
  });

  it('CL-105 switches countdown and budget off, and refuses what cannot be', async () => {
    const off = await update('--countdown-hours=none', '--monthly-budget=none');
    expect(off.stdout).toContain('Countdown   off\nBudget      none\n');
    for (const wrong of [
      '--late-minutes=-1',
      '--provisional-minutes=all=1',
      '--countdown-hours=0',
      '--monthly-budget=x',
    ]) {
      expect(await update(wrong)).toMatchObject({ code: 2, stdout: '' });
    }
  });
});
