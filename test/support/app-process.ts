import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endedItself, endWithFile } from './end-with-file.ts';
import { ADMIN_KEY, type Answer } from './http-server.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const STANDINGS = fileURLToPath(new URL('../../src/standings-command.ts', import.meta.url));
const LOOK_EVERY_MS = 10;

/** Settings by their names in the environment; an undefined one is unset. */
export type Settings = Record<string, string | undefined>;

export type Ended = { code: number | null; signal: NodeJS.Signals | null; output: string };

/**
 * The application as `npm start` runs it, as a process of its own on a free port. Ends with the scope that holds it
 * (`await using`), however that is left.
 */
export class AppProcess {
  /** Where it listens; empty without the role `web`. */
  readonly url: string;
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #log: ProcessLog;

  private constructor(child: ChildProcess, log: ProcessLog, ended: Promise<Ended>, url: string) {
    this.#child = child;
    this.#log = log;
    this.ended = ended;
    this.url = url;
    this.pid = child.pid ?? 0;
    endWithFile(this);
  }

  /**
   * Starts it, and waits until it serves, or has logged something earlier.
   *
   * @param file what is run instead of `src/main.ts`
   * @throws with what it wrote, when it ends instead
   */
  static async start(settings: Settings, until = /^Started/, file = MAIN): Promise<AppProcess> {
    const { child, log, ended } = spawnApp(settings, { file });
    const line = await Promise.race([log.line(until), ended]);
    if ('output' in line) throw new Error(`The application did not start:\n${line.output}`);
    return new AppProcess(child, log, ended, /Listening on (http\S+);/.exec(log.text)?.[1] ?? '');
  }

  /** Starts what must not start, waits until it has ended, and ends it if it does start. `cwd`: where a `.env` may lie. */
  static async fail(settings: Settings, cwd?: string): Promise<Ended> {
    const { child, log, ended } = spawnApp(settings, { cwd });
    void log.line(/^Started/).then(() => child.kill('SIGKILL'));
    return ended;
  }

  /** Everything that it has written so far. */
  get output(): string {
    return this.#log.text;
  }

  /** Waits for a line of its log. */
  async logs(pattern: RegExp): Promise<void> {
    const line = await Promise.race([this.#log.line(pattern), this.ended]);
    if ('output' in line) throw new Error(`It ended without saying that:\n${line.output}`);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it in order. */
  async stop(): Promise<Ended> {
    this.kill('SIGTERM');
    return this.ended;
  }

  /** Sends a request with ADMIN_KEY, and reads the answer. */
  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN_KEY}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    endedItself(this);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.kill('SIGKILL');
    await this.ended;
  }
}

/** A DATA_DIR for as long as the scope lasts; the PostgreSQL in it ends with it. */
export class DataDir {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    endWithFile(this);
  }

  static async make(): Promise<DataDir> {
    const path = await mkdtemp(join(tmpdir(), 'omnitensor-data-'));
    // Run as root, PostgreSQL's own user must be able to enter; else the data would lie elsewhere and stay behind.
    await chmod(path, 0o755);
    return new DataDir(path);
  }

  /** Where PostgreSQL keeps its files: in it, or where it says. */
  async cluster(): Promise<string> {
    const elsewhere = await readFile(join(this.path, 'postgres-location'), 'utf8').catch(() => '');
    return elsewhere.trim() || join(this.path, 'postgres');
  }

  /** The process id of the PostgreSQL in it, as long as its file says that there is one. */
  async postmaster(): Promise<number | undefined> {
    const text = await readFile(join(await this.cluster(), 'postmaster.pid'), 'utf8').catch(() => '');
    return Number(text.split('\n')[0]) || undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    endedItself(this);
    const pid = await this.postmaster();
    if (pid !== undefined && isRunning(pid)) {
      process.kill(pid, 'SIGQUIT');
      await hasEnded(pid);
    }
    const elsewhere = dirname(await this.cluster());
    for (const path of [this.path, elsewhere]) await rm(path, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Whether a process runs. One that has ended does not, even where nobody has collected it yet. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return !/^\d+ \(.*\) [ZX]/.test(stat) && stat !== '';
}

/** Resolves when a process has ended that is no child of this one: of those nobody is told. */
export async function hasEnded(pid: number): Promise<void> {
  while (isRunning(pid)) await sleep(LOOK_EVERY_MS);
}

/** Runs `npm run standings -- verify` for a database. The code is 0 when it finds no difference. */
export async function verifyStandings(settings: Settings): Promise<Ended> {
  return spawnNode(STANDINGS, ['verify'], settings).ended;
}

function spawnApp(settings: Settings, { file = MAIN, cwd }: { file?: string; cwd?: string | undefined }): Spawned {
  const always = {
    PORT: '0',
    HOST: '127.0.0.1',
    ADMIN_API_KEY: ADMIN_KEY,
    READS_PER_MINUTE: '1000000',
    WRITES_PER_MINUTE: '1000000',
  };
  return spawnNode(file, [], { ...always, ...settings }, cwd);
}

type Spawned = { child: ChildProcess; log: ProcessLog; ended: Promise<Ended> };

/** Runs a file of the project with nothing in its environment but what is given, where no `.env` lies if not told otherwise. */
function spawnNode(file: string, args: readonly string[], settings: Settings, cwd = tmpdir()): Spawned {
  const env = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const command = [process.execPath, file, ...args];
  // npm runs a script in a shell, which waits for it.
  const [program = '', ...rest] = settings['npm_lifecycle_event']
    ? ['sh', '-c', '"$0" "$@"; exit', ...command]
    : command;
  const child = spawn(program, rest, {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = new ProcessLog(child);
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal, output: log.text }));
  return { child, log, ended };
}

type LogLine = { msg: string };

/** Its log is a JSON object a line; what it says before it ends for a fault is text, and killed it ends in the middle of a line. */
function readLine(text: string): LogLine {
  try {
    if (text.startsWith('{')) return JSON.parse(text);
  } catch {}
  return { msg: text };
}

/** What a process writes, as it comes. */
class ProcessLog {
  text = '';
  readonly #lines: LogLine[] = [];
  readonly #waiting = new Set<(line: LogLine) => void>();

  constructor(child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) throw new Error('The output of the process is not read.');
      createInterface({ input: stream }).on('line', (line) => this.#take(line));
    }
  }

  /** The first line, said already or to come, whose message matches. */
  async line(pattern: RegExp): Promise<LogLine> {
    const known = this.#lines.find(({ msg }) => pattern.test(msg));
    if (known) return known;
    const { promise, resolve } = Promise.withResolvers<LogLine>();
    const look = (line: LogLine) => {
      if (!pattern.test(line.msg)) return;
      this.#waiting.delete(look);
      resolve(line);
    };
    this.#waiting.add(look);
    return promise;
  }

  #take(text: string): void {
    this.text += `${text}\n`;
    const line = readLine(text);
    this.#lines.push(line);
    for (const look of this.#waiting) look(line);
  }
}
