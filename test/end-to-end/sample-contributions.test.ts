import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppProcess, verifyStandings } from '../support/app-process.ts';
import { useDatabase } from '../support/database.ts';
import type { StandInGuild } from '../support/discord/guild.ts';
import { DiscordStandIn } from '../support/discord/stand-in.ts';
import type { StandInChannel } from '../support/discord/world.ts';
import { PlainRanking, type PlainBoard, type PlainMeasures, type PlainStanding } from '../support/plain-ranking.ts';
import { SAMPLE_CONTRIBUTIONS } from '../support/sample-contributions.ts';
import { runCli } from '../cli/run-cli.ts';

const MEASURES: PlainMeasures = {
  'gpu-contributors': { rate: 6250n },
  'data-validators': 'amount',
  'model-testers': 'amount',
};
const UNITS: Record<string, string> = { 'data-validators': 'dataset', 'model-testers': 'test' };
const ZONES = ['UTC', 'America/New_York', 'Asia/Kolkata'];
/** How many boards are asked for at once. */
const AT_ONCE = 8;
const PAGE_SIZE = 10;

const database = useDatabase();
const discord = await DiscordStandIn.start();
let folder = '';
let app: AppProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnitensor-sample-'));
  app = await AppProcess.start({
    DATABASE_URL: database.url,
    DISCORD_API_URL: discord.apiUrl,
    DISCORD_TOKEN: discord.token,
    DISCORD_APPLICATION_ID: discord.applicationId,
    // No window may go by the zone of the machine.
    TZ: 'Pacific/Chatham',
  });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await discord.close();
  await rm(folder, { recursive: true });
});

describe.each(ZONES)('a community in %s', (zone) => {
  it('EE-1 contributions around midnights, ends of years and changes of the clock, imported twice, stand right everywhere', async () => {
    const path = join(folder, `${zone.replace('/', '-')}.ndjson.gz`);
    await writeFile(path, gzipSync(aroundMidnights()));
    await checkEverywhere(zone, path, 'made up');
  });

  it.skipIf(!SAMPLE_CONTRIBUTIONS)(
    'EE-2 thousands of real contributions, imported twice, stand right everywhere',
    { timeout: 60_000 },
    async () => {
      await checkEverywhere(zone, SAMPLE_CONTRIBUTIONS ?? '', 'real');
    },
  );
});

it('EE-3 after all that, recomputing everything finds no difference', async () => {
  const { code, output } = await verifyStandings({ DATABASE_URL: database.url });
  expect(output).toContain('No difference.');
  expect(code).toBe(0);
});

/** Imports a file twice into a new guild's community, and holds what everybody reads against the book. */
async function checkEverywhere(zone: string, path: string, kind: string): Promise<void> {
  const { guild, channel, slug } = await openGuild(zone, `${kind} ${zone}`);
  const ranking = new PlainRanking(zone, MEASURES);
  const lines = gunzipSync(readFileSync(path)).toString().trimEnd().split('\n');
  for (const line of lines) {
    const { contributor, category, amount, occurredAt } = JSON.parse(line);
    // Whole numbers and halves, which a float holds exactly.
    ranking.add({ id: '', contributor, category, amount: BigInt(amount * 1000), occurredAt: new Date(occurredAt) });
  }
  const env = { OMNITENSOR_URL: app.url, OMNITENSOR_COMMUNITY: slug };

  const first = await runCli(['import', path], { env });
  expect(first).toEqual({ code: 0, stdout: `accepted ${lines.length}, duplicates 0, rejected 0\n`, stderr: '' });
  const second = await runCli(['import', path], { env });
  expect(second).toEqual({ code: 0, stdout: `accepted 0, duplicates ${lines.length}, rejected 0\n`, stderr: '' });
  await checkHttp(slug, zone, ranking);

  for (const board of fullestBoards(ranking)) {
    await checkCli(env, ranking, board);
    await checkDiscord(guild, channel, ranking, board);
  }
}

/** A guild whose admin completes the community that the bot gave it. */
async function openGuild(zone: string, name: string) {
  const guild = discord.createGuild({ name });
  const channel = guild.createChannel({ name: 'boards' });
  const setup = discord.runCommand(guild.owner, channel, 'setup', { preset: 'omnitensor', 'time-zone': zone });
  expect((await setup.answer).text()).toContain(zone);
  return { guild, channel, slug: `guild-${guild.id}` };
}

