import { AppProcess } from '../support/app-process.ts';
import { DiscordStandIn } from '../support/discord/stand-in.ts';
import { withDatabase } from './bench-database.ts';
import { heavyTailedContributions } from './contributions.ts';
import type { FigureGroup } from './figure.ts';
import { percentile, timed } from './measure.ts';

const READERS = 50;
const WARM_UPS = 20;
const ROUNDS = 40;
const MEMBERS = 10_000;
const BATCHES = 20;
const BATCH = 1_000;

/** How long `/leaderboard` takes from the interaction to what is seen, when many ask at the same moment. */
export const interactionFigures: FigureGroup = {
  names: ['interaction_p99_ms'],
  async measure(context) {
    context.progress('interactions: filling and measuring');
    const times = await withDatabase(await context.serverUrl(), measureInteractions);
    return [
      {
        name: 'interaction_p99_ms',
        value: percentile(times, 0.99),
        unit: 'ms',
        goal: { atMost: 100 },
        measured: `/leaderboard through the Discord stand-in, ${READERS} at the same moment, until the answer is seen (median ${percentile(times, 0.5).toFixed(0)} ms)`,
      },
    ];
  },
};

async function measureInteractions(databaseUrl: string): Promise<number[]> {
  const discord = await DiscordStandIn.start();
  try {
    const guild = discord.createGuild({ name: 'Bench' });
    const channel = guild.createChannel({ name: 'leaderboards' });
    const readers = Array.from({ length: READERS }, (_, n) => discord.createUser({ username: `reader-${n}` }));
    for (const reader of readers) guild.addMember(reader);
    await using app = await AppProcess.start({
      DATABASE_URL: databaseUrl,
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_TOKEN: discord.token,
      DISCORD_APPLICATION_ID: discord.applicationId,
      DISCORD_GUILD_ID: guild.id,
    });
    const contributions = heavyTailedContributions(MEMBERS);
    for (let n = 0; n < BATCHES; n += 1) {
      const body = { contributions: Array.from({ length: BATCH }, () => contributions.next().value) };
      const { status } = await app.call('POST', '/v1/communities/omnitensor/contributions', body);
      if (status !== 200) throw new Error(`Contributions were answered with ${status}.`);
    }
    const times: number[] = [];
    for (let round = -WARM_UPS; round < ROUNDS; round += 1) {
      const taken = await Promise.all(
        readers.map((reader) => timed(() => discord.runCommand(reader, channel, 'leaderboard').answer)),
      );
      if (round >= 0) times.push(...taken);
    }
    await app.stop();
    return times;
  } finally {
    await discord.close();
  }
}
