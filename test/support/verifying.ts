import type { RankingContext } from '../../src/ranking/context.ts';
import { verify } from '../../src/ranking/verify.ts';
import { verifyFinalTables } from '../../src/seasons/verify-final.ts';

/** What of a community is not what its contributions make it: nothing, where all is well. */
export async function differencesOf(context: RankingContext, slug: string): Promise<string[]> {
  const found: string[] = [];
  for await (const difference of verify(context.db, await context.directory.bySlug(slug))) found.push(difference);
  return found;
}

/** The same, and what of its final tables and their prizes is not what it must be. */
export async function everyDifferenceOf(context: RankingContext, slug: string): Promise<string[]> {
  const found = await differencesOf(context, slug);
  for await (const difference of verifyFinalTables(context.db, await context.directory.bySlug(slug)))
    found.push(difference);
  return found;
}
