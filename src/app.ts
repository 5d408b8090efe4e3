import type { Logger } from 'pino';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';
import { commands } from '../commands/index.ts';
import { jobs } from '../jobs/index.ts';
import type { JobServices } from '../jobs/services.ts';
import { ensureCommunity } from './communities/communities.ts';
import { CommunityDirectory } from './communities/directory.ts';
import type { Config, DiscordConfig } from './config.ts';
import { Intake } from './contributions/intake.ts';
import type { Outcome } from './contributions/batch.ts';
import { connect } from './db/connect.ts';
import { openEmbeddedPostgres } from './db/embedded-postgres/server.ts';
import { migrateToLatest } from './db/migrate.ts';
import { waitForServer } from './db/wait-for-server.ts';
import { createEmojiMaker } from './discord/application-emojis.ts';
import { createDiscordBot } from './discord/bot.ts';
import { createBoardMessenger } from './discord/live-board-messenger.ts';
import { createMessenger } from './discord/messenger.ts';
import { openRest } from './discord/rest.ts';
import { createGuildRolesReader, createRoleChecker } from './discord/role-checker.ts';
import { createRoleGiver } from './discord/role-giver.ts';
import { createRoleReader } from './discord/role-reader.ts';

import { createScheduledEvents } from './discord/scheduled-events.ts';
import { Access } from './http/access.ts';
import { showClockLead, showFailedGrants } from './http/metrics.ts';
import { createHttpServer } from './http/server.ts';
import { findOrMakeAdminKey } from './keys/admin-key.ts';
import { chooseBackend } from './queue/backend.ts';
import { JobQueue } from './queue/job-queue.ts';
import { countRuns, showFailed } from './queue/metrics.ts';
import type { RankingContext } from './ranking/context.ts';
import { LayoutCache } from './ranking/layout-cache.ts';
import { countAllFailedGrants } from './rewards/grant-list.ts';
import { acceptAnyRole } from './rewards/role-checker.ts';
import { assumeAnyRole } from './rewards/role-giver.ts';
import { describeWrongClock, readClockLead } from './seasons/clock-check.ts';

/** Everything that runs in this process. */
export type App = {
  /** Where the HTTP API listens; undefined without the role `web`. */
  url: string | undefined;
  ranking: RankingContext;
  intake: Intake;
  /** Finishes what is in hand and ends everything, the last started first. */
  readonly stop: () => Promise<void>;
};

export type AppOptions = { logger: Logger; clock?: () => Date };

/**
 * Builds and starts everything that the settings ask for, and returns once it serves.
 *
 * @throws Error that says what keeps it from starting; what had been started is ended again
 */
