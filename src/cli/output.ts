import { styleText } from 'node:util';
import { displayWidth, safeJson, safeText } from './display-text.ts';

/** Writes a line to stdout. Text from elsewhere cannot act on the terminal. */
export function print(line = ''): void {
  process.stdout.write(`${safeText(line)}\n`);
}

/** Writes a line to stdout that stands over others, on a terminal in bold. */
export function printHeading(line: string): void {
  process.stdout.write(`${styleText('bold', safeText(line), { stream: process.stdout })}\n`);
}

/** Writes a line to stderr: for notes, which are not what was asked for. */
export function note(line: string): void {
  process.stderr.write(`${safeText(line)}\n`);
}

/** Writes an error to stderr: its first line marked, on a terminal in red. */
export function printError(message: string): void {
  const lines = message.split('\n').map(safeText);
  const mark = styleText('red', 'error:', { stream: process.stderr });
  process.stderr.write(`${mark} ${lines.join('\n')}\n`);
}

/** Writes one JSON document to stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${safeJson(value, 2)}\n`);
}

const NUMBER = /^-?\d+(\.\d+)?$/;
const GAP = '  ';

/** Writes a table with a heading. Columns align by what the eye sees, numbers to the right. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const cells = [heading, ...rows].map((row) => row.map(safeText));
  const widths = heading.map((_, column) => Math.max(...cells.map((row) => displayWidth(row[column] ?? ''))));
  const isNumeric = heading.map((_, column) => rows.length > 0 && rows.every((row) => NUMBER.test(row[column] ?? '')));
  for (const row of cells) {
    const line = row.map((cell, column) => {
      const padding = ' '.repeat((widths[column] ?? 0) - displayWidth(cell));
      return isNumeric[column] ? padding + cell : cell + padding;
    });
    print(line.join(GAP).trimEnd());
  }
}

/** Writes labels and values, the values below each other. */
export function printFields(fields: readonly (readonly [label: string, value: string])[]): void {
  const width = Math.max(...fields.map(([label]) => displayWidth(label)));
  for (const [label, value] of fields) print(`${label}${' '.repeat(width - displayWidth(label))}${GAP}${value}`);
}
