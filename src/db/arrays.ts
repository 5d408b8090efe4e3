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
