import { sql } from 'kysely';
import { it } from 'vitest';
import { contribution, makeCommunity, record, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { sumFinalTable } from '../../src/seasons/final-table.ts';
const database = useDatabase();
it('x', async () => {
  const { db } = database;
  const { id, sourceId } = await makeCommunity(db);
  await record(recording(db), { id, sourceId }, [contribution({ id: 'first' })]);
  const b0 = await sql<{ boardId: number }>`select board_id as "boardId" from boards b join windows w using (community_id, window_id) where w.kind = 'week'`.execute(db);
  const boardId = b0.rows[0]!.boardId;
  await sumFinalTable(db, id, { boardId, version: 1 });
  for (const page of [1000]) {
    const q = `(select line.member_id, line.neg_score, line.reached_at, m.handle from (
        (select s.member_id, s.neg_score, s.reached_at from standings s
         where s.community_id = ${id} and s.board_id = ${boardId} and (s.neg_score, s.reached_at, s.member_id) > (-9223372036854775807::bigint, 'epoch'::timestamptz, 0)
           and not exists (select from final_changes c where c.community_id = s.community_id and c.board_id = s.board_id and c.version >= 1 and c.member_id = s.member_id)
         order by s.neg_score, s.reached_at, s.member_id limit ${page})
        union all
        (select l.member_id, l.neg_score, l.reached_at from (
           select distinct on (member_id) member_id, neg_score, reached_at from final_changes
           where community_id = ${id} and board_id = ${boardId} and version >= 1 order by member_id, version) l
         where l.neg_score is not null order by l.neg_score, l.reached_at, l.member_id limit ${page})
        order by neg_score, reached_at, member_id limit ${page}) line
      cross join lateral (select handle, hidden_as from members where community_id = ${id} and member_id = line.member_id offset 0) m
      order by line.neg_score, line.reached_at, line.member_id)`;
    const r = await sql.raw<any>(`explain ${q}`).execute(db);
    console.log(page, '\n' + r.rows.map((x: any) => x['QUERY PLAN']).join('\n'));
  }
  await sql`insert into members (community_id, member_id, handle, display_name, display_name_at, created_at)
    select ${id}, 1000 + n, repeat('😀', 58) || n, 'x', '2026-08-20', '2026-08-20' from generate_series(1, 30000) n`.execute(db);
  await sql<{ boardId: number }>`insert into standings (community_id, board_id, member_id, neg_score, reached_at)
    select b.community_id, b.board_id, 1000 + n, -n, '2026-08-20' from boards b join windows w using (community_id, window_id), generate_series(1, 30000) n
    where b.community_id = ${id} and w.kind = 'week' returning board_id as "boardId"`.execute(db);
  for (let i = 0; i < 2; i++) { const s = performance.now(); try { await sumFinalTable(db, id, { boardId, version: 1 }); } catch (e) { console.log(String(e)); } console.log('ms', performance.now() - s); await sql`analyze standings`.execute(db); await sql`analyze members`.execute(db); }
}, 200000);
