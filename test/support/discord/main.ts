import { createInterface } from 'node:readline';
import { doLine, HELP, type Stage } from './hands/typed-line.ts';
import { DiscordStandIn } from './stand-in.ts';

const DEFAULT_PORT = 3_001;

const port = Number(process.env['PORT'] ?? DEFAULT_PORT);
const standIn = await DiscordStandIn.start({ port });
const guild = standIn.createGuild({ name: 'OmniTensor', ownerName: 'olivia' });
const channel = guild.createChannel({ name: 'leaderboards' });
const ada = standIn.createUser({ username: 'ada', globalName: 'Ada', timeZone: 'Asia/Kolkata' });
const ben = standIn.createUser({ username: 'ben', globalName: 'Ben', timeZone: 'Europe/Berlin', locale: 'de' });
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

const stage: Stage = { standIn, channel, users: [ada, ben, guild.owner], last: new Map() };
const input = createInterface({ input: process.stdin, output: process.stdout, terminal: process.stdin.isTTY });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => input.close());
// On a terminal, Ctrl-C reaches readline and not the process.
input.once('SIGINT', () => input.close());
for await (const line of input) {
  if (line.trim() === 'quit') break;
  if (line.trim() === '') continue;
  try {
    const more = await doLine(stage, line);
    if (more !== undefined) print(more);
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
  }
}
input.close();
// With input that ended (a file, /dev/null) it goes on until it is told to stop.
await standIn.close();

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
