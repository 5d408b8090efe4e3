import pg from 'pg';
import { connect } from '../../src/db/connect.ts';
import { openServer, withDatabase } from './bench-database.ts';
import { makeCommunity, recording } from '../support/communities.ts';
import { IntakeBench } from './intake.ts';
const server = await openServer();
await withDatabase(server.url, async (url) => {
  const admin = new pg.Client({ connectionString: url }); await admin.connect();
  const name = new URL(url).pathname.slice(1);
  await admin.query(`alter database ${name} set session_preload_libraries='auto_explain'`);
  for (const [k, v] of Object.entries({ log_min_duration: '0', log_analyze: 'on', log_buffers: 'on', log_timing: 'on', log_level: 'notice', log_parameter_max_length: '0', log_nested_statements: 'on' })) await admin.query(`alter database ${name} set auto_explain.${k}='${v}'`);
  await admin.query(`alter database ${name} set client_min_messages='notice'`);
  await admin.end();
  let show = false;
  const origQuery = pg.Client.prototype.connect;
  pg.Client.prototype.connect = function (...a: any[]) { this.on('notice', (n: any) => { if (show) console.log(n.message); }); return (origQuery as any).apply(this, a); };
  const db = connect(url, { maxConnections: 1 });
  const community = await makeCommunity(db);
  const b = new IntakeBench(recording(db), community, (process.argv[2] ?? 'uniform') as any);
  for (let i = 0; i < 14; i++) { const t = performance.now(); if (i===5) show = true; await b.fillNew(i); show = false; console.log('batch', i, (performance.now() - t).toFixed(0)); }
  await db.destroy();
});
await server.close();
