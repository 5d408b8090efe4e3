import { AppProcess, DataDir } from '../support/app-process.ts';
import type { FigureGroup } from './figure.ts';
import { median } from './measure.ts';

const STARTS = 3;

/** From spawning `npm start`'s process until `/readyz` answers 200, with the embedded PostgreSQL. */
export const startFigures: FigureGroup = {
  names: ['start_cold_s', 'start_warm_s'],
  async measure(context) {
    context.progress('start: cold and warm');
    const cold: number[] = [];
    const warm: number[] = [];
    for (let n = 0; n < STARTS; n += 1) {
      await using dataDir = await DataDir.make();
      cold.push(await secondsToStart(dataDir));
      warm.push(await secondsToStart(dataDir));
    }
    return [
      {
        name: 'start_cold_s',
        value: median(cold),
        unit: 's',
        goal: { atMost: 5 },
        measured: `from nothing, a new database included, until /readyz answers; median of ${STARTS}`,
      },
      {
        name: 'start_warm_s',
        value: median(warm),
        unit: 's',
        goal: { atMost: 2 },
        measured: `the same on a database that is there but does not run; median of ${STARTS}`,
      },
    ];
  },
};

async function secondsToStart(dataDir: DataDir): Promise<number> {
  const start = performance.now();
  await using app = await AppProcess.start({ DATA_DIR: dataDir.path });
  const { status } = await app.call('GET', '/readyz');
  const seconds = (performance.now() - start) / 1_000;
  if (status !== 200) throw new Error(`/readyz answered ${status} once the application had started.`);
  await app.stop();
  return seconds;
}
