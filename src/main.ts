import { setFlagsFromString } from 'node:v8';
import { startApp } from './app.ts';
import { endOnSignal, runCommand } from './entry.ts';
import { createLogger } from './logger.ts';

// V8 lets the heap grow to a multiple of what is alive before it looks for garbage. A large import makes much of it, and
// a fifth more than what is alive is enough: the database takes the time, not the collector.
setFlagsFromString('--heap-growing-percent=20');

const LONGEST_TIMER_MS = 2 ** 31 - 1;

await runCommand(async (config) => {
  const logger = createLogger(config.logLevel);
  const starting = startApp(config, { logger });
  endOnSignal(
    async () => {
      // Told to end while it starts, it starts first: half of a start leaves a database running.
      const app = await starting.catch(() => undefined);
      await app?.stop();
    },
    (line) => logger.info(line),
  );
  await starting;
  // Signals alone keep no process alive, and without the role `web` it may be without any connection for a while.
  setInterval(() => {}, LONGEST_TIMER_MS);
  logger.info({ roles: config.roles }, 'Started');
});
