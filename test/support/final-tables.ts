import type { Kysely } from 'kysely';
import type { KnownCommunity } from '../../src/communities/directory.ts';
import type { Database } from '../../src/db/database.ts';
import type { Window } from '../../src/ranking/calendar.ts';
import { readFinalTable, writeLines } from '../../src/seasons/final-table.ts';
import { readVersions } from '../../src/seasons/final-versions.ts';

/** The document of a final table as a whole; of its newest version, if none is given. */
export async function readDocument(
  db: Kysely<Database>,
  community: KnownCommunity,
  window: Window,
  category: string,
  version?: number,
): Promise<string> {
  const id = community.categories.find(({ slug }) => slug === category)?.id ?? 0;
  const versions = await readVersions(db, community.id, window, id);
  const asked = version === undefined ? versions.at(-1) : versions.find((one) => one.version === version);
  if (!asked) throw new Error(`${window.key} has no final table.`);
  let text = '';
  for await (const lines of readFinalTable(db, community.id, asked)) text += writeLines(lines);
  return text;
}
