/** The server as `npm start` runs it, except that its clock is ahead of the real one by CLOCK_AHEAD_MS. */
import { startApp } from '../../src/app.ts';
import { endOnSignal, runCommand } from '../../src/entry.ts';
import { createLogger } from '../../src/logger.ts';

const aheadMs = Number(process.env['CLOCK_AHEAD_MS']);

await runCommand(async (config) => {
  const logger = createLogger(config.logLevel);
  const starting = startApp(config, { logger, clock: () => new Date(Date.now() + aheadMs) });
  endOnSignal(
    async () => {
      const app = await starting.catch(() => undefined);
      await app?.stop();
    },
    (line) => logger.info(line),
  );
  await starting;
  logger.info('Started');
});
