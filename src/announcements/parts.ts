import type { Announcement } from './announcement.ts';

/** What tells which announcements are one part of a message. */
type Grouped = { id: number; group: string | undefined; announcement: Announcement };

/** The parts of a message, each one announcement, or those of one kind and group joined into one, in the order given. */
export function groupIntoParts<Row extends Grouped>(rows: readonly Row[]): Row[][] {
  const parts = Map.groupBy(rows, ({ id, group, announcement }) =>
    group === undefined ? `announcement ${id}` : `${announcement.kind} of ${group}`,
  );
  return [...parts.values()];
}
