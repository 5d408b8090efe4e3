import { sql, type RawBuilder } from 'kysely';

/**
 * Arrays as parameters. pg quotes and escapes every element, which for numbers and instants costs more than the rest
 * of a batch together; these need no quotes. Texts go in as they are and are pg's to escape.
 */

/** For `::int[]`, `::smallint[]` and `::bigint[]`. */
export function numbers(values: readonly (number | bigint)[]): string {
  return `{${values.join(',')}}`;
}

/** For `::timestamptz[]`. */
export function instants(dates: readonly (Date | undefined)[]): string {
  return `{${dates.map((date) => date?.toISOString() ?? 'null').join(',')}}`;
}

/** For `::bigint[]`, to be read by {@link instantOf}: cheaper than writing and reading dates where they come by the thousand. */
export function milliseconds(dates: readonly (Date | undefined)[]): string {
  return `{${dates.map((date) => date?.getTime() ?? 'null').join(',')}}`;
}

/** The instant that a column of milliseconds names. */
export function instantOf(column: string): RawBuilder<Date> {
  return sql`('epoch'::timestamptz + ${sql.ref(column)} * interval '1 millisecond')`;
}
