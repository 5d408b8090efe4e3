/** `npm run demo`: everything in one process, with a made-up community and a Discord of its own. No account is needed. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startApp } from '../../src/app.ts';
import type { Config } from '../../src/config.ts';
import { endOnSignal, runCommand } from '../../src/entry.ts';
import { findOrMakeAdminKey } from '../../src/keys/admin-key.ts';
import { createLogger } from '../../src/logger.ts';
import { countOnTerminal } from '../../src/progress-bar.ts';
import { DiscordStandIn } from '../support/discord/stand-in.ts';
import { makeAttractions } from './attractions.ts';
import { DISCORD_PEOPLE, playScene, setScene } from './discord-scene.ts';
import { dayOf, historySince } from './history.ts';
import { keepContributing } from './live.ts';
import { findFirstDay, growOlder } from './past.ts';
import { makePeople, type Person } from './people.ts';
import { createDemoApi, type DemoApi } from './sender.ts';

/** How far back history goes: several seasons. */
const DAYS = 420;
/** How many contributions are sent between two moves of the progress bar. */
const STEP = 500;
const CLI = fileURLToPath(new URL('../../src/cli/omnitensor-cli.js', import.meta.url));

await runCommand(async (settings) => {
  console.log('Starting an embedded PostgreSQL, the bot, the API and a stand-in for Discord …');
  const ending = new AbortController();
  const starting = start(settings);
  const showing = starting.then((demo) => show(demo, settings, ending.signal));
  endOnSignal(
    async () => {
      ending.abort();
      // Told to end while it starts, it starts first: half of a start leaves a database running.
      const demo = await starting.catch(() => undefined);
      const contributing = await showing.catch(() => undefined);
      await contributing?.ended;
      await demo?.app.stop();
      await demo?.standIn.close();
    },
    (line) => console.log(line),
  );
  await showing;
});

/** The whole product in this process, on a database and a Discord of its own. */
async function start(settings: Config) {
  const standIn = await DiscordStandIn.start();
  const scene = setScene(standIn);
  const dataDir = join(settings.dataDir, 'demo');
  const { apiUrl, token, applicationId } = standIn;
  const app = await startApp(
    {
      ...settings,
      databaseUrl: undefined,
      adminApiKey: undefined,
      dataDir,
      port: (await isFree(settings.port)) ? settings.port : 0,
      discord: { apiUrl, token, applicationId, guildId: scene.guildId },
      roles: ['gateway', 'worker', 'web'],
    },
    { logger: createLogger(settings.logLevel === 'info' ? 'warn' : settings.logLevel) },
  );
  return { app, standIn, scene, dataDir, url: app.url ?? '', adminKey: await findOrMakeAdminKey(dataDir) };
}

/** Fills it with people and what they did, shows what it looks like, and has them go on. */
async function show(
  { app, standIn, scene, dataDir, url, adminKey }: Awaited<ReturnType<typeof start>>,
  settings: Config,
  ending: AbortSignal,
): Promise<{ ended: Promise<void> } | undefined> {
  const people = [...discordPeople(), ...makePeople(DAYS)];
  const api = createDemoApi(url, settings.community, adminKey);
  await tellHistory(api, people, dataDir, ending);
  if (!ending.aborted) await growOlder(app.ranking, settings.community, new Date());
  if (!ending.aborted) await makeAttractions(api, new Date());
  if (!ending.aborted) await playScene(standIn, scene);
  if (ending.aborted) return undefined;
  console.log(`What people see on Discord:\n\n${standIn.transcript.render()}`);
  const board = ['leaderboard', '--category=gpu-contributors'];
  const proof = ['seasons', 'verify', 'previous'];
  const shown = await Promise.all([board, proof].map((args) => runCli(url, args, dataDir)));
  console.log(`$ npx omnitensor-cli leaderboard --category="gpu-contributors"\n${shown[0] ?? ''}`);
  console.log(`$ npx omnitensor-cli seasons verify previous\n${shown[1] ?? ''}`);
  console.log(whatNext(url, standIn.apiUrl, settings));
  return { ended: keepContributing(api, people, ending) };
}

/** Sends what happened before now. Every start sends the same and what has been added since; sent again it counts once. */
async function tellHistory(
  api: DemoApi,
  people: readonly Person[],
  dataDir: string,
  ending: AbortSignal,
): Promise<void> {
  const { createdAt } = await api.read('');
  const firstDay = await findFirstDay(dataDir, dayOf(new Date(String(createdAt))) - DAYS);
  const history = historySince(firstDay, people, new Date());
  const { add, bar } = countOnTerminal('Telling what happened so far', history.length);
  for (let at = 0; at < history.length && !ending.aborted; at += STEP) {
    await api.send(history.slice(at, at + STEP));
    add(STEP);
  }
  bar.clear();
}

/** Those whom the stand-in knows take part as well: who is known from Discord alone has a handle made of the id. */
function discordPeople(): Person[] {
  return DISCORD_PEOPLE.map(({ id, globalName, zeal }) => ({
    handle: `discord-${id}`,
    displayName: globalName,
    zeal,
    joinedDay: DAYS - 120,
  }));
}

async function runCli(url: string, args: string[], dataDir: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args], {
    env: { ...process.env, OMNITENSOR_URL: url, DATA_DIR: dataDir },
  });
  return stdout;
}

function whatNext(url: string, discordUrl: string, { dataDir, community }: Config): string {
  const environment = `OMNITENSOR_URL=${url} DATA_DIR=${join(dataDir, 'demo')}`;
  return `It goes on: somebody contributes every few seconds. Open
  ${url}/docs            the API, to try calls on
  ${url}/v1/communities/${community}/leaderboards/gpu-contributors?window=week
  ${url}/v1/communities/${community}/leaderboards/gpu-contributors/final?period=previous
  ${discordUrl}                the stand-in for Discord
and type, in another terminal:
  ${environment} npx omnitensor-cli leaderboard --category gpu-contributors --window week --watch
  ${environment} npx omnitensor-cli member user123
  ${environment} npx omnitensor-cli seasons show previous
  ${environment} npx omnitensor-cli prizes preview
Ctrl-C ends it. The next start finds everything again.`;
}

/** Whether nobody listens on a port of this machine. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, 'localhost', () => probe.close(() => resolve(true)));
  });
}
