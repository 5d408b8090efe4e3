import { fstat } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { CliError } from '../errors.ts';

/** Bytes, in order. */
export type Chunks = AsyncIterable<Buffer>;

/** What is imported, as it comes, with how far it has been read. */
export type Input = {
  chunks: Chunks;
  bytesRead: number;
  /** Undefined for a pipe. */
  totalBytes: number | undefined;
};

/**
 * Opens a file, or standard input for `-`.
 * @throws CliError `refused` when it is not there or cannot be read
 */
export async function openInput(file: string): Promise<Input> {
  if (file === '-') return count(process.stdin, await sizeOfStdin());
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const stats = await handle.stat();
    if (stats.isDirectory()) throw new Error('it is a folder');
    return count(handle.createReadStream(), stats.isFile() ? stats.size : undefined);
  } catch (error) {
    await handle?.close();
    throw unreadable(file, error);
  }
}

/** Standard input has a size when it is a file: `import - < file`. */
function sizeOfStdin(): Promise<number | undefined> {
  return new Promise((resolve) => {
    fstat(0, (error, stats) => resolve(!error && stats.isFile() ? stats.size : undefined));
  });
}

function count(stream: NodeJS.ReadableStream, totalBytes: number | undefined): Input {
  const input: Input = { chunks: counted(), bytesRead: 0, totalBytes };
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of stream) {
      // Strings come only from streams with an encoding, which these have not.
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      input.bytesRead += bytes.length;
      yield bytes;
    }
  }
  return input;
}

function unreadable(file: string, error: unknown): CliError {
  const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  const why = isMissing ? 'there is no such file' : error instanceof Error ? error.message : String(error);
  return new CliError('refused', `"${file}" cannot be read: ${why}.`, { cause: error });
}

/**
 * Reads ahead until there is enough to tell what the bytes are.
 * @returns the head, and all bytes from the beginning; an error of reading comes where it is, after what was read
 */
export async function peek(
  chunks: Chunks,
  isEnough: (head: Buffer) => boolean,
): Promise<{ head: Buffer; chunks: Chunks }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let failure: { error: unknown } | undefined;
  let isDone = false;
  while (!isDone && !failure && !isEnough(head)) {
    try {
      const next = await iterator.next();
      if (next.done) isDone = true;
      else head = Buffer.concat([head, next.value]);
    } catch (error) {
      failure = { error };
    }
  }
  return { head, chunks: replay() };

  async function* replay(): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head;
    if (failure) throw failure.error;
    if (!isDone) yield* { [Symbol.asyncIterator]: () => iterator };
  }
}
