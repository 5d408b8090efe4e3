import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { migrations } from '../../migrations/index.ts';
import { connect } from '../../src/db/connect.ts';
import { migrateToLatest } from '../../src/db/migrate.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();

describe('migrations', () => {
  const { serverUrl } = inject('postgres');
  const name = `omnitensor_empty_${randomBytes(6).toString('hex')}`;
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  const server = connect(serverUrl, { maxConnections: 1 });

  beforeAll(async () => {
    await sql`create database ${sql.id(name)}`.execute(server);
  });
  afterAll(async () => {
    await sql`drop database ${sql.id(name)} with (force)`.execute(server);
    await server.destroy();
  });

  it('ST-1 processes that start at once on an empty database take turns: each migration is run by one of them', async () => {
    const run = await Promise.all(Array.from({ length: 6 }, () => migrateToLatest(url)));
    expect(run.flat()).toEqual(Object.keys(migrations));
    expect(await migrateToLatest(url)).toEqual([]);
  });
});

type Key = { table: string; name: string; kind: string; columns: string[] };

/** Every primary key, unique and foreign key, and every other index, as the catalog has them. */
async function readKeys(): Promise<Key[]> {
  const { rows } = await sql<Key>`
    select c.relname as table, k.name, k.kind, array_agg(a.attname::text order by k.position) as columns
    from (
      select conrelid as relation, conname::text as name, 'foreign key' as kind, column_number, position
      from pg_constraint, unnest(conkey) with ordinality as keys(column_number, position) where contype = 'f'
      union all
      select indrelid, indexrelid::regclass::text, case when indisprimary then 'primary key' when indisunique then 'unique' else 'index' end,
        column_number, position
      from pg_index, unnest(indkey::smallint[]) with ordinality as keys(column_number, position)
    ) k
    join pg_class c on c.oid = k.relation
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.column_number
    where c.relnamespace = 'public'::regnamespace and c.relname not like 'kysely_%'
    group by c.relname, k.name, k.kind order by 1, 2`.execute(database.db);
  return rows;
}

describe('the catalog', () => {
  /** What finds a community itself cannot begin with it. */
  const BEFORE_A_COMMUNITY = ['communities_slug', 'communities_discord_guild'];

  it('ST-2 every key and index of every table begins with the community, so that data can be spread by community', async () => {
    const keys = await readKeys();
    expect(keys.length).toBeGreaterThan(20);
    const others = keys.filter(({ columns }) => columns[0] !== 'community_id');
    expect(others.map((key) => key.name)).toEqual(BEFORE_A_COMMUNITY.toSorted());
  });

  it('ST-2 every table has a primary key, and a foreign key joins within the community', async () => {
    const keys = await readKeys();
    const { rows } = await sql<{ table: string }>`
      select relname as table from pg_class
      where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and relname not like 'kysely_%'`.execute(
      database.db,
    );
    const primary = new Set(keys.filter(({ kind }) => kind === 'primary key').map(({ table }) => table));
    expect(rows.map(({ table }) => table).filter((table) => !primary.has(table))).toEqual([]);
    const { rows: foreign } = await sql<{ name: string; columns: string[] }>`
      select c.conname as name, array_agg(a.attname::text order by position) as columns
      from pg_constraint c, unnest(c.confkey) with ordinality as keys(column_number, position), pg_attribute a
      where c.contype = 'f' and a.attrelid = c.confrelid and a.attnum = column_number group by c.conname, c.oid`.execute(
      database.db,
    );
    expect(foreign.filter(({ columns }) => columns[0] !== 'community_id')).toEqual([]);
  });

  it('ST-3 no column holds a floating-point number, and times are instants', async () => {
    const { rows } = await sql<{ table_name: string; column_name: string }>`
      select table_name, column_name from information_schema.columns
      where table_schema = 'public' and table_name not like 'kysely_%'
        and data_type in ('real', 'double precision', 'timestamp without time zone', 'date', 'money')`.execute(
      database.db,
    );
    expect(rows).toEqual([]);
  });
});
