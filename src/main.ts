import type { Logger } from 'pino';
import { startApp, type App } from './app.ts';
import { createLogger } from './logger.ts';
import { runCommand } from './entry.ts';

/** How long what is in hand may take once the process is told to end. */
const SHUTDOWN_MS = 10_000;

await runCommand(async (config) => {
  const logger = createLogger(config.logLevel);
  const app = await startApp(config, { logger });
  if (app.url) logger.info(`Listening on ${app.url}; the API is described at ${app.url}/docs`);
  endOnSignal(app, logger);
});

/** Ends everything in order at the first Ctrl-C or SIGTERM, and at once at the second. */
function endOnSignal(app: App, logger: Logger): void {
  let ending = false;
  const end = async (signal: string) => {
    if (ending) process.exit(1);
    ending = true;
    logger.info(`${signal}: finishing what is in hand`);
    setTimeout(() => {
      logger.error('Not everything was finished in time. What was not answered can be sent again safely.');
      process.exit(1);
    }, SHUTDOWN_MS).unref();
    await app.stop();
    logger.info('Everything has ended');
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(signal));
}
