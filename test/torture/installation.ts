import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Kysely } from 'kysely';
import { connect } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/database.ts';
import { AppProcess, DataDir, hasEnded } from '../support/app-process.ts';
import type { StandInGuild } from '../support/discord/guild.ts';
import { DiscordStandIn } from '../support/discord/stand-in.ts';
import type { StandInChannel } from '../support/discord/world.ts';
import { endedItself, endWithFile } from '../support/end-with-file.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import type { MovedClock } from './moved-clock.ts';

const SERVER = fileURLToPath(new URL('server.ts', import.meta.url));

/** Where the API has the only community. */
export const COMMUNITY = '/v1/communities/omnitensor';

/** What a log line of something that should not have happened has at least, for pino. */
const ERROR = 50;
const MOST_KEPT = 20;
const LOOK_EVERY_MS = 20;

/** A server with a PostgreSQL of its own, on a Discord that it reaches over a cable. Both can be killed, and started again. */
export class Installation {
  readonly discord: DiscordStandIn;
  readonly guild: StandInGuild;
  /** Where announcements go. */
  readonly announcements: StandInChannel;
  /** Between the server and Discord's REST API. */
  readonly cable: TcpProxy;
  /** What a server may never do, such as ending by itself. */
  readonly faults: string[] = [];
  /** The last errors that servers have logged. Many follow from what is done to them. */
  readonly errors: string[] = [];
  /** How long the last start took, in milliseconds: what else takes how long depends on the machine likewise. */
  startMs = 0;
  readonly #clock: MovedClock;
  readonly #dataDir: DataDir;
  #app: AppProcess | undefined;
  #starting: Promise<void> | undefined;
  #isClosed = false;
  #port: string | undefined;
  /** The process that was killed last. */
  #killed: number | undefined;

  private constructor(clock: MovedClock, dataDir: DataDir, discord: DiscordStandIn, cable: TcpProxy) {
    this.#clock = clock;
    this.#dataDir = dataDir;
    this.discord = discord;
    this.cable = cable;
    this.guild = discord.createGuild({ name: 'Torture' });
    this.announcements = this.guild.createChannel({ name: 'announcements' });
    endWithFile(this);
  }

  /** Makes one. Nothing has been started yet but Discord. */
  static async open(clock: MovedClock): Promise<Installation> {
    const discord = await DiscordStandIn.start();
    const cable = await TcpProxy.start({ host: '127.0.0.1', port: Number(new URL(discord.apiUrl).port) });
    return new Installation(clock, await DataDir.make(), discord, cable);
  }

  /** Where the API listens: at the same port after every start. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get settings(): Record<string, string> {
    return { DATA_DIR: this.#dataDir.path };
  }

  /** Starts the server, and PostgreSQL where it does not run, and waits until calls are answered, or for another line of its log. */
  async start(until = /^Listening on/): Promise<void> {
    if (this.#isClosed) throw new Error('The installation was closed.');
    this.#starting = this.#start(until);
    await this.#starting;
  }

  /** Whether a server runs, as far as nobody has ended it and it has not ended by itself. */
  get runs(): boolean {
    return this.#app !== undefined;
  }

  async killServer(): Promise<void> {
    const app = this.#takeApp();
    app?.kill('SIGKILL');
    this.#keepErrors(await app?.ended);
  }

  /** Kills PostgreSQL if it runs. As long as a server runs, that starts it again. */
  async killDatabase(): Promise<void> {
    const postmaster = await this.#dataDir.postmaster();
    // What was killed leaves its file behind.
    if (postmaster === undefined || postmaster === this.#killed) return;
    this.#killed = postmaster;
    process.kill(postmaster, 'SIGKILL');
    await hasEnded(postmaster);
  }

  /** Waits until the server answers calls again, as after PostgreSQL was killed. */
  async isBack(): Promise<void> {
    const isReady = () =>
      fetch(`${this.url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    while (this.runs && !(await isReady())) await sleep(LOOK_EVERY_MS);
  }

  /** Ends the server in order, and PostgreSQL with it. */
  async stop(): Promise<void> {
    const ended = await this.#takeApp()?.stop();
    this.#keepErrors(ended);
    if (ended && ended.code !== 0)
      this.faults.push(`Told to end, the server ended with ${ended.code ?? ended.signal}.`);
    if ((await this.#dataDir.postmaster()) !== undefined) this.faults.push('The server ended, and PostgreSQL did not.');
  }

  /** Looks into the database. For while PostgreSQL runs. */
  async withDatabase<Result>(look: (db: Kysely<Database>) => Promise<Result>): Promise<Result> {
    const address: { connectionString: string } = JSON.parse(
      await readFile(join(this.#dataDir.path, 'postgres.json'), 'utf8'),
    );
    const db = connect(address.connectionString, { maxConnections: 1 });
    try {
      return await look(db);
    } finally {
      await db.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    endedItself(this);
    this.#isClosed = true;
    // Started in this moment, it would be left behind.
    await this.#starting?.catch(() => undefined);
    const app = this.#app;
    this.#app = undefined;
    await app?.[Symbol.asyncDispose]();
    await this.#dataDir[Symbol.asyncDispose]();
    await this.cable[Symbol.asyncDispose]();
    await this.discord.close();
  }

  async #start(until: RegExp): Promise<void> {
    const { discord, cable } = this;
    const settings = {
      ...this.settings,
      CLOCK_AHEAD_MS: String(this.#clock.aheadMs),
      DISCORD_API_URL: `http://127.0.0.1:${cable.port}/api`,
      DISCORD_TOKEN: discord.token,
      DISCORD_APPLICATION_ID: discord.applicationId,
      DISCORD_GUILD_ID: this.guild.id,
      PORT: this.#port ?? '0',
    };
    const begun = performance.now();
    const app = await AppProcess.start(settings, until, SERVER);
    this.startMs = performance.now() - begun;
    this.#port = new URL(app.url).port;
    this.#app = app;
    void this.#watch(app);
  }

  async #watch(app: AppProcess): Promise<void> {
    const { code, signal, output } = await app.ended;
    if (this.#app !== app) return;
    this.#app = undefined;
    this.faults.push(`The server ended by itself (${code ?? signal}): ${output.slice(-2_000)}`);
  }

  #takeApp(): AppProcess | undefined {
    const app = this.#app;
    this.#app = undefined;
    return app;
  }

  #keepErrors({ output }: { output: string } = { output: '' }): void {
    for (const line of output.split('\n')) {
      const level = Number(/^\{"level":(\d+)/.exec(line)?.[1] ?? 0);
      if (level >= ERROR) this.errors.push(line);
    }
    this.errors.splice(0, this.errors.length - MOST_KEPT);
  }
}