export async function startApp(config: Config, { logger, clock = () => new Date() }: AppOptions): Promise<App> {
  const started: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (let end = started.pop(); end; end = started.pop()) await end();
  };
  try {
    const databaseUrl = config.databaseUrl ?? (await startEmbedded(config, logger, started));
    await waitForServer(databaseUrl, (reason) => logger.warn({ err: reason }, 'Waiting for the database'));
    const migrated = await migrateToLatest(databaseUrl);
    if (migrated.length > 0) logger.info({ migrations: migrated }, 'The database was brought up to date');

    const db = connect(databaseUrl, {
      onConnectionLost: (error) => logger.warn({ err: error }, 'A database connection was lost'),
    });
    started.push(() => db.destroy());
    const lookAtClock = async () => {
      for (const warning of await describeWrongClock(db, clock)) logger.warn(warning);
    };
    await lookAtClock();
    const metrics = new Registry();
    collectDefaultMetrics({ register: metrics });
    const ranking: RankingContext = { db, directory: new CommunityDirectory(db), layouts: new LayoutCache() };
    const queue = new JobQueue(chooseBackend({ databaseUrl, redisUrl: config.redisUrl }), jobs, logger);
    const count = countOutcomes(metrics);
    const intake = new Intake(ranking, (outcomes) => {
      count(outcomes);
      // A quest may have been completed: there is something to say, and a role to give.
      if (outcomes.some(({ status }) => status === 'accepted')) queue.nudge();
    });
    started.push(() => intake.settled());
    await ensureCommunity(db, config.community, clock());

    showFailed(metrics, queue);
    showFailedGrants(metrics, async () => countAllFailedGrants(db));
    showClockLead(metrics, async () => readClockLead(db, clock));
    const worker: JobServices = {
      ...ranking,
      clock,
      lookAtClock,
      stopping: queue.stopping,
      outside: config.discord && reachDiscord(config.discord, logger),
    };
    started.push(() => queue.stop());
    const services = { ...ranking, intake, clock, nudge: queue.nudge, ...readRolesOf(config.discord) };
    let url: string | undefined;
    if (config.roles.includes('web')) {
      const adminKey =
        config.adminApiKey ?? (config.databaseUrl ? undefined : await findOrMakeAdminKey(config.dataDir));
      const server = await createHttpServer(
        { ...services, queue, access: new Access(db, ranking.directory, adminKey) },
        {
          readsPerMinute: config.readsPerMinute,
          writesPerMinute: config.writesPerMinute,
          trustProxy: config.trustProxy,
          metrics,
          logger,
        },
      );
      started.push(() => server.close());
      url = await server.listen({
        port: config.port,
        host: config.host,
        listenTextResolver: (address) => `Listening on ${address}; the API is described at ${address}/docs`,
      });
    }
    // Not waited for: everything else works without it, and it opens by itself.
    void queue.start(
      config.roles.includes('worker') ? { services: worker, clock, onRun: countRuns(metrics) } : undefined,
    );
    if (config.roles.includes('gateway')) {
      if (config.discord) {
        const bot = createDiscordBot({ ...config.discord, community: config.community, services, commands, logger });
        started.push(() => bot.stop());
        await bot.start();
      } else {
        logger.warn('Discord is off: DISCORD_TOKEN and DISCORD_APPLICATION_ID are not both set. Everything else runs.');
      }
    }
    return { url, ranking, intake, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startEmbedded(
  { dataDir }: Config,
  logger: Logger,
  started: (() => Promise<unknown>)[],
): Promise<string> {
  const postgres = await openEmbeddedPostgres({
    dataDir,
    purpose: 'server',
    onRestart: () => logger.warn('The embedded PostgreSQL had died and was started again'),
  });
  started.push(() => postgres.close());
  return postgres.connectionString;
}

/** What the worker does on Discord. It needs no connection to the gateway, which may be another process's. */
function reachDiscord({ token, applicationId, apiUrl }: DiscordConfig, logger: Logger): JobServices['outside'] {
  const rest = openRest(token, apiUrl);
  return {
    messenger: createMessenger(rest, (channelId) => {
      logger.warn({ channelId }, 'A channel of announcements was deleted; they wait until another one is chosen');
    }),
    roles: createRoleGiver(rest),
    readRoles: createRoleReader(rest),
    calendar: createScheduledEvents(rest),
    boards: createBoardMessenger(rest),
    emojis: createEmojiMaker(rest, applicationId),
  };
}

/** What tells whether roles can be given, before they are due. */
function readRolesOf(discord: DiscordConfig | undefined) {
  if (!discord) return { checkRole: acceptAnyRole, readGuildRoles: assumeAnyRole };
  const rest = openRest(discord.token, discord.apiUrl);
  return { checkRole: createRoleChecker(rest), readGuildRoles: createGuildRolesReader(rest) };
}

/** Counts what becomes of contributions. */
function countOutcomes(metrics: Registry): (outcomes: readonly Outcome[]) => void {
  const contributions = new Counter({
    name: 'contributions_total',
    help: 'Contributions taken in, by what became of them.',
    labelNames: ['status'],
    registers: [metrics],
  });
  const batches = new Counter({
    name: 'contribution_batches_total',
    help: 'Transactions that recorded contributions.',
    registers: [metrics],
  });
  return (outcomes) => {
    batches.inc();
    for (const { status } of outcomes) contributions.inc({ status });
  };
}
