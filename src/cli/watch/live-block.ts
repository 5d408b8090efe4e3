import { styleText } from 'node:util';
import type { WriteStream } from 'node:tty';
import { displayWidth } from '../display-text.ts';
import type { Watcher } from './line-log.ts';

const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';
const ERASE_BELOW = '\u001B[J';

/** Shows what is watched on a terminal, drawn anew in its place, with a status line below. */
export class LiveBlock implements Watcher {
  readonly #terminal: WriteStream;
  #lines: readonly string[] = [];
  #status = '';
  #awaySince: string | undefined;
  /** What is on the screen, to be drawn over. */
  #drawn: readonly string[] = [];
  readonly #onResize = () => this.#draw();

  constructor(terminal: WriteStream) {
    this.#terminal = terminal;
    terminal.on('resize', this.#onResize);
  }

  show(lines: readonly string[]): void {
    this.#lines = lines;
    this.connected();
    this.#draw();
  }

  connected(): void {
    this.#awaySince = undefined;
    this.#setStatus('Watching. Ctrl-C ends.');
  }

  disconnected(reason: string): void {
    this.#awaySince ??= new Date().toLocaleTimeString();
    this.#setStatus(`${reason} since ${this.#awaySince}; asking again. Ctrl-C ends.`);
  }

  /** Leaves the last state on the screen, without the status line. */
  close(): void {
    this.#terminal.off('resize', this.#onResize);
    if (this.#drawn.length === 0) return;
    this.#terminal.write(`${this.#eraseDrawn()}${this.#lines.map((line) => `${line}\n`).join('')}${SHOW_CURSOR}`);
  }

  #setStatus(status: string): void {
    if (status === this.#status) return;
    this.#status = status;
    if (this.#drawn.length > 0) this.#draw();
  }

  #draw(): void {
    const next = [...this.#fitting(), this.#status];
    const text = next.map((line, position) =>
      position === next.length - 1 ? styleText('dim', line, { stream: this.#terminal }) : line,
    );
    this.#terminal.write(`${HIDE_CURSOR}${this.#eraseDrawn()}${text.join('\n')}\n`);
    this.#drawn = next;
  }

  /** The lines that the screen has room for: what has scrolled away cannot be drawn over. */
  #fitting(): readonly string[] {
    // One row for the status line, one for the cursor below it.
    let room = this.#terminal.rows - 2;
    if (this.#rowsOf(this.#lines) <= room) return this.#lines;
    room -= 1;
    const fitting: string[] = [];
    for (const line of this.#lines) {
      room -= this.#rowsOf([line]);
      if (room < 0) break;
      fitting.push(line);
    }
    return [...fitting, `… ${this.#lines.length - fitting.length} more`];
  }

  #eraseDrawn(): string {
    const rows = this.#rowsOf(this.#drawn);
    return rows === 0 ? '' : `\u001B[${rows}A\r${ERASE_BELOW}`;
  }

  /** How many rows lines take at the width that the terminal has now: long ones wrap. */
  #rowsOf(lines: readonly string[]): number {
    const { columns } = this.#terminal;
    return lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0);
  }
}
