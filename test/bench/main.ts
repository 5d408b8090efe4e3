import { parseArgs } from 'node:util';
import { endWhatIsOpen } from '../support/end-with-file.ts';
import { announcementFigures } from './announcements.ts';
import { dropLent, openServer } from './bench-database.ts';
import type { BenchContext, Figure, FigureGroup } from './figure.ts';
import { closingFigures } from './closing.ts';
import { importFigures } from './import.ts';
import { intakeFigures } from './intake.ts';
import { interactionFigures } from './interactions.ts';
import { measureGroup } from './measure-group.ts';
import { questFigures } from './quests.ts';
import { rankFigures } from './ranks.ts';
import { redisFigures } from './redis.ts';
import { printTable, toJson } from './report.ts';
import { roleFigures } from './roles.ts';
import { startFigures } from './start.ts';

const GROUPS: readonly FigureGroup[] = [
  rankFigures,
  redisFigures,
  intakeFigures,
  importFigures,
  interactionFigures,
  questFigures,
  announcementFigures,
  closingFigures,
  roleFigures,
  startFigures,
];
const NAMES = GROUPS.flatMap((group) => group.names);

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, only: { type: 'string', multiple: true, default: [] } },
});
const unknown = options.only.find((name) => !NAMES.includes(name));
if (unknown !== undefined) {
  console.error(`There is no figure "${unknown}". There are: ${NAMES.join(', ')}.`);
  process.exit(2);
}

let server: Awaited<ReturnType<typeof openServer>> | undefined;
const context: BenchContext = {
  serverUrl: async () => (server ??= await openServer()).url,
  isWanted: (name) => options.only.length === 0 || options.only.includes(name),
  progress: (message) => console.error(`${new Date().toISOString().slice(11, 19)} ${message}`),
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void (server?.close() ?? Promise.resolve()).finally(() => process.exit(1)));
}

const figures: Figure[] = [];
try {
  for (const group of GROUPS) {
    if (!group.names.some((name) => context.isWanted(name))) continue;
    const measured = await measureGroup(group, context, takeAway);
    const wanted = measured.filter((figure) => context.isWanted(figure.name));
    for (const { name, value } of wanted) context.progress(`${name}: ${value ?? 'not measured'}`);
    figures.push(...wanted);
  }
} finally {
  await server?.close();
}
if (options.json) console.log(toJson(figures));
else printTable(figures);
// Whatever a group that was given up has left open.
process.exit();

async function takeAway(): Promise<void> {
  await endWhatIsOpen();
  if (server) await dropLent(server.url);
}
