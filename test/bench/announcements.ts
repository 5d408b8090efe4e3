import { Redis } from 'ioredis';
import { AppProcess } from '../support/app-process.ts';
import { DiscordStandIn } from '../support/discord/stand-in.ts';
import { withDatabase } from './bench-database.ts';
import type { BenchContext, FigureGroup } from './figure.ts';

const REDIS_DATABASE = 13;
const PATIENCE_MS = 5_000;
const ROUNDS = 20;
/** How far ahead each is due: by then the worker knows of it, and sleeps. */
const AHEAD_MS = 1_000;
const HOUR_MS = 3_600_000;

/** How long after its time a due announcement is on Discord, at the worst, with a worker that runs as `npm start` runs it. */
export const announcementFigures: FigureGroup = {
  names: ['announce_lag_ms'],
  limitMinutes: 5,
  async measure(context) {
    const redisUrl = await findRedis();
    const postgres = await measureLag(context, 'PostgreSQL', undefined);
    const redis = redisUrl === undefined ? undefined : await measureLag(context, 'Redis', redisUrl);
    const told = [
      `queue in PostgreSQL ${postgres.toFixed(0)} ms`,
      redis === undefined ? 'no Redis answers' : `in Redis ${redis.toFixed(0)} ms`,
    ];
    return [
      {
        name: 'announce_lag_ms',
        value: Math.max(postgres, redis ?? 0),
        unit: 'ms',
        goal: { atMost: 1_000 },
        measured: `from its time until a due announcement is on Discord, the worst of ${ROUNDS}: ${told.join(', ')}`,
      },
    ];
  },
};

async function measureLag(context: BenchContext, name: string, redisUrl: string | undefined): Promise<number> {
  context.progress(`announcements: measuring with the queue in ${name}`);
  return withDatabase(await context.serverUrl(), async (databaseUrl) => {
    const discord = await DiscordStandIn.start();
    const guild = discord.createGuild({ name: 'Bench' });
    const channel = guild.createChannel({ name: 'announcements' });
    try {
      await using app = await AppProcess.start({
        DATABASE_URL: databaseUrl,
        REDIS_URL: redisUrl,
        DISCORD_API_URL: discord.apiUrl,
        DISCORD_TOKEN: discord.token,
        DISCORD_APPLICATION_ID: discord.applicationId,
        DISCORD_GUILD_ID: guild.id,
      });
      const ended = app.ended.then(({ output }) => {
        throw new Error(`The application ended before it had answered or said what was due:\n${output}`);
      });
      await Promise.race([discord.runCommand(guild.owner, channel, 'setup', { channel: channel.id }).answer, ended]);
      const lags: number[] = [];
      for (let round = 0; lags.length < ROUNDS; round += 1) {
        const said = discord.nextMessage(channel);
        const at = Date.now() + AHEAD_MS;
        const body = {
          name: `Bench ${round}`,
          factor: '2',
          startsAt: new Date(at + HOUR_MS).toISOString(),
          endsAt: new Date(at + 2 * HOUR_MS).toISOString(),
          announceAt: [new Date(at).toISOString()],
        };
        const { status, text, json } = await app.call('POST', '/v1/communities/omnitensor/multipliers', body);
        if (status !== 201) throw new Error(`A multiplier event was answered with ${status}: ${text}`);
        // Where it took longer to ask for than to come due, nothing is announced.
        if (json.announceAt.length === 0) continue;
        await Promise.race([said, ended]);
        lags.push(Date.now() - at);
      }
      await app.stop();
      return Math.max(...lags);
    } finally {
      await discord.close();
    }
  });
}

/** A database of a Redis for the time of the run; undefined where none answers. */
async function findRedis(): Promise<string | undefined> {
  const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
  const redis = new Redis(url, {
    db: REDIS_DATABASE,
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
  });
  // Said by what `connect` rejects with.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    // Of a run that was cut off.
    await redis.flushdb();
    return Object.assign(new URL(url), { pathname: `/${REDIS_DATABASE}` }).href;
  } catch {
    return undefined;
  } finally {
    redis.disconnect();
  }
}
