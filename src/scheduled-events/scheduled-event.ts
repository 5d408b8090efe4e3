/** What is mirrored in a calendar outside, such as a guild's scheduled events. */

/** Something with a start and an end that people should see coming. `mark`: by it the entry outside is found again. */
export type ScheduledEvent = { mark: string; startsAt: Date; endsAt: Date } & (
  | {
      kind: 'multiplier';
      name: string;
      /** As text: `2.5`. */
      factor: string;
      /** Titles of the categories; none: all. */
      categories: readonly string[];
    }
  /** The last day of a season. */
  | { kind: 'season-end'; name: string }
);

/** An event and the entry that mirrors it, as far as is known. `wanted`: undefined for what is to be called off. */
export type MirroredEvent = { mark: string; entryId: string | undefined; wanted: ScheduledEvent | undefined };

/** A calendar outside. */
export type EventCalendar = {
  /**
   * Makes the entries of a guild what the events are: what lacks is made, what differs is changed, what is wanted no more
   * is called off.
   *
   * @returns by mark, the entries of those that have one; and undefined for those that were called off
   * @throws what kept it; repeating is safe
   */
  reconcile(guildId: string, events: readonly MirroredEvent[], now: Date): Promise<Map<string, string | undefined>>;
};
