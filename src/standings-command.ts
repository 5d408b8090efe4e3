/** `npm run standings -- verify | rebuild`: standings held against the contributions they follow from. */
import type { Kysely } from 'kysely';
import { parseArgs } from 'node:util';
import { rebuildBadges, verifyBadges } from './badges/verify.ts';
import { CommunityDirectory } from './communities/directory.ts';
import { verifyPrices } from './contributions/verify-prices.ts';
import { connect } from './db/connect.ts';
import type { Database } from './db/database.ts';
import { migrateToLatest } from './db/migrate.ts';
import { openDatabase } from './db/open-database.ts';
import { countOnTerminal } from './progress-bar.ts';
import { runCommand } from './entry.ts';
import type { RankingContext } from './ranking/context.ts';
import { verifyQuests } from './quests/verify.ts';
import { LayoutCache } from './ranking/layout-cache.ts';
import { rebuild } from './ranking/rebuild.ts';
import { countToCompare, verify } from './ranking/verify.ts';
import { countFinalLines, verifyFinalTables } from './seasons/verify-final.ts';

const USAGE = `Usage: npm run standings -- verify [--community SLUG]    recompute everything from the contributions and compare
       npm run standings -- rebuild [--community SLUG]   put right what differs, while reading and writing go on`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: { community: { type: 'string' } },
});
const [task, ...more] = positionals;
if ((task !== 'verify' && task !== 'rebuild') || more.length > 0 || typeof values.community === 'boolean') {
  console.error(USAGE);
  process.exit(2);
}
const slug = values.community;

await runCommand(async (config) => {
  const database = await openDatabase(config);
  try {
    await migrateToLatest(database.connectionString);
    const db = connect(database.connectionString, {
      applicationName: 'omnitensor standings',
      maxConnections: 2,
      unlimited: true,
    });
    try {
      await (task === 'verify' ? verifyAll(db) : rebuildAll(db));
    } finally {
      await db.destroy();
    }
  } finally {
    await database.close();
  }
});

async function verifyAll(db: Kysely<Database>): Promise<void> {
  const directory = new CommunityDirectory(db);
  let differences = 0;
  let mispriced = 0;
  let unfounded = 0;
  let altered = 0;
  for (const name of await communitiesToDo(db)) {
    const community = await directory.bySlug(name);
    const { add, bar } = countOnTerminal(
      `Comparing ${name}`,
      (await countToCompare(db, community.id)) + (await countFinalLines(db, community.id)),
    );
    for await (const difference of verify(db, community, add)) {
      bar.above(() => console.log(`${name}: ${difference}`));
      differences += 1;
    }
    for await (const difference of verifyQuests(db, community)) {
      bar.above(() => console.log(`${name}: ${difference}`));
      unfounded += 1;
    }
    for await (const difference of verifyBadges(db, community, new Date())) {
      bar.above(() => console.log(`${name}: ${difference}`));
      differences += 1;
    }
    for await (const difference of verifyFinalTables(db, community, add)) {
      bar.above(() => console.log(`${name}: ${difference}`));
      altered += 1;
    }
    bar.clear();
    // No rebuild changes what a contribution earned: these have to be looked into.
    for await (const difference of verifyPrices(db, directory, name)) {
      console.log(`${name}: ${difference}`);
      mispriced += 1;
    }
  }
  if (mispriced > 0) {
    throw new Error(
      `${mispriced} contributions earned other than rates and multipliers say, and ${differences} other differences. Rebuilding changes no reward: restore these from a backup, or void them and record them anew.`,
    );
  }
  if (unfounded > 0) {
    throw new Error(
      `${unfounded} completions of quests are not what the contributions make them, and ${differences} other differences. Rebuilding changes no grant: void and un-void a contribution of the member, which reckons the member's quests anew.`,
    );
  }
  if (altered > 0) {
    throw new Error(
      `${altered} final tables or their prizes are not what the contributions at their cut make them, and ${differences} other differences. Rebuilding changes no final table: restore these from a backup.`,
    );
  }
  if (differences === 0) console.log('The standings are what the contributions make them. No difference.');
  else throw new Error(`${differences} differences. Repair them: npm run standings -- rebuild`);
}

async function rebuildAll(db: Kysely<Database>): Promise<void> {
  const context: RankingContext = { db, directory: new CommunityDirectory(db), layouts: new LayoutCache() };
  let repaired = 0;
  for (const name of await communitiesToDo(db)) {
    const community = await context.directory.bySlug(name);
    const { add, bar } = countOnTerminal(`Rebuilding ${name}`, await countToCompare(db, community.id));
    repaired += await rebuild(context, community.id, add);
    repaired += await rebuildBadges(db, community, new Date());
    bar.clear();
  }
  console.log(repaired === 0 ? 'Nothing had to be put right.' : `Put right: ${repaired}.`);
}

async function communitiesToDo(db: Kysely<Database>): Promise<string[]> {
  if (slug !== undefined) return [slug];
  const rows = await db.selectFrom('communities').select('slug').orderBy('community_id').execute();
  return rows.map((row) => row.slug);
}
