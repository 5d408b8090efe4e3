/**
 * Something that the worker does again and again. Each run asks the database what is due as of now, does it, and may be
 * repeated, run twice at once, or be missed for a while: nothing depends on the tick itself.
 */
export type Job<Services> = {
  /** Also its name in the queue, the metrics and the list of failed jobs. */
  name: string;
  /** How often it runs at the least, in milliseconds. */
  everyMs: number;
  /** Whether it runs at once after a write that made something due. */
  afterWrites: boolean;
  /**
   * Does what is due.
   *
   * @returns when the next thing is due, where that is known: it then runs at that moment as well
   */
  run(services: Services, now: Date): Promise<Date | undefined>;
};
