import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ADMIN_KEY } from '../support/http-server.ts';

export const CLI = fileURLToPath(new URL('../../src/cli/omnitensor-cli.js', import.meta.url));

export type CliOptions = {
  /** The server; more variables beside it. An undefined one is unset. */
  env?: Record<string, string | undefined>;
  /** What is on standard input. */
  input?: string | Uint8Array;
};

export type CliResult = { code: number | null; stdout: string; stderr: string };

/** The environment of the CLI: nothing of ours but what is given, and ADMIN_KEY. */
export function cliEnvironment(env: CliOptions['env'] = {}): NodeJS.ProcessEnv {
  const all = { PATH: process.env['PATH'], OMNITENSOR_API_KEY: ADMIN_KEY, ...env };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Starts the real CLI as a process. */
export function startCli(args: readonly string[], { env, input = '' }: CliOptions = {}): RunningCli {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: tmpdir(), env: cliEnvironment(env) });
  // It may end before it has read all.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new RunningCli(child);
}

/** Runs the real CLI to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, options).ended;
}

/** A CLI that runs, or anything else that writes. */
export class RunningCli {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<CliResult>;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    this.ended = once(child, 'close').then(([code]) => ({ code, stdout: this.stdout, stderr: this.stderr }));
  }

  /** Waits until it has written what is looked for. */
  async seen(where: 'stdout' | 'stderr', isThere: (text: string) => boolean): Promise<void> {
    const stream = this.child[where];
    const hasEnded = this.ended.then(() => true as const);
    while (!isThere(this[where])) {
      if (!stream) throw new Error('It has no such output.');
      if ((await Promise.race([once(stream, 'data'), hasEnded])) === true && !isThere(this[where])) {
        throw new Error(`It ended without writing that. ${where}: ${this[where]}\nstderr: ${this.stderr}`);
      }
    }
  }
}
