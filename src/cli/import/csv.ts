import { CliError } from '../errors.ts';
import { decode, FIELDS, refuse, REQUIRED_FIELDS, type Format } from './entry.ts';
import type { FindEnd } from './records.ts';

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;

/**
 * CSV (RFC 4180) with a header that names the fields, in any order. An empty cell is no value. Cells are texts, amounts
 * too: they are sent as they stand.
 *
 * @param warn told about columns that mean nothing
 * @throws CliError `refused`, from `read`, when the header lacks a field
 */
export function createCsv(warn: (message: string) => void): Format {
  let header: readonly string[] | undefined;
  return {
    findEnd: createRowEndFinder(),
    read(record) {
      const text = decode(record);
      if (typeof text !== 'string') return text;
      const row = text.replace(/\r$/, '');
      if (row === '') return undefined;
      const cells = parseRow(row);
      if (!header) {
        header = checkHeader(cells ?? [], warn);
        return undefined;
      }
      const { line } = record;
      if (!cells)
        return refuse(
          line,
          'broken_csv',
          'A quote is not closed, or something follows a closing quote. Double a quote that is part of a text.',
        );
      if (cells.length !== header.length) {
        return refuse(
          line,
          'broken_csv',
          `This has ${cells.length} cells and the header ${header.length}. Quote texts that hold commas.`,
        );
      }
      const fields = header.flatMap((name, column) => {
        const cell = cells[column] ?? '';
        return cell !== '' && isField(name) ? [[name, cell] as const] : [];
      });
      return { line, json: JSON.stringify(Object.fromEntries(fields)) };
    },
  };
}

/** Splits a row into cells; undefined when its quotes do not fit. */
function parseRow(row: string): string[] | undefined {
  const cells: string[] = [];
  for (let at = 0; at <= row.length; at += 1) {
    if (row[at] === '"') {
      const end = findClosingQuote(row, at + 1);
      if (end === -1 || (end + 1 < row.length && row[end + 1] !== ',')) return undefined;
      cells.push(row.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else {
      const comma = row.indexOf(',', at);
      const end = comma === -1 ? row.length : comma;
      cells.push(row.slice(at, end));
      at = end;
    }
  }
  return cells;
}

function findClosingQuote(row: string, from: number): number {
  let at = row.indexOf('"', from);
  while (at !== -1 && row[at + 1] === '"') at = row.indexOf('"', at + 2);
  return at;
}

/** Line feeds inside quotes do not end a row. The state goes on from chunk to chunk. */
function createRowEndFinder(): FindEnd {
  let state: 'cell-start' | 'plain' | 'quoted' | 'quote-in-quoted' = 'cell-start';
  return (chunk, from) => {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (state === 'quoted') {
        if (byte === QUOTE) state = 'quote-in-quoted';
      } else if (byte === LINE_FEED) {
        state = 'cell-start';
        return at;
      } else if (byte === COMMA) state = 'cell-start';
      else if (byte === QUOTE && state !== 'plain') state = 'quoted';
      else state = 'plain';
    }
    return -1;
  };
}

function checkHeader(names: readonly string[], warn: (message: string) => void): readonly string[] {
  const missing = REQUIRED_FIELDS.filter((field) => !names.includes(field));
  const repeated = names.find((name, column) => names.indexOf(name) !== column);
  if (missing.length > 0 || repeated !== undefined) {
    const fault = missing.length > 0 ? `lacks ${missing.join(', ')}` : `names ${repeated} twice`;
    throw new CliError(
      'refused',
      `The first line ${fault}: it has to be a header of these columns, with commas between them:\n${FIELDS.join(',')} (the last two may be left out).`,
    );
  }
  const unknown = names.filter((name) => !isField(name));
  if (unknown.length > 0) warn(`Left out, for they mean nothing here: ${unknown.join(', ')}.`);
  return names;
}

function isField(name: string): name is (typeof FIELDS)[number] {
  return FIELDS.some((field) => field === name);
}
