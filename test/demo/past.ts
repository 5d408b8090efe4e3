import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { RankingContext } from '../../src/ranking/context.ts';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';

const DAY_MS = 86_400_000;
/** A season at least is over then, with its months and weeks. */
const AGE_DAYS = 100;

/** The day, counted from 1970, on which the example's history begins: the same at every start, kept in the data folder. */
export async function findFirstDay(dataDir: string, otherwise: number): Promise<number> {
  const file = join(dataDir, 'first-day');
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return Number(known);
  await writeFile(file, String(otherwise));
  return otherwise;
}

/**
 * Makes the example community some months older than it is, once its history is told, and closes what is over by now:
 * so there are final tables, and winners who got the prizes of the preset. Done before, it does nothing.
 */
export async function growOlder(ranking: RankingContext, slug: string, now: Date): Promise<void> {
  const { id, createdAt } = await ranking.directory.bySlug(slug);
  const since = new Date((Math.floor(now.getTime() / DAY_MS) - AGE_DAYS) * DAY_MS);
  // A start some days later finds it old enough.
  if (now.getTime() - createdAt.getTime() > (AGE_DAYS / 2) * DAY_MS) return;
  await ranking.db.transaction().execute(async (trx) => {
    await sql`
      update communities set created_at = ${since}, next_step_at = null, config_version = config_version + 1
      where community_id = ${id}`.execute(trx);
    await sql`update prizes set created_at = ${since} where community_id = ${id}`.execute(trx);
  });
  await closeDueWindows(ranking, now);
}
