import { connect } from '../../src/db/connect.ts';
import { openServer, withDatabase, runSql } from './bench-database.ts';
import { makeCommunity, recording } from '../support/communities.ts';
import { IntakeBench } from './intake.ts';
import { median } from './measure.ts';
const mix = process.argv[2] as any;
const variants: string[] = process.argv.slice(3);
const server = await openServer();
const open = async (vs: string[], bs: { v: string; b: IntakeBench; url: string }[]): Promise<void> => {
  const [v, ...rest] = vs;
  if (v === undefined) {
    const r = bs.map(() => [] as number[]); const ab = bs.map(() => [] as number[]); const com: number[] = [];
    for (let i = 0; i < 14; i++) {
      const p = await bs[0]!.b.insertRound(); const t: number[] = [];
      for (const [k, { b }] of bs.entries()) t.push(await b.recordRound());
      if (i < 2) continue;
      t.forEach((x, k) => { r[k]!.push(p / x); ab[k]!.push(t[0]! / x); }); com.push(p);
    }
    bs.forEach(({ v }, k) => console.log(mix, v || 'base', 'ratio', median(r[k]!).toFixed(3), 'speed vs base', median(ab[k]!).toFixed(3)));
    console.log('plain ms a batch', (median(com) / 20).toFixed(1));
    return;
  }
  await withDatabase(server.url, async (url) => {
    for (const s of v.split(';').filter((s) => s.trim() && !s.startsWith('!'))) await runSql(url, s);
    const db = connect(url, { maxConnections: 1 });
    const community = await makeCommunity(db);
    const b = new IntakeBench(recording(db), community, mix);
    await b.fill();
    await open(rest, [...bs, { v, b, url }]);
    await db.destroy();
  });
};
await open(variants, []);
await server.close();
