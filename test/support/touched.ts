import { sql } from 'kysely';
import { onTestFinished } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import type { SegmentLimits } from '../../src/ranking/segments.ts';
import { recording } from './communities.ts';

/** What the server touched: rows read by sequential scans, entries of indexes read, both by table, and blocks in all. */
export type Touched = { seqScans: Record<string, bigint>; rows: Record<string, bigint>; blocks: bigint };

/**
 * What the server touched for some work, by its own counters. The work has a connection and memory of its own, and is done
 * twice: what is counted is not the first use of them.
 */
export async function touchedBy(
  url: string,
  work: (context: RankingContext) => Promise<unknown>,
  segmentLimits?: SegmentLimits,
): Promise<Touched> {
  const db = connect(url, { maxConnections: 1 });
  onTestFinished(() => db.destroy());
  const count = async () => {
    await sql`select pg_stat_force_next_flush()`.execute(db);
    const { rows } = await sql<{ table: string; scans: bigint; entries: bigint; blocks: bigint }>`
      select t.relname as table, t.seq_tup_read as scans, coalesce(sum(i.idx_tup_read), 0)::bigint as entries,
        (io.heap_blks_hit + io.heap_blks_read + coalesce(io.idx_blks_hit + io.idx_blks_read, 0)) as blocks
      from pg_stat_user_tables t join pg_statio_user_tables io using (relid) left join pg_stat_user_indexes i using (relid)
      group by t.relname, t.seq_tup_read, blocks`.execute(db);
    return rows;
  };
  const context = recording(db, segmentLimits);
  await work(context);
  const before = new Map((await count()).map((row) => [row.table, row]));
  await work(context);
  const touched: Touched = { seqScans: {}, rows: {}, blocks: 0n };
  for (const { table, scans, entries, blocks } of await count()) {
    const known = before.get(table);
    if (scans > (known?.scans ?? 0n)) touched.seqScans[table] = scans - (known?.scans ?? 0n);
    touched.rows[table] = entries - (known?.entries ?? 0n);
    touched.blocks += blocks - (known?.blocks ?? 0n);
  }
  return touched;
}

/** How many entries of a table's indexes were read. */
export function rowsOf(touched: Touched, table: string): number {
  return Number(touched.rows[table] ?? 0n);
}
