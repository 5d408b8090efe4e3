/** How often a bar is drawn at most. */
const DRAW_EVERY_MS = 100;
const WIDTH = 24;

export type ProgressBar = {
  /** Counts work that is done. */
  readonly add: (done: number) => void;
  /** Writes a line above the bar. */
  readonly write: (line: string) => void;
  /** Takes the bar away. */
  readonly end: () => void;
};

/**
 * Draws how far long work has come, with the rate and the time left, on standard error where that is a terminal;
 * elsewhere only lines are written.
 *
 * @param total how much there is to do, as well as that is known beforehand
 */
export function createProgressBar(title: string, total: number): ProgressBar {
  const out = process.stderr;
  const startedAt = performance.now();
  let done = 0;
  let drawnAt = -Infinity;

  const draw = () => {
    if (!out.isTTY) return;
    drawnAt = performance.now();
    const share = total > 0 ? Math.min(1, done / total) : 1;
    const filled = Math.round(share * WIDTH);
    const seconds = (drawnAt - startedAt) / 1_000;
    const rate = seconds > 0 ? done / seconds : 0;
    const left = rate > 0 ? `${Math.ceil(Math.max(0, total - done) / rate)} s left` : '';
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    out.write(`\r\x1b[K${title} ${bar} ${Math.floor(share * 100)} %  ${Math.round(rate)}/s  ${left}`);
  };
  const clear = () => {
    if (out.isTTY) out.write('\r\x1b[K');
  };

  draw();
  return {
    add(more) {
      done += more;
      if (performance.now() - drawnAt >= DRAW_EVERY_MS) draw();
    },
    write(line) {
      clear();
      out.write(`${line}\n`);
      draw();
    },
    end: clear,
  };
}
