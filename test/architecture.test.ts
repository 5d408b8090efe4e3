import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const SLICES = new Set([
  'announcements',
  'audit',
  'badges',
  'communities',
  'contributions',
  'fair-play',
  'feedback',
  'keys',
  'ledger',
  'live-boards',
  'members',
  'multipliers',
  'privacy',
  'quests',
  'ranking',
  'rewards',
  'scheduled-events',
  'seasons',
]);

/** The layers, from the top. A file may import what its own layer names here and nothing else. */
const MAY_IMPORT = {
  entry: ['entry', 'app', 'http', 'cli', 'discord', 'queue', 'terminal', 'slices', 'db', 'shared'],
  app: ['app', 'commands', 'jobs', 'http', 'discord', 'queue', 'slices', 'db', 'shared'],
  commands: ['commands', 'discord', 'slices', 'db', 'shared'],
  jobs: ['jobs', 'queue', 'slices', 'db', 'shared'],
  http: ['http', 'slices', 'db', 'shared'],
  cli: ['cli', 'terminal', 'slices', 'shared'],
  terminal: ['terminal'],
  discord: ['discord', 'slices', 'db', 'shared'],
  queue: ['queue', 'db', 'shared'],
  slices: ['slices', 'db', 'shared'],
  db: ['db', 'migrations', 'shared'],
  migrations: ['migrations'],
  shared: ['shared'],
} as const satisfies Record<string, readonly string[]>;
type Layer = keyof typeof MAY_IMPORT;

/** Leaves that everybody may use: they need none of the layers. */
const SHARED = new Set([
  'src/errors.ts',
  'src/text.ts',
  'src/schema.ts',
  'src/contributions/instant.ts',
  'src/ranking/score.ts',
]);

/** What the slices do not know: Discord, the queue, HTTP, the terminal and the log. */
const OUTSIDE = /^(discord|@discordjs|bullmq|ioredis|fastify|@fastify|pino|commander|prom-client)/;

function layerOf(file: string): Layer | undefined {
  if (SHARED.has(file)) return 'shared';
  if (file === 'src/progress-bar.ts') return 'terminal';
  if (file === 'src/main.ts' || file.endsWith('.js') || file.endsWith('-command.ts')) return 'entry';
  if (/^src\/[a-z-]+\.ts$/.test(file)) return 'app';
  const [top, folder] = file.split('/');
  if (top === 'commands' || top === 'jobs' || top === 'migrations') return top;
  if (folder === undefined) return undefined;
  if (SLICES.has(folder)) return 'slices';
  return folder === 'http' || folder === 'cli' || folder === 'discord' || folder === 'queue' || folder === 'db'
    ? folder
    : undefined;
}

type Source = { file: string; text: string; imports: string[]; packages: string[] };

const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*'([^']+)'|import\(\s*'([^']+)'\s*\)/g;

function readSource(file: string): Source {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const wanted = [...text.matchAll(IMPORT)].map(([, fixed, dynamic]) => fixed ?? dynamic ?? '');
  const own = wanted.filter((name) => name.startsWith('.'));
  return {
    file,
    text,
    imports: own.map((name) => relative(ROOT, join(ROOT, dirname(file), name))),
    packages: wanted.filter((name) => !name.startsWith('.')),
  };
}

const sources = ['src', 'commands', 'jobs', 'migrations'].flatMap((folder) => {
  try {
    const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
    return files.filter((file) => /\.(ts|js)$/.test(file)).map((file) => readSource(join(folder, file)));
  } catch (error) {
    // A room that nothing has moved into yet.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
});
const inLayer = (layer: Layer) => sources.filter(({ file }) => layerOf(file) === layer);

/** The files on a way from a file back to itself, or nothing. */
function findCircle(): string[] {
  const importsOf = new Map(sources.map(({ file, imports }) => [file, imports]));
  const done = new Set<string>();
  const visit = (file: string, way: string[]): string[] => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of importsOf.get(file) ?? []) {
      const circle = visit(next, [...way, file]);
      if (circle.length > 0) return circle;
    }
    done.add(file);
    return [];
  };
  for (const { file } of sources) {
    const circle = visit(file, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

describe('the import graph', () => {
  it('ARCH-1 every file has a layer, and every import is found', () => {
    expect(sources.length).toBeGreaterThan(40);
    expect(sources.filter(({ file }) => !layerOf(file)).map(({ file }) => file)).toEqual([]);
    const files = new Set(sources.map(({ file }) => file));
    const lost = sources.flatMap(({ file, imports }) =>
      imports.filter((name) => /\.(ts|js)$/.test(name) && !files.has(name)).map((name) => `${file} -> ${name}`),
    );
    expect(lost).toEqual([]);
    // That imports are read at all.
    const ranking = sources.find(({ file }) => file === 'src/ranking/segments.ts');
    expect(ranking?.imports).toContain('src/ranking/place.ts');
    expect(ranking?.packages).toContain('kysely');
  });

  it('ARCH-2 arrows run downwards only', () => {
    const upwards = sources.flatMap(({ file, imports }) => {
      const from = layerOf(file);
      return imports
        .filter((name) => {
          const to = layerOf(name);
          return from && to && !(MAY_IMPORT[from] as readonly Layer[]).includes(to);
        })
        .map((name) => `${file} -> ${name}`);
    });
    expect(upwards).toEqual([]);
  });

  it('ARCH-3 no file imports itself by way of others', () => {
    expect(findCircle().join(' -> ')).toBe('');
  });

  it('ARCH-4 slices and shared files know neither Discord, nor the queue, nor HTTP, nor the log', () => {
    const known = [...inLayer('slices'), ...inLayer('shared'), ...inLayer('db'), ...inLayer('migrations')].flatMap(
      ({ file, packages }) => packages.filter((name) => OUTSIDE.test(name)).map((name) => `${file} -> ${name}`),
    );
    expect(known).toEqual([]);
  });
});

describe('time and chance', () => {
  it('ARCH-5 slices do not look at a clock and draw no lots: the time is a parameter', () => {
    const clock = /\bDate\.now\(|new Date\(\)|Temporal\.Now|Math\.random\(|performance\.now\(/;
    const guilty = [...inLayer('slices'), ...inLayer('shared')].filter(({ text }) => clock.test(text));
    expect(guilty.map(({ file }) => file)).toEqual([]);
  });

  it("ARCH-6 no statement asks for the server's time, save to warn of a clock that is wrong: the time is the clock of the process", () => {
    const serverTime = /\bnow\(\)|current_timestamp|current_date|localtime|(?:clock|statement|transaction)_timestamp/i;
    const sqlOf = (text: string) => [...text.matchAll(/sql(?:<[^`]*>)?`([^`]*)`/g)].map(([, statement]) => statement);
    const guilty = sources.filter(({ text }) => sqlOf(text).some((statement) => serverTime.test(statement ?? '')));
    // Where the two clocks are compared, and nothing follows from it but a warning.
    expect(guilty.map(({ file }) => file)).toEqual(['src/seasons/clock-check.ts']);
  });
});
