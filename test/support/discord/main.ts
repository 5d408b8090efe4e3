import { createInterface } from 'node:readline';
import { doLine, HELP, type Stage } from './hands/typed-line.ts';
import { DiscordStandIn } from './stand-in.ts';

const DEFAULT_PORT = 3_001;

// The same in every run, so that a bot finds its data again.
const GUILD_ID = '2000000000000000001';
const CHANNEL_ID = '2000000000000000002';
const ADA_ID = '2000000000000000003';
const BEN_ID = '2000000000000000004';

const standIn = await start(Number(process.env['PORT'] ?? DEFAULT_PORT));
const guild = standIn.createGuild({ id: GUILD_ID, name: 'OmniTensor', ownerName: 'olivia' });
const channel = guild.createChannel({ id: CHANNEL_ID, name: 'leaderboards' });
const ada = standIn.createUser({ id: ADA_ID, username: 'ada', globalName: 'Ada', timeZone: 'Asia/Kolkata' });
const ben = standIn.createUser({
  id: BEN_ID,
  username: 'ben',
  globalName: 'Ben',
  timeZone: 'Europe/Berlin',
  locale: 'de',
});
for (const user of [ada, ben]) guild.addMember(user);

print(`A stand-in for Discord listens on ${standIn.apiUrl}. Start the bot with:

  DISCORD_API_URL=${standIn.apiUrl} \\
  DISCORD_TOKEN=${standIn.token} \\
  DISCORD_APPLICATION_ID=${standIn.applicationId} \\
  DISCORD_GUILD_ID=${guild.id} npm start

In it: the guild "${guild.name}" with #${channel.name}, its owner olivia, and the members ada and ben.
${HELP}
`);
standIn.transcript.onLine(print);

const told = Promise.withResolvers<void>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => told.resolve());
const input = createInterface({ input: process.stdin, output: process.stdout, terminal: process.stdin.isTTY });
// On a terminal, Ctrl-C reaches readline and not the process.
input.once('SIGINT', () => told.resolve());
const stage: Stage = { standIn, channel, users: [ada, ben, guild.owner], last: new Map() };
void takeLines();
// Input that has ended (a file, a service without one) ends nothing: only `quit` and signals do.
await told.promise;
input.close();
await standIn.close();

async function takeLines(): Promise<void> {
  for await (const line of input) await act(line.trim());
}

async function act(line: string): Promise<void> {
  if (line === '') return;
  if (line === 'quit') {
    told.resolve();
    return;
  }
  try {
    const more = await doLine(stage, line);
    if (more !== undefined) print(more);
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
  }
}

async function start(port: number): Promise<DiscordStandIn> {
  try {
    return await DiscordStandIn.start({ port });
  } catch (error) {
    print(`Nothing can listen on port ${port} (${String(error)}). Set PORT to a free one, or to 0 for any.`);
    return process.exit(1);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
