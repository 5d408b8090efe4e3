import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { displayWidth } from '../../src/cli/display-text.ts';
import { importProgress } from '../../src/cli/import/progress.ts';
import { formatProgress } from '../../src/progress-bar.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { FlakyProxy } from './flaky-proxy.ts';
import { CLI, cliEnvironment, RunningCli } from './run-cli.ts';

const server = useHttpServer(useDatabase());
let folder = '';
let proxy: FlakyProxy;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnitensor-terminal-'));
  proxy = await new FlakyProxy(server.url).start();
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
});
afterAll(async () => {
  await proxy.stop();
  await rm(folder, { recursive: true });
});

const contribution = (id: string, contributor: string, amount: number) => ({
  id,
  contributor,
  category: 'model-testers',
  amount,
  occurredAt: '2026-08-20T10:00:00Z',
});
const contribute = (id: string, contributor: string, amount: number) =>
  server.call('POST', '/v1/communities/omni/contributions', { contributions: [contribution(id, contributor, amount)] });

/** Runs the CLI on a terminal of 80 columns and 24 rows; what both outputs write comes out of the terminal. */
function onTerminal(...args: string[]): RunningCli {
  const command = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(' ');
  const env = cliEnvironment({
    OMNITENSOR_URL: proxy.url,
    OMNITENSOR_COMMUNITY: 'omni',
    TERM: 'xterm',
    SHELL: '/bin/sh',
  });
  return new RunningCli(spawn('script', ['-qec', `stty cols 80 rows 24; exec ${command}`, '/dev/null'], { env }));
}

/** Linux has \`script\` as it is called here; elsewhere it takes other arguments. */
const hasScript = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;

describe.skipIf(!hasScript)('on a terminal', () => {
  it('CL-15 redraws a watched board in its place, says when the server is away, and restores the cursor', async () => {
    const watching = onTerminal('leaderboard', '--category=model-testers', '--watch');
    await watching.seen('stdout', (text) => text.includes('Watching.'));
    expect(watching.stdout).toContain('\u001B[?25l');
    await contribute('1', 'ada', 2);
    // Up over the two lines that are there, and away with them.
    await watching.seen('stdout', (text) =>
      text.includes('\u001B[2A\r\u001B[JTop 3 Contributors:\r\n1. ada - 2 tests\r\n'),
    );
    await proxy.stop();
    await watching.seen('stdout', (text) => text.includes('The server does not answer since'));
    await proxy.start();
    await watching.seen('stdout', (text) => text.lastIndexOf('Watching.') > text.lastIndexOf('does not answer'));
    watching.child.stdin?.write('\u0003');
    const { code, stdout } = await watching.ended;
    expect(code).toBe(0);
    expect(stdout.endsWith('Top 3 Contributors:\r\n1. ada - 2 tests\r\n\u001B[?25h')).toBe(true);
  });

  it('CL-15 draws no more of a watched board than the terminal has room for', async () => {
    for (let n = 0; n < 30; n += 1) await contribute(`many${n}`, `member${n}`, n + 10);
    const watching = onTerminal('leaderboard', '--category=model-testers', '--watch', '--limit=100');
    await watching.seen('stdout', (text) => text.includes('Watching.'));
    watching.child.stdin?.write('\u0003');
    const { stdout } = await watching.ended;
    const drawn = stdout.slice(0, stdout.indexOf('Watching.')).split('\r\n');
    expect(drawn).toHaveLength(23);
    expect(drawn.at(-2)).toMatch(/^… \d+ more/);
  });

  it('CL-16 prints a board on a terminal as it does into a file', async () => {
    const { stdout } = await onTerminal('leaderboard', '--category=model-testers', '--limit=1').ended;
    expect(stdout).toBe('Top 1 Contributors:\r\n1. member29 - 39 tests\r\n');
  });

  it('CL-34 shows how far an import is, and leaves the counts alone on the last line', async () => {
    const path = join(folder, 'many.ndjson');
    const lines = Array.from({ length: 3_000 }, (_, n) =>
      JSON.stringify(contribution(`e${n}`, `m${n}`, n === 5 ? 0 : 1)),
    );
    await writeFile(path, lines.join('\n'));
    const { code, stdout } = await onTerminal('import', path).ended;
    expect(code).toBe(1);
    expect(stripVTControlCharacters(stdout)).toMatch(/[█░]+ \d+ % · \S+ kB of 331 kB · 1,000 events · [\d,]+\/s/);
    expect(stdout).toContain('line 6: invalid_amount');
    expect(stdout.endsWith('\r\u001B[2Kaccepted 2999, duplicates 0, rejected 1\r\n')).toBe(true);
  });
});

describe('figures', () => {
  it('CL-34 fits progress into the columns there are', () => {
    const progress = importProgress({ bytesRead: 12_300_000, totalBytes: 49_200_000 }, 123_000);
    const full = formatProgress(progress, 10, 79);
    expect(full).toBe('███░░░░░░░░░ 25 % · 12 MB of 49 MB · 123,000 events · 12,300/s · 30 s left');
    for (const columns of [10, 40, 60, 66, 70, 80, 120]) {
      expect(displayWidth(formatProgress(progress, 10, columns))).toBeLessThanOrEqual(columns);
    }
    const piped = importProgress({ bytesRead: 1_500, totalBytes: undefined }, 10);
    expect(formatProgress(piped, 2, 80)).toBe('1.5 kB · 10 events · 5/s');
  });

  it.each([
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['オムニ', 6],
    ['漢字', 4],
    ['한글', 4],
    ['🦊', 2],
    ['👩‍🚀', 2],
    ['a\u200Bb', 2],
    ['ｱ', 1],
    ['（', 2],
  ])('CL-40 takes %j for %i columns wide', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});
