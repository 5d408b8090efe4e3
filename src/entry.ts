import { existsSync } from 'node:fs';
import { readConfig, type Config } from './config.ts';

const ENV_FILE = '.env';

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
export function readSettings(): Config {
  if (existsSync(ENV_FILE)) process.loadEnvFile(ENV_FILE);
  return readConfig(process.env);
}

/** What keeps something from running, for people: what happened, and what lies behind it. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const message = error.message || ('code' in error ? String(error.code) : error.name);
  return error.cause instanceof Error && error.cause.message ? `${message}\nCause: ${error.cause.message}` : message;
}
