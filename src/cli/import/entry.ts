import { isUtf8 } from 'node:buffer';
import type { FindEnd, RawRecord } from './records.ts';

/** What an event may hold; anything else is not sent. */
export const FIELDS = ['id', 'contributor', 'category', 'amount', 'occurredAt', 'subject', 'displayName'] as const;
export const REQUIRED_FIELDS = FIELDS.slice(0, 5);

/** Why an event is not recorded: noticed here or by the server, and told alike. */
export type Rejection = { line: number; id?: string | undefined; reason: string; detail?: string | undefined };

/** One event of the file: as JSON to be sent, or refused here. */
export type Entry = { line: number; json: string } | { rejection: Rejection };

/** A format of events. `read` gives undefined for what is no event: a blank line, a heading. */
export type Format = { findEnd: FindEnd; read(record: RawRecord): Entry | undefined };

/** Decodes a record, or refuses it. */
export function decode({ line, bytes }: RawRecord): string | Entry {
  if (!bytes)
    return refuse(
      line,
      'too_long',
      'This is longer than 1 MiB, which no contribution is. Is a line feed or a quote missing?',
    );
  if (!isUtf8(bytes)) return refuse(line, 'invalid_utf8', 'This is not UTF-8. Save the file as UTF-8.');
  return bytes.toString('utf8');
}

/** Refuses an event before it is sent. */
export function refuse(line: number, reason: string, detail: string): Entry {
  return { rejection: { line, reason, detail } };
}
