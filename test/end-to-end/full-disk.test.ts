import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { expect, it } from 'vitest';
import { AppProcess, DataDir, verifyStandings } from '../support/app-process.ts';
import { ContributionLoad } from '../support/contribution-load.ts';
import { SmallDisk } from '../support/small-disk.ts';

const CALLERS = 8;
const DISK_MB = 160;
/** More than fit on the disk. */
const MOST_LOG_FILES = 20;

it(
  'EE-30 a full disk: what does not fit is put off with 503, nothing is half-written, and with room again it goes on by itself',
  { timeout: 90_000 },
  async ({ skip }) => {
    const mounted = await SmallDisk.mount(DISK_MB);
    if (!mounted) {
      skip('This process may not mount a file system.');
      return;
    }
    await using disk = mounted;
    const path = join(disk.path, 'data');
    await mkdir(path);
    await using _dataDir = new DataDir(path);
    await using app = await AppProcess.start({ DATA_DIR: path });
    const load = new ContributionLoad(app);
    load.start(CALLERS);
    await load.more(50);

    await disk.fill();
    await load.more(CALLERS * 2, 503);
    expect((await app.call('GET', '/healthz')).status).toBe(200);
    await disk.free();
    await load.more(CALLERS * 4);

    // Without room for its log, PostgreSQL itself goes down.
    await disk.fill();
    await switchLogs(path);
    await load.more(CALLERS * 2, 503);
    await disk.free();
    await app.logs(/^The embedded PostgreSQL had died and was started again/);
    await load.more(CALLERS * 4);

    await load.stop();
    expect(load.improper).toEqual([]);
    await load.settle(app);
    expect(await verifyStandings({ DATA_DIR: path })).toMatchObject({ code: 0 });
    expect((await app.stop()).code).toBe(0);
  },
);

/** Has PostgreSQL begin new files of its log, as it does every 16 MB, until it has used up those it keeps in reserve. */
async function switchLogs(dataDir: string): Promise<void> {
  const { connectionString } = JSON.parse(await readFile(join(dataDir, 'postgres.json'), 'utf8'));
  const client = new pg.Client({ connectionString });
  client.on('error', () => {});
  await client.connect();
  try {
    for (let files = 0; files < MOST_LOG_FILES; files += 1) {
      // A file that nothing was written to is not left for the next.
      await client.query("select pg_logical_emit_message(false, 'full-disk', 'a line'), pg_switch_wal()");
    }
  } catch {
    // It went down, as it was to.
  } finally {
    await client.end().catch(() => {});
  }
}
