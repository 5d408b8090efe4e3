import type { Progress } from '../../progress-bar.ts';

/** How far an import is. Bytes are those of the file as it lies on the disk; the total is unknown for a pipe. */
export type BytesRead = { bytesRead: number; totalBytes: number | undefined };

/** Tells how far an import is by its bytes, and how fast by its events. */
export function importProgress({ bytesRead, totalBytes }: BytesRead, events: number): Progress {
  const isKnown = totalBytes !== undefined && totalBytes > 0;
  return {
    share: isKnown ? Math.min(bytesRead / totalBytes, 1) : undefined,
    figures: [
      isKnown ? `${formatBytes(bytesRead)} of ${formatBytes(totalBytes)}` : formatBytes(bytesRead),
      `${events.toLocaleString('en')} events`,
    ],
    count: events,
  };
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
