import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Lies in DATA_DIR, readable by its owner alone; `omnitensor-cli` on the same machine reads it. */
const ADMIN_KEY_FILE = 'admin-key';

/** Reads the admin key of a DATA_DIR, and makes it when there is none. Safe to repeat and to call at once. */
export async function findOrMakeAdminKey(dataDir: string): Promise<string> {
  const file = join(dataDir, ADMIN_KEY_FILE);
  try {
    await writeFile(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const key = (await readFile(file, 'utf8')).trim();
  if (key) return key;
  throw new Error(`${file} is empty. Remove it, and a new key is made at the next start.`);
}
