import { sql } from 'kysely';
import { it } from 'vitest';
import { makeCommunity, NOW, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { connect } from '../../src/db/connect.ts';
import { award, makeBadge, badgeDifferencesOf } from '../support/badges.ts';
const database = useDatabase();
it('x', async () => {
  const { db } = database;
  const c = await makeCommunity(db);
  const context = recording(db);
  const N = 200_000, M = 50_000;
  await sql`set statement_timeout = 0`.execute(db);
  const { rows: cats } = await sql<any>`select category_id from categories where community_id = ${c.id} order by 1`.execute(db);
  await db.transaction().execute(async (trx) => {
  await sql`set local statement_timeout = 0`.execute(trx);
  await sql`insert into members (community_id, member_id, handle, display_name, display_name_at, created_at) select ${c.id}, n, 'm' || n, 'm' || n, now(), now() from generate_series(1, ${sql.lit(M)}) n`.execute(trx);
  for (let from = 0; from < N; from += 100000) await sql`insert into contributions (community_id, source_id, member_id, category_id, seq, amount, rate, reward, reputation, occurred_at, recorded_at, multiplier, external_id)
    select ${c.id}, ${c.sourceId}, 1 + floor(${sql.lit(M)} * power((n::bigint * 7919 % 1000003) / 1000003.0, 3))::int, (${`{${cats.map((x: any) => x.category_id).join(',')}}`}::int[])[1 + n % 3], n, 1000, 6250, 6250, 0, ${NOW}::timestamptz - (n % 500) * interval '1 day', ${NOW}, 100, 'e' || n
    from generate_series(${sql.lit(from)}::int + 1, ${sql.lit(from)}::int + 100000) n`.execute(trx);
  await sql`update communities set last_seq = ${sql.lit(N)}, last_member_id = ${sql.lit(M)} where community_id = ${c.id}`.execute(trx);
  });
  const times = new Map<string, [number, number]>();
  const logged = connect(database.url, { log: (e: any) => { const k = e.query.sql.replace(/\s+/g, ' ').slice(0, 110); const x = times.get(k) ?? [0, 0]; x[0] += e.queryDurationMillis; x[1] += 1; times.set(k, x); } });
  let t = performance.now();
  await award(recording(logged), c);
  console.log([...times].sort((a, b) => b[1][0] - a[1][0]).slice(0, 14).map(([k, v]) => Math.round(v[0]) + ' ms ' + v[1] + 'x ' + k).join('\n'));
  await logged.destroy();
  console.log('catch up 1M', Math.round(performance.now() - t));
  t = performance.now();
  await makeBadge(context, c, { name: 'late', rule: { kind: 'streak', weeks: 3 } });
  await award(context, c);
  console.log('retro streak 100k members', Math.round(performance.now() - t));
  t = performance.now();
  await makeBadge(context, c, { name: 'late2', rule: { kind: 'contributions', atLeast: 2 } });
  await award(context, c);
  console.log('retro total 100k members', Math.round(performance.now() - t));
  t = performance.now();
  for (let i = 0; i < 10; i += 1) await award(context, c);
  console.log('idle', (performance.now() - t) / 10);
  t = performance.now();
  console.log(await badgeDifferencesOf(context, c), 'verify', Math.round(performance.now() - t));
  const { rows } = await sql<any>`select name, count(*) from grants group by 1`.execute(db); console.log(rows);
}, 1000000);
