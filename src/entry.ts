import { existsSync } from 'node:fs';
import { readConfig, type Config } from './config.ts';

const ENV_FILE = '.env';
/** How long what is in hand may take once the process is told to end. */
const SHUTDOWN_MS = 10_000;
/** How often to look whether the npm that started this process is still there. */
const LOOK_FOR_NPM_MS = 500;

/**
 * Runs an operator's command with the settings of the environment and `.env`. What it throws is told in a line; the
 * exit code is 1 then.
 */
export async function runCommand(command: (config: Config) => Promise<void>): Promise<void> {
  try {
    await command(readSettings());
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`${describeFailure(error)}\n`);
  }
}

/** Reads the settings from the environment and, where it is not set there, from `.env`. */
function readSettings(): Config {
  if (existsSync(ENV_FILE)) process.loadEnvFile(ENV_FILE);
  return readConfig(process.env);
}

/**
 * Ends the process in order at the first Ctrl-C or SIGTERM, within {@link SHUTDOWN_MS}, and at once at the second.
 * Started by npm, it also ends when npm does.
 *
 * @param stop finishes what is in hand
 * @param say tells whoever watches how it goes
 */
export function endOnSignal(stop: () => Promise<void>, say: (line: string) => void): void {
  let ending = false;
  const end = async (signal: string) => {
    if (ending) process.exit(1);
    ending = true;
    say(`${signal}: finishing what is in hand`);
    setTimeout(() => {
      say('Not everything was finished in time. What was not answered can be sent again safely.');
      process.exit(1);
    }, SHUTDOWN_MS).unref();
    try {
      await stop();
    } catch (error) {
      say(`Not everything ended in order. ${describeFailure(error)}`);
      process.exit(1);
    }
    say('Everything has ended');
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(signal));
  onceNpmHasEnded(() => {
    if (!ending) void end('npm has ended');
  });
}

/** npm passes a signal on to its shell alone, and the shell ends without telling anybody. */
function onceNpmHasEnded(then: () => void): void {
  if (!process.env['npm_lifecycle_event']) return;
  const parent = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    then();
  }, LOOK_FOR_NPM_MS).unref();
}

/** What keeps something from running, for people: what happened, and what lies behind it. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE' && 'port' in error) {
    return `Port ${String(error.port)} is taken by another process. Stop that one, or set PORT to another port.`;
  }
  const message = error.message || ('code' in error ? String(error.code) : error.name);
  return error.cause instanceof Error && error.cause.message ? `${message}\nCause: ${error.cause.message}` : message;
}
