import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCsv } from '../../src/cli/import/csv.ts';
import type { Entry } from '../../src/cli/import/entry.ts';
import { ndjson } from '../../src/cli/import/ndjson.ts';
import { RecordSplitter } from '../../src/cli/import/records.ts';

const FIELDS = ['id', 'contributor', 'category', 'amount', 'occurredAt', 'subject', 'displayName'];

/** Cells that are hard on a parser, and others. */
const cell = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r\n', ';', 'é', '🦊', ' '), minLength: 1 }),
);

/** Bytes as they may come from a file: in pieces of any size. */
function* pieces(text: string, sizes: readonly number[]): Generator<Buffer> {
  const bytes = Buffer.from(text);
  for (let from = 0, n = 0; from < bytes.length; n += 1) {
    const size = sizes[n % sizes.length] ?? bytes.length;
    yield bytes.subarray(from, from + size);
    from += size;
  }
}

function readAll(format: typeof ndjson, text: string, sizes: readonly number[]): Entry[] {
  const splitter = new RecordSplitter(format.findEnd);
  const records = [...pieces(text, sizes)].flatMap((chunk) => [...splitter.push(chunk)]);
  return [...records, ...splitter.end()].flatMap((record) => format.read(record) ?? []);
}

const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 });

describe('reading events in pieces', () => {
  it('CL-24 reads back every text that CSV can hold, with the line that it begins in', () => {
    const rows = fc.array(fc.tuple(cell, cell, cell, cell, cell, cell, cell), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(rows, sizes, fc.constantFrom('\n', '\r\n'), (rows, sizes, lineEnd) => {
        const written = [FIELDS, ...rows]
          .map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','))
          .join(lineEnd);
        const warn = (message: string) => expect.fail(message);
        const entries = readAll(createCsv(warn), written, sizes);
        let line = 2;
        const expected = rows.map((row) => {
          const entry = { line, json: JSON.stringify(Object.fromEntries(FIELDS.map((name, n) => [name, row[n]]))) };
          line += 1 + row.join('').split('\n').length - 1;
          return entry;
        });
        expect(entries).toEqual(expected);
      }),
    );
  });

  it('CL-20 reads back every line of NDJSON', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, fc.nat())), sizes, (events, sizes) => {
        const json = events.map(([id, amount]) => JSON.stringify({ id, amount }));
        const entries = readAll(ndjson, json.join('\n\n'), sizes);
        expect(entries).toEqual(json.map((text, n) => ({ line: 1 + 2 * n, json: text })));
      }),
    );
  });
});
