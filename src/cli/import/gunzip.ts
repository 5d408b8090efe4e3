import { createGunzip, type Gunzip } from 'node:zlib';
import { CliError } from '../errors.ts';
import type { Chunks } from './input.ts';

/** What goes in at a time: deflate makes up to a thousand times as much of it, all of which is held at once. */
const SLICE_BYTES = 16 * 1024;

/** A file that ends too early or is broken in the middle. What came before it is good. */
export class BrokenInputError extends CliError {
  override readonly name = 'BrokenInputError';

  constructor(cause: Error) {
    super(
      'refused',
      `The .gz is cut off or broken (${cause.message}). What could be read was sent.\nGet the whole file and import it again: nothing counts twice.`,
      { cause },
    );
  }
}

/** Whether bytes begin like a gzip file. */
export function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * Unpacks gzip. Of a file that is cut off or broken, everything before that comes out first.
 *
 * A stream that fails throws away what nobody has read yet, so slices are unpacked one after another, and what each
 * gives is passed on before the next.
 *
 * @throws BrokenInputError at the place where it is cut off or broken
 */
export async function* gunzip(chunks: Chunks): AsyncGenerator<Buffer> {
  const stream = createGunzip();
  const output: Buffer[] = [];
  let failure: Error | undefined;
  stream.on('data', (bytes: Buffer) => output.push(bytes));
  stream.on('error', (error) => (failure = error));
  try {
    for await (const slice of slices(chunks)) {
      await write(stream, slice);
      yield* output.splice(0);
      if (failure) throw new BrokenInputError(failure);
    }
    await end(stream);
    yield* output.splice(0);
    if (failure) throw new BrokenInputError(failure);
  } finally {
    stream.destroy();
  }
}

async function* slices(chunks: Chunks): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += SLICE_BYTES) yield chunk.subarray(from, from + SLICE_BYTES);
  }
}

/** Resolves when all that the slice gives is out, or with the error's event. */
async function write(stream: Gunzip, slice: Buffer): Promise<void> {
  // What follows the end of the last member is padding.
  if (stream.readableEnded) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once('close', resolve);
  stream.write(slice, () => resolve());
  await promise;
  stream.off('close', resolve);
}

async function end(stream: Gunzip): Promise<void> {
  if (stream.readableEnded) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once('close', resolve).once('end', resolve);
  stream.end();
  await promise;
}
