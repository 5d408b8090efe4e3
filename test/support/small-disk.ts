import { execFile } from 'node:child_process';
import { chmod, mkdtemp, open, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endedItself, endWithFile } from './end-with-file.ts';

const run = promisify(execFile);
const CHUNK = Buffer.alloc(64 * 1024);

/** A real file system of a few megabytes. */
export class SmallDisk {
  readonly path: string;
  readonly #filler: string;

  private constructor(path: string) {
    this.path = path;
    this.#filler = join(path, 'filler');
    endWithFile(this);
  }

  /** Mounts one of so many megabytes; undefined where this process may not mount. */
  static async mount(megabytes: number): Promise<SmallDisk | undefined> {
    const path = await mkdtemp(join(tmpdir(), 'omnitensor-disk-'));
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'omnitensor-test', path]);
    } catch {
      await rmdir(path);
      return undefined;
    }
    await chmod(path, 0o755);
    return new SmallDisk(path);
  }

  /** Takes what room there is, to the last block. */
  async fill(): Promise<void> {
    await using file = await open(this.#filler, 'a');
    for (const size of [CHUNK.length, 4096]) {
      for (let full = false; !full;) {
        full = await file.appendFile(CHUNK.subarray(0, size)).then(
          () => false,
          () => true,
        );
      }
    }
  }

  /** Gives the room back. */
  async free(): Promise<void> {
    await rm(this.#filler);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    endedItself(this);
    await run('umount', [this.path]);
    await rmdir(this.path);
  }
}
