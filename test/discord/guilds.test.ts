import { beforeEach, describe, expect, it } from 'vitest';
import { createCommunity } from '../../src/communities/communities.ts';
import { setChannel } from '../../src/announcements/channel.ts';
import { claimHome, ensureGuildCommunity, unclaimedHome, type Guild } from '../../src/communities/guilds.ts';
import { connect } from '../../src/db/connect.ts';
import { createKey } from '../../src/keys/api-keys.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();

let guilds = 0;
let homes = 0;

/** A guild that no other test knows. */
function newGuild(fields: Partial<Guild> = {}): Guild {
  return { id: `90000000000000${String(++guilds).padStart(4, '0')}`, name: 'Ada’s lab', locale: 'de', ...fields };
}

async function communityOf(guild: Guild) {
  return database.db.selectFrom('communities').selectAll().where('discord_guild_id', '=', guild.id).executeTakeFirst();
}

async function auditOf(communityId: number): Promise<string[]> {
  const rows = await database.db
    .selectFrom('audit_log')
    .select(['actor', 'action'])
    .where('community_id', '=', communityId)
    .orderBy('audit_id')
    .execute();
  return rows.map(({ actor, action }) => `${actor}: ${action}`);
}

describe('guilds and communities', () => {
  let home: { slug: string; guildId: string | undefined };
  let homeId: number;

  beforeEach(async () => {
    const made = await makeCommunity(database.db, { slug: `home-${++homes}` });
    homeId = made.id;
    home = { slug: made.slug, guildId: undefined };
  });

  it('DI-1 a guild gets an unlisted community of its own, named after it, in its locale, in UTC, without categories', async () => {
    const guild = newGuild();
    await ensureGuildCommunity(database.db, guild, home, NOW);
    expect(await communityOf(guild)).toMatchObject({
      slug: `guild-${guild.id}`,
      name: 'Ada’s lab',
      locale: 'de',
      time_zone: 'UTC',
      visibility: 'unlisted',
    });
    const directory = recording(database.db).directory;
    expect((await directory.byGuild(guild.id))?.categories).toEqual([]);
  });

  it('DI-1 a name or locale that a community cannot have is replaced', async () => {
    const guild = newGuild({ name: '\u202Eevil', locale: 'not a locale' });
    await ensureGuildCommunity(database.db, guild, home, NOW);
    expect(await communityOf(guild)).toMatchObject({ name: `Server ${guild.id}`, locale: 'en' });
  });

  it('DI-2 two processes that meet a guild at once make one community', async () => {
    const other = connect(database.url);
    try {
      const meetings = Array.from({ length: 20 }, () => newGuild()).map(async (guild) => {
        await Promise.all([
          ensureGuildCommunity(database.db, guild, home, NOW),
          ensureGuildCommunity(other, guild, home, NOW),
        ]);
        return communityOf(guild);
      });
      expect(await Promise.all(meetings)).toSatisfy((made: unknown[]) => made.every(Boolean));
    } finally {
      await other.destroy();
    }
  });

  it('DI-3 the guild that the operator names gets the home community, also when another had it', async () => {
    const before = newGuild();
    await claimHome(database.db, home, before, TESTER, NOW);
    await setChannel(database.db, homeId, '123', TESTER, NOW);
    const named = newGuild();
    await ensureGuildCommunity(database.db, named, { ...home, guildId: named.id }, NOW);
    expect(await communityOf(named)).toMatchObject({ slug: home.slug, discord_channel_id: null });
    expect(await communityOf(before)).toBeUndefined();
    await ensureGuildCommunity(database.db, before, { ...home, guildId: named.id }, NOW);
    expect(await communityOf(before)).toMatchObject({ slug: `guild-${before.id}` });
  });

  it('DI-3 without a home community the named guild gets one of its own', async () => {
    const named = newGuild();
    await ensureGuildCommunity(database.db, named, { slug: 'nowhere', guildId: named.id }, NOW);
    expect(await communityOf(named)).toMatchObject({ slug: `guild-${named.id}` });
  });

  it('DI-4 the first guild whose admin takes the home community has it; others are refused', async () => {
    const [first, second] = [newGuild(), newGuild()];
    expect(await unclaimedHome(database.db, home)).toBe(home.slug);
    const claims = await Promise.allSettled([
      claimHome(database.db, home, first, TESTER, NOW),
      claimHome(database.db, home, second, TESTER, NOW),
    ]);
    expect(claims.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(claims.find((claim) => claim.status === 'rejected')?.reason).toMatchObject({ code: 'state-conflict' });
    expect(await unclaimedHome(database.db, home)).toBeUndefined();
    const winner = claims[0].status === 'fulfilled' ? first : second;
    await claimHome(database.db, home, winner, TESTER, NOW);
    expect(await communityOf(winner)).toMatchObject({ slug: home.slug });
  });

  it('DI-4 nobody takes it where the operator has named a guild', async () => {
    const named = { ...home, guildId: newGuild().id };
    expect(await unclaimedHome(database.db, named)).toBeUndefined();
    await expect(claimHome(database.db, named, newGuild(), TESTER, NOW)).rejects.toMatchObject({
      code: 'state-conflict',
    });
  });

  it('DI-5 an unused community of its own goes when the guild takes the home one', async () => {
    const guild = newGuild();
    await ensureGuildCommunity(database.db, guild, home, NOW);
    await claimHome(database.db, home, guild, TESTER, NOW);
    const left = await database.db
      .selectFrom('communities')
      .select('slug')
      .where('slug', '=', `guild-${guild.id}`)
      .execute();
    expect(left).toEqual([]);
    expect((await auditOf(homeId)).at(-1)).toBe('tester: community.guild');
  });

  it.each(['a contribution', 'a key'])('DI-5 one with %s stays, without a guild, and comes back', async (what) => {
    const guild = newGuild();
    const id = await createCommunity(
      database.db,
      { slug: `guild-${guild.id}`, name: 'own', timeZone: 'UTC', preset: 'omnitensor', discordGuildId: guild.id },
      TESTER,
      NOW,
    );
    if (what === 'a key') await createKey(database.db, id, { name: 'k', scopes: ['write'] }, TESTER, NOW);
    else await record(recording(database.db), { id, sourceId: 1 }, [contribution({ id: 'c1' })]);
    await claimHome(database.db, home, guild, TESTER, NOW);
    expect(await communityOf(guild)).toMatchObject({ slug: home.slug });
    expect((await auditOf(id)).at(-1)).toBe('tester: community.guild');

    const next = newGuild();
    await ensureGuildCommunity(database.db, next, { ...home, guildId: next.id }, NOW);
    await ensureGuildCommunity(database.db, guild, { ...home, guildId: next.id }, NOW);
    expect(await communityOf(guild)).toMatchObject({ community_id: id });
  });
});
