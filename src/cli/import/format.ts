import { createCsv } from './csv.ts';
import type { Format } from './entry.ts';
import { gunzip, isGzip } from './gunzip.ts';
import { peek, type Chunks } from './input.ts';
import { ndjson } from './ndjson.ts';

export const FORMAT_NAMES = ['ndjson', 'csv'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

const BY_EXTENSION: Record<string, FormatName> = { ndjson: 'ndjson', jsonl: 'ndjson', json: 'ndjson', csv: 'csv' };
const MAX_FIRST_LINE_BYTES = 64 * 1024;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/**
 * Makes events readable: unpacks gzip, drops a byte order mark, and finds the format: the one asked for, else the one the
 * file's name tells, else by the first line.
 */
export async function openFormat(
  chunks: Chunks,
  file: string,
  wanted: FormatName | undefined,
  warn: (message: string) => void,
): Promise<{ format: Format; chunks: Chunks }> {
  const packed = await peek(chunks, (head) => head.length >= 2);
  const opened = await peek(
    isGzip(packed.head) ? gunzip(packed.chunks) : packed.chunks,
    (head) => head.includes('\n') || head.length >= MAX_FIRST_LINE_BYTES,
  );
  const extension = /\.([^./\\]+?)(\.gz)?$/i.exec(file)?.[1]?.toLowerCase() ?? '';
  const name = wanted ?? BY_EXTENSION[extension] ?? guess(opened.head);
  return { format: name === 'csv' ? createCsv(warn) : ndjson, chunks: withoutByteOrderMark(opened.chunks) };
}

/** A header of CSV names a field that every event has, and is no object. */
function guess(head: Buffer): FormatName {
  const [line = ''] = head.toString('utf8').trimStart().split('\n', 1);
  return !line.startsWith('{') && line.includes('contributor') ? 'csv' : 'ndjson';
}

async function* withoutByteOrderMark(chunks: Chunks): AsyncGenerator<Buffer> {
  let isFirst = true;
  // The first chunk is the head that was peeked at, so the mark is whole in it.
  for await (const chunk of chunks) {
    const marked = isFirst && chunk.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
    isFirst = false;
    yield marked ? chunk.subarray(BYTE_ORDER_MARK.length) : chunk;
  }
}