async function checkHttp(slug: string, zone: string, ranking: PlainRanking): Promise<void> {
  const boards = [...ranking.boards.values()].values();
  const worker = async () => {
    for (const board of boards) {
      const expected = ranking.ranked(board);
      const path = `/v1/communities/${slug}/leaderboards/${board.category}?window=${board.kind}&period=${board.key}`;
      for (let offset = 0; offset < expected.length; offset += 100) {
        const { status, json } = await app.call('GET', `${path}&limit=100&offset=${offset}`);
        expect({ path, status, ...read(json) }).toEqual({
          path,
          status: 200,
          ...boundsOf(board, zone),
          total: expected.length,
          entries: expected.slice(offset, offset + 100).map(toEntry),
        });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function read({ startsAt, endsAt, total, entries }: Record<string, unknown>) {
  return { startsAt, endsAt, total, entries };
}

function toEntry({ rank, handle, score, reachedAt }: PlainStanding) {
  return { rank, handle, displayName: handle, score: decimal(score), reachedAt: reachedAt.toISOString() };
}

function decimal(thousandths: bigint): string {
  const digits = thousandths.toString().padStart(4, '0');
  return `${digits.slice(0, -3)}.${digits.slice(-3)}`.replace(/\.?0+$/, '');
}

/** When a window begins and ends, by Temporal: midnights of the zone. */
function boundsOf({ kind, key }: PlainBoard, zone: string): { startsAt: string | null; endsAt: string | null } {
  if (kind === 'all') return { startsAt: null, endsAt: null };
  const [year = 0, part = 0] = key.split(/-[WQ]?/).map(Number);
  const first = {
    week: () => {
      const inFirstWeek = Temporal.PlainDate.from({ year, month: 1, day: 4 });
      return inFirstWeek.subtract({ days: inFirstWeek.dayOfWeek - 1 }).add({ weeks: part - 1 });
    },
    month: () => Temporal.PlainDate.from({ year, month: part, day: 1 }),
    season: () => Temporal.PlainDate.from({ year, month: part * 3 - 2, day: 1 }),
  }[kind]();
  const length = { week: { weeks: 1 }, month: { months: 1 }, season: { months: 3 } }[kind];
  const midnight = (date: Temporal.PlainDate) => new Date(date.toZonedDateTime(zone).epochMilliseconds).toISOString();
  return { startsAt: midnight(first), endsAt: midnight(first.add(length)) };
}

/** Of each category everything there ever was, and of each kind of window the fullest. */
function fullestBoards({ boards }: PlainRanking): PlainBoard[] {
  const groups = Map.groupBy(boards.values(), ({ kind, category }) => (kind === 'all' ? category : kind));
  return [...groups.values()].map((group) => group.reduce((a, b) => (b.members.size > a.members.size ? b : a)));
}

async function checkCli(env: Record<string, string>, ranking: PlainRanking, board: PlainBoard): Promise<void> {
  const { category, kind, key } = board;
  const args = ['leaderboard', '--category', category, '--window', kind, '--period', key, '--limit', '25'];
  const lines = ranking
    .ranked(board)
    .slice(0, 25)
    .map(({ rank, handle, score }) => {
      const unit = UNITS[category];
      return `${rank}. ${handle} - ${decimal(score)} ${unit ? `${unit}${score === 1000n ? '' : 's'}` : 'OMNIT'}\n`;
    });
  const stdout = `Top 25 Contributors:\n${lines.join('')}`;
  expect(await runCli(args, { env: { ...env, OMNITENSOR_API_KEY: undefined } })).toEqual({
    code: 0,
    stdout,
    stderr: '',
  });
}

/** Turns all pages of a board, from the first to the last. */
async function checkDiscord(
  { owner }: StandInGuild,
  channel: StandInChannel,
  ranking: PlainRanking,
  board: PlainBoard,
): Promise<void> {
  const { category, kind, key } = board;
  const rows = ranking.ranked(board).map(({ rank, handle, score }) => {
    const unit = UNITS[category];
    const amount = `${decimal(score).replace(/\B(?=(\d{3})+(?!\d))/g, ',')} `;
    return ` · ${handle} · ${amount}${unit ? `${unit}${score === 1000n ? '' : 's'}` : 'OMNIT'} #${rank}`;
  });
  const message = await discord.runCommand(owner, channel, 'leaderboard', { category, window: kind, period: key })
    .answer;
  for (let from = 0; from < rows.length; from += PAGE_SIZE) {
    if (from > 0) await discord.press(owner, message, 'Next').answer;
    expect(rowsOf(message.text())).toEqual(rows.slice(from, from + PAGE_SIZE));
  }
  expect(message.buttons().find(({ label }) => label === 'Next')?.disabled).toBe(true);
}

/** The rows of a page, each with its rank behind. */
function rowsOf(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [, rank, rest] = /(\d[\d,]*)(?:st|nd|rd|th)( · .+ · .+)$/.exec(line) ?? [];
    return rank && rest ? [`${rest} #${rank.replace(',', '')}`] : [];
  });
}

/** A line a contribution: just before and after midnights, written with offsets of many zones, with ties. */
function aroundMidnights(): string {
  const DATES = [
    '2023-12-31',
    '2024-01-01',
    '2024-03-10',
    '2024-03-31',
    '2024-11-03',
    '2024-12-30',
    '2025-07-01',
    '2026-06-29',
  ];
  const lines = DATES.flatMap((date) =>
    ZONES.flatMap((zone, zoneNumber) => {
      const midnight = Temporal.PlainDate.from(date).toZonedDateTime(zone);
      return [-1, 0, 1, 5_399_999].flatMap((milliseconds, place) =>
        ['+00:00', '-14:00', '+05:45'].map((offset, number) => ({
          id: `${date} ${zoneNumber} ${milliseconds} ${offset}`,
          contributor: `member-${(place * 5 + number * 3 + zoneNumber) % 17}`,
          category: Object.keys(MEASURES)[(place + number) % 3],
          amount: [1, 0.5, 2, 1000][(number * place) % 4],
          occurredAt: midnight
            .add({ milliseconds })
            .withTimeZone(offset)
            .toString({ timeZoneName: 'never', fractionalSecondDigits: 3 }),
        })),
      );
    }),
  );
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
