import { note } from '../output.ts';

/** Shows what is watched. Lines are safe to write. */
export type Watcher = {
  show(lines: readonly string[]): void;
  /** The server cannot be asked at the moment; may be called again while it lasts. */
  disconnected(reason: string): void;
  /** The server has answered; may be called every time. */
  connected(): void;
  close(): void;
};

/** Writes what is watched one below the other, for pipes and files; notes go to stderr. */
export class LineLog implements Watcher {
  readonly #compact: boolean;
  #isFirst = true;
  #isAway = false;

  /** @param compact whether blocks follow each other without an empty line */
  constructor(compact: boolean) {
    this.#compact = compact;
  }

  show(lines: readonly string[]): void {
    const gap = this.#isFirst || this.#compact ? '' : '\n';
    this.#isFirst = false;
    process.stdout.write(`${gap}${lines.join('\n')}\n`);
  }

  disconnected(reason: string): void {
    if (!this.#isAway) note(`${reason}; asking again until it does.`);
    this.#isAway = true;
  }

  connected(): void {
    if (this.#isAway) note('The server answers again.');
    this.#isAway = false;
  }

  close(): void {}
}
