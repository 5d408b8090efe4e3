import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { lockAwards } from '../../src/badges/award-state.ts';
import { addRate } from '../../src/communities/rates.ts';
import { applyPreset } from '../../src/communities/apply-preset.ts';
import type { KnownCommunity } from '../../src/communities/directory.ts';
import { claimHome, ensureGuildCommunity } from '../../src/communities/guilds.ts';
import { KEEPING_TABLES, OUTLIVING_TABLES, REMOVED_TABLES } from '../../src/communities/remove-community.ts';
import { setCap } from '../../src/fair-play/caps.ts';
import { noteRoles } from '../../src/fair-play/discord-roles.ts';
import { exclude } from '../../src/fair-play/exclusions.ts';
import { findOrMakeSource } from '../../src/keys/api-keys.ts';
import { noteFailure } from '../../src/members/link-failures.ts';
import { saveDraft } from '../../src/multipliers/drafts.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { beginPass } from '../../src/rewards/role-passes.ts';
import { announceSeasons } from '../../src/seasons/announce-seasons.ts';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { createSeason, renameSeason } from '../../src/seasons/seasons.ts';
import { makeCommunity, NOW, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { makeMultiplier, minutes } from '../support/multipliers.ts';
import { makeQuest } from '../support/quests.ts';

const database = useDatabase();

/** What cannot hold anything of a community without members. */
const OF_MEMBERS = [
  'boards',
  'contribution_changes',
  'final_changes',
  'grants',
  'held_contributions',
  'link_codes',
  'member_aliases',
  'member_merges',
  'member_tallies',
  'off_boards',
  'quest_completions',
  'quest_joins',
  'quest_proofs',
  'role_holders',
  'role_holdings',
  'roles_left_behind',
  'segments',
  'standings',
];

describe('the tables that a community has rows in', () => {
  it('CO-40 each one is known: it keeps a community from being removed, goes with it, or stays until Discord is cleared', async () => {
    const { rows } = await sql<{ table: string }>`
      select c.relname as table from pg_index i
      join pg_class c on c.oid = i.indrelid
      join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
      where i.indisprimary and a.attname = 'community_id' and c.relnamespace = 'public'::regnamespace
      order by 1`.execute(database.db);
    expect(rows.map(({ table }) => table)).toEqual(
      [...KEEPING_TABLES, ...REMOVED_TABLES, ...OUTLIVING_TABLES].toSorted(),
    );
  });

  it('CO-40 what refers to a table comes before it', async () => {
    const { rows } = await sql<{ from: string; to: string }>`
      select f.relname as from, t.relname as to from pg_constraint k
      join pg_class f on f.oid = k.conrelid join pg_class t on t.oid = k.confrelid
      where k.contype = 'f'`.execute(database.db);
    expect(rows.length).toBeGreaterThan(20);
    const place = (table: string) => REMOVED_TABLES.findIndex((one) => one === table);
    expect(rows.filter(({ from, to }) => place(to) >= 0 && place(from) >= place(to))).toEqual([]);
  });
});

describe('a guild that takes the home community', () => {
  it('CO-41 gives up its own unused one with every kind of setting and with closed windows', async () => {
    const { db } = database;
    const began = new Date('2026-08-01T00:00:00Z');
    const home = { slug: (await makeCommunity(db, {}, began)).slug, guildId: undefined };
    const guild = { id: '900000000000000001', name: 'Ada’s lab', locale: 'de' };
    await ensureGuildCommunity(db, guild, home, began);
    const context = recording(db);
    const known = () => context.directory.bySlug(`guild-${guild.id}`);
    const { id } = await known();
    await fill(context, id, known);

    // Weeks and a month in which nobody did anything.
    const later = new Date('2026-09-28T00:00:00Z');
    await closeDueWindows(context, later);
    await announceSeasons(context, later);
    const counts = await countRows(id);
    expect(counts.filter(({ rows }) => rows === 0n).map(({ table }) => table)).toEqual(
      [...OF_MEMBERS, ...KEEPING_TABLES].toSorted(),
    );

    await claimHome(db, home, guild, TESTER, later);
    expect((await countRows(id)).filter(({ rows }) => rows > 0n)).toEqual([]);
    expect(await context.directory.byGuild(guild.id)).toMatchObject({ slug: home.slug });
  });
});

/** Has a community everything that can be without members. */
async function fill(context: RankingContext, id: number, known: () => Promise<KnownCommunity>): Promise<void> {
  const { db } = context;
  await applyPreset(db, id, 'omnitensor', TESTER, NOW);
  const rate = { category: 'gpu-contributors', subject: 'A100', rate: 5n, from: minutes(60) };
  await addRate(db, id, rate, TESTER, NOW);
  await findOrMakeSource(db, id, 'network');
  await setCap(context, id, { category: 'gpu-contributors', amount: 5_000n }, TESTER, NOW);
  await makeMultiplier(db, { id });
  await saveDraft(db, id, {}, NOW);
  await makeQuest(context, (await known()).slug);
  const season = { key: 'winter', name: 'Winter', startsAt: '2026-10-01', endsAt: '2026-12-01' };
  await createSeason(context, id, season, TESTER, NOW);
  await renameSeason(context, id, '2026-Q3', 'Summer', TESTER, NOW);
  const role = { target: { roleId: '1' }, scope: 'boards', reason: 'They run the network', endsAt: undefined } as const;
  await exclude(context, id, role, TESTER, NOW);
  await noteRoles(context, await known(), '2', ['1'], NOW);
  await beginPass(db, id, NOW);
  await db.transaction().execute((trx) => lockAwards(trx, id));
  await db.transaction().execute((trx) => noteFailure(trx, id, '2', NOW));
  await sql`insert into role_refusals values (${id}, '1', 'It is above the bot.', 'v1')`.execute(db);
  // Credited, and cut off before it was recorded.
  await sql`insert into feedback_credits values (${id}, '3', 'https://discord.com/channels/1/2/3', '4', '5', ${NOW})`.execute(
    db,
  );
}

/** How many rows of a community each table has, by table. */
async function countRows(communityId: number): Promise<{ table: string; rows: bigint }[]> {
  const tables = [...KEEPING_TABLES, ...REMOVED_TABLES].toSorted();
  const { rows } = await sql<{ table: string; rows: bigint }>`
    ${sql.join(
      tables.map(
        (table) =>
          sql`select ${sql.lit(table)} as table, count(*) as rows from ${sql.table(table)} where community_id = ${communityId}`,
      ),
      sql` union all `,
    )}`.execute(database.db);
  return rows;
}
