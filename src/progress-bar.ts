import type { WriteStream } from 'node:tty';

const REDRAW_MS = 100;
/** The bar has one length on a terminal, so that it does not jump: the longer one where there is room for it. */
const LONG_BAR = 30;
const SHORT_BAR = 12;
const COLUMNS_FOR_LONG_BAR = 110;
const ERASE_LINE = '\r\u001B[2K';

/** How far long work is. */
export type Progress = {
  /** From 0 to 1; undefined where nobody knows how much there is to do. */
  share: number | undefined;
  /** How much of what has been done, such as `12 MB of 49 MB`, and a count to tell the rate of. */
  figures: string[];
  count: number;
};

/** One line on a terminal that tells how far long work is; nothing where there is no terminal. */
export class ProgressBar {
  readonly #terminal: WriteStream | undefined;
  readonly #startedAt = performance.now();
  #drawnAt = Number.NEGATIVE_INFINITY;
  #line = '';

  constructor(stream: WriteStream) {
    this.#terminal = stream.isTTY ? stream : undefined;
  }

  /** Draws how far it is, some times a second at most. */
  update(progress: Progress): void {
    const now = performance.now();
    if (!this.#terminal || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#line = formatProgress(progress, (now - this.#startedAt) / 1_000, this.#terminal.columns - 1);
    this.#terminal.write(ERASE_LINE + this.#line);
  }

  /** Writes lines above the bar. */
  above(write: () => void): void {
    this.clear();
    write();
    this.#terminal?.write(this.#line);
  }

  /** Takes the bar away until it is drawn again. */
  clear(): void {
    if (this.#line !== '') this.#terminal?.write(ERASE_LINE);
  }
}

/** Writes progress as one line of at most `columns`: a bar where it fits and the share is known, then the figures. */
export function formatProgress({ share, figures, count }: Progress, seconds: number, columns: number): string {
  const rate = seconds > 0 ? count / seconds : 0;
  const isUnderWay = share !== undefined && share > 0 && share < 1;
  const text = [
    ...(share === undefined ? [] : [`${Math.floor(share * 100)} %`]),
    ...figures,
    `${Math.round(rate).toLocaleString('en')}/s`,
    ...(isUnderWay ? [`${formatDuration((seconds / share) * (1 - share))} left`] : []),
  ].join(' · ');
  const length = columns < COLUMNS_FOR_LONG_BAR ? SHORT_BAR : LONG_BAR;
  if (share === undefined || length + 1 + text.length > columns) return text.slice(0, columns);
  const full = Math.floor(share * length);
  return `${'█'.repeat(full)}${'░'.repeat(length - full)} ${text}`;
}

function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Counts things that are worked through, of about `total`, on standard error. */
export function countOnTerminal(title: string, total: number): { add: (more: number) => void; bar: ProgressBar } {
  const bar = new ProgressBar(process.stderr);
  let done = 0;
  const add = (more: number) => {
    done += more;
    const figures = [`${title}: ${done.toLocaleString('en')} of ${total.toLocaleString('en')}`];
    bar.update({ share: total > 0 ? Math.min(done / total, 1) : 1, figures, count: done });
  };
  add(0);
  return { add, bar };
}
