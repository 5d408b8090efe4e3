import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { AppProcess } from '../support/app-process.ts';
import { ADMIN_KEY } from '../support/http-server.ts';
import { makeTemporaryDirectory, withDatabase } from './bench-database.ts';
import { heavyTailedContributions } from './contributions.ts';
import type { BenchContext, Figure, FigureGroup } from './figure.ts';

const EVENTS = 1_000_000;
const MEMBERS = 100_000;
const CLI = fileURLToPath(new URL('../../src/cli/omnitensor-cli.js', import.meta.url));
const SAMPLE_EVERY_MS = 500;

/** The memory that a large import takes, of the server and of the CLI. */
export const importFigures: FigureGroup = {
  names: ['import_rss_mb'],
  async measure(context) {
    // Only Linux tells the memory of another process without a program of its own.
    if (!existsSync('/proc/self/status')) return [figure(null, 'measured on Linux only')];
    const directory = await makeTemporaryDirectory();
    try {
      const file = join(directory, 'contributions.ndjson');
      context.progress(`import: writing ${EVENTS} contributions`);
      await pipeline(Readable.from(lines()), createWriteStream(file));
      return [await withDatabase(await context.serverUrl(), (url) => measureImport(context, url, file))];
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

function* lines(): Generator<string> {
  const contributions = heavyTailedContributions(MEMBERS);
  for (let n = 0; n < EVENTS; n += 1) yield `${JSON.stringify(contributions.next().value)}\n`;
}

async function measureImport(context: BenchContext, databaseUrl: string, file: string): Promise<Figure> {
  await using app = await AppProcess.start({ DATABASE_URL: databaseUrl });
  context.progress('import: importing');
  const start = performance.now();
  const cli = spawn(process.execPath, [CLI, 'import', file], {
    env: { PATH: process.env['PATH'], OMNITENSOR_URL: app.url, OMNITENSOR_API_KEY: ADMIN_KEY },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const server: number[] = [];
  let cliPeak = 0;
  const sampling = setInterval(() => {
    server.push(megabytes(app.pid, 'VmRSS'));
    cliPeak = Math.max(cliPeak, megabytes(cli.pid ?? 0, 'VmHWM'));
  }, SAMPLE_EVERY_MS);
  const output = cli.stdout.setEncoding('utf8').toArray();
  // What `close` tells first is the exit code.
  const [code] = (await once(cli, 'close')) as [number | null];
  clearInterval(sampling);
  const seconds = (performance.now() - start) / 1_000;
  if (code !== 0) throw new Error(`The import ended with ${code}: ${(await output).join('')}`);
  const peak = megabytes(app.pid, 'VmHWM');
  const firstHalf = Math.max(...server.slice(0, server.length / 2));
  await app.stop();
  return figure(
    peak,
    `peak memory of the server while the CLI imports ${EVENTS} contributions (${Math.round(EVENTS / seconds)}/s); in the first half ${firstHalf.toFixed(0)} MB, the CLI at most ${cliPeak.toFixed(0)} MB`,
  );
}

/** The memory of a process now (`VmRSS`) or at most so far (`VmHWM`); 0 when it has ended. */
function megabytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const path = `/proc/${pid}/status`;
  const status = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
  return Number(kibibytes ?? 0) / 1_024;
}

function figure(value: number | null, measured: string): Figure {
  return { name: 'import_rss_mb', value, unit: 'MB', goal: { atMost: 300 }, measured };
}
