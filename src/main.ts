import { startApp } from './app.ts';
import { endOnSignal, runCommand } from './entry.ts';
import { createLogger } from './logger.ts';

await runCommand(async (config) => {
  const logger = createLogger(config.logLevel);
  const app = await startApp(config, { logger });
  endOnSignal(app.stop, (line) => logger.info(line));
});
