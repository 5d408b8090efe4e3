import { decode, FIELDS, refuse, type Entry, type Format } from './entry.ts';
import { findLineEnd } from './records.ts';

/**
 * One JSON object a line.
 *
 * Numbers go through a double on their way, `JSON.parse` here and `JSON.stringify` after it, and that is right: a number is
 * taken by its shortest decimal form, so a line counts the same whether it is imported or sent to the API by hand, and
 * an event sent both ways is a duplicate rather than a conflict. Digits beyond a double need a string, which stays as it is.
 */
export const ndjson: Format = {
  findEnd: findLineEnd,
  read(record) {
    const text = decode(record);
    if (typeof text !== 'string') return text;
    if (text.trim() === '') return undefined;
    try {
      return { line: record.line, json: JSON.stringify(plain(JSON.parse(text))) };
    } catch {
      return notJson(record.line);
    }
  },
};

function notJson(line: number): Entry {
  return refuse(line, 'broken_json', 'This is not JSON: every line has to hold one whole object.');
}

/**
 * An event reduced to its fields and plain values. What it holds beyond has no meaning, but could have the whole batch
 * refused (`__proto__`). A value of the wrong type stays one, for the server to tell.
 */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const fields = new Map<string, unknown>(Object.entries(value));
  return Object.fromEntries(
    FIELDS.filter((name) => fields.has(name)).map((name) => {
      const field = fields.get(name);
      return [name, typeof field === 'object' && field !== null ? {} : field];
    }),
  );
}
