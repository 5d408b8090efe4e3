import { connect } from '../../src/db/connect.ts';
import { openServer, withDatabase } from './bench-database.ts';
import { makeCommunity, recording } from '../support/communities.ts';
import { IntakeBench } from './intake.ts';
const server = await openServer();
await withDatabase(server.url, async (url) => {
  const stats = new Map<string, { n: number; ms: number }>();
  const db = connect(url, { maxConnections: 1, log: (e) => {
    const key = e.query.sql.replace(/\s+/g, ' ').trim().slice(0, 110);
    const s = stats.get(key) ?? { n: 0, ms: 0 }; s.n++; s.ms += e.queryDurationMillis; stats.set(key, s);
  } });
  const dump = (label: string, ms: number) => { console.log('==', label, ms.toFixed(0)); for (const [k, s] of [...stats].sort((a, b) => b[1].ms - a[1].ms).slice(0, 12)) console.log(s.ms.toFixed(0).padStart(7), String(s.n).padStart(5), (s.ms / s.n).toFixed(2).padStart(8), k); stats.clear(); };
  const community = await makeCommunity(db);
  const b = new IntakeBench(recording(db), community, (process.argv[2] ?? 'heavyTailed') as any);
  const t = performance.now();
  await b.fill();
  dump('fill', performance.now() - t);
  await b.recordRound(); await b.recordRound(); stats.clear();
  let ms = 0; for (let i = 0; i < 4; i++) ms += await b.recordRound();
  dump('record 80', ms);
  ms = 0; for (let i = 0; i < 4; i++) ms += await b.insertRound();
  dump('insert 80', ms);
  await db.destroy();
});
await server.close();
