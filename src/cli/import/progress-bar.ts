import type { WriteStream } from 'node:tty';

const REDRAW_MS = 100;
/** The bar has one length on a terminal, so that it does not jump: the longer one where there is room for it. */
const LONG_BAR = 30;
const SHORT_BAR = 12;
const COLUMNS_FOR_LONG_BAR = 110;
const ERASE_LINE = '\r\u001B[2K';

/** How far an import is. Bytes are those of the file as it lies on the disk; the total is unknown for a pipe. */
export type Progress = { bytesRead: number; totalBytes: number | undefined };

/** One line on a terminal that tells how far an import is; nothing where there is no terminal. */
export class ProgressBar {
  readonly #terminal: WriteStream | undefined;
  readonly #startedAt = performance.now();
  #drawnAt = Number.NEGATIVE_INFINITY;
  #line = '';

  constructor(stream: WriteStream) {
    this.#terminal = stream.isTTY ? stream : undefined;
  }

  update(progress: Progress, events: number): void {
    const now = performance.now();
    if (!this.#terminal || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#show(formatProgress(progress, events, (now - this.#startedAt) / 1000, this.#terminal.columns - 1));
  }

  /** Writes lines above the bar. */
  above(write: () => void): void {
    this.clear();
    write();
    this.#terminal?.write(this.#line);
  }

  clear(): void {
    if (this.#line !== '') this.#terminal?.write(ERASE_LINE);
  }

  #show(line: string): void {
    this.#line = line;
    this.#terminal?.write(ERASE_LINE + line);
  }
}

/** Writes progress as one line of at most `columns`: a bar where it fits and the total is known, then the figures. */
export function formatProgress(
  { bytesRead, totalBytes }: Progress,
  events: number,
  seconds: number,
  columns: number,
): string {
  const rate = seconds > 0 ? events / seconds : 0;
  const isKnown = totalBytes !== undefined && totalBytes > 0;
  const share = isKnown ? Math.min(bytesRead / totalBytes, 1) : 0;
  const figures = [
    ...(isKnown
      ? [`${Math.floor(share * 100)} %`, `${formatBytes(bytesRead)} of ${formatBytes(totalBytes)}`]
      : [formatBytes(bytesRead)]),
    `${events.toLocaleString('en')} events`,
    `${Math.round(rate).toLocaleString('en')}/s`,
    ...(share > 0 && share < 1 ? [`${formatDuration((seconds / share) * (1 - share))} left`] : []),
  ].join(' · ');
  const length = columns < COLUMNS_FOR_LONG_BAR ? SHORT_BAR : LONG_BAR;
  if (!isKnown || length + 1 + figures.length > columns) return figures.slice(0, columns);
  const full = Math.floor(share * length);
  return `${'█'.repeat(full)}${'░'.repeat(length - full)} ${figures}`;
}

function formatBytes(bytes: number): string {
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
