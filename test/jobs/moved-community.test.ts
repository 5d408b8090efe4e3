import { Routes } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { keepEmojis } from '../../src/badges/keep-emojis.ts';
import { putImage } from '../../src/badges/image-store.ts';
import { claimHome, ensureGuildCommunity } from '../../src/communities/guilds.ts';
import { OUTLIVING_TABLES } from '../../src/communities/remove-community.ts';
import { createEmojiMaker } from '../../src/discord/application-emojis.ts';
import { createScheduledEvents } from '../../src/discord/scheduled-events.ts';
import { openRest } from '../../src/discord/rest.ts';
import { mirrorEvents } from '../../src/scheduled-events/mirror.ts';
import { makeBadge } from '../support/badges.ts';
import { makeCommunity, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import type { StandInGuild } from '../support/discord/guild.ts';
import { RoleScene } from '../support/roles.ts';

const database = useDatabase();
const DELETE = /^DELETE \/guilds\/\d+\/members/;

/** A community with members in two guilds; it is of the first, whose roles Ada and Bob have. */
async function open() {
  const scene = await RoleScene.open(database.db);
  const { db, guild, discord, communityId } = scene;
  await scene.addMember('bob');
  const other = discord.createGuild({ name: 'New lab' });
  for (const name of ['ada', 'bob']) other.addMember(scene.user(name));
  const { slug } = await db
    .selectFrom('communities')
    .select('slug')
    .where('community_id', '=', communityId)
    .executeTakeFirstOrThrow();
  const champion = scene.role('Champion');
  for (const name of ['ada', 'bob']) await scene.grant(name, champion, 'August');
  await scene.run();
  return {
    scene,
    other,
    champion,
    /** The operator names another guild. */
    move: (to: StandInGuild) =>
      ensureGuildCommunity(
        db,
        { id: to.id, name: to.name, locale: 'en' },
        { slug, guildId: to.id },
        scene.outbox.now(),
      ),
    rolesIn: (where: StandInGuild, name: string) => where.rolesOf(scene.user(name)).map((role) => role.name),
    audit: async (action: string): Promise<unknown[]> => {
      const rows = await db
        .selectFrom('audit_log')
        .select('after')
        .where('community_id', '=', communityId)
        .where('action', '=', action)
        .orderBy('audit_id')
        .execute();
      return rows.map(({ after }) => (typeof after === 'string' ? JSON.parse(after) : after));
    },
    left: () => db.selectFrom('roles_left_behind').selectAll().where('community_id', '=', communityId).execute(),
    guild,
  };
}

/** Brings the scheduled events of Discord in step, and reads the names of those of a guild. */
function calendarOf({ db, discord, outbox }: RoleScene) {
  const rest = openRest(discord.token, discord.apiUrl);
  return {
    mirror: () =>
      mirrorEvents(db, createScheduledEvents(rest), outbox.now(), { stopping: new AbortController().signal }),
    namesIn: async ({ id }: StandInGuild) =>
      // What the stand-in answers with is of Discord's shape.
      ((await rest.get(Routes.guildScheduledEvents(id))) as { name: string }[]).map(({ name }) => name),
  };
}

/** Puts down the last day of a season, which begins in an hour. */
async function putDownLastDay({ db, outbox }: RoleScene, communityId: number): Promise<void> {
  const hours = (n: number) => new Date(outbox.now().getTime() + n * 3_600_000);
  await db
    .insertInto('season_events')
    .values({ community_id: communityId, key: 'spring', name: 'Spring', starts_at: hours(1), ends_at: hours(2) })
    .execute();
}

describe('a community that moves to another server', () => {
  it('RO-23 what the bot gave is taken back there, and what was granted is given here, or fails and says why', async () => {
    const { scene, other, move, rolesIn, audit, left, guild } = await open();
    const [own, veteran] = [scene.role('Own'), scene.role('Veteran')];
    const here = other.createRole({ name: 'Veteran' });
    guild.setRoles(scene.user('ada'), [own, ...guild.rolesOf(scene.user('ada'))]);
    await scene.grant('ada', own, 'July');
    await scene.grant('ada', { kind: 'role', name: 'Veteran' }, 'May');
    await scene.run();
    expect(rolesIn(guild, 'ada').toSorted()).toEqual(['Champion', 'Own', veteran.name]);
    scene.asked();

    await move(other);
    expect((await audit('community.guild')).at(-1)).toEqual({ guildId: other.id, rolesToTake: 3 });
    await scene.run();
    expect(rolesIn(guild, 'ada')).toEqual(['Own']);
    expect(rolesIn(guild, 'bob')).toEqual([]);
    expect(other.rolesOf(scene.user('ada'))).toEqual([here]);
    const gone = ['failed', expect.stringContaining('no such role')];
    expect(await scene.states('ada')).toEqual([gone, gone, ['delivered', null]]);
    expect(await scene.states('bob')).toEqual([gone]);
    expect([await left(), await audit('roles.left-behind'), scene.refused()]).toEqual([[], [], []]);
    scene.asked();
    await scene.run();
    expect(scene.asked()).toEqual([]);
  });

  it('RO-23 one that is back before all was taken has the rest again', async () => {
    const { scene, other, move, rolesIn, left, guild } = await open();
    await move(other);
    scene.discord.faults.rateLimitNext(DELETE, 20);
    await scene.run();
    expect(await left()).toHaveLength(2);
    await move(guild);
    scene.pass(60_000);
    scene.renewConnection();
    await scene.run();
    expect([rolesIn(guild, 'ada'), rolesIn(guild, 'bob')]).toEqual([['Champion'], ['Champion']]);
    for (const name of ['ada', 'bob']) expect(await scene.states(name)).toEqual([['delivered', null]]);
    await scene.takeBack('ada', 'August');
    await scene.run();
    expect(rolesIn(guild, 'ada')).toEqual([]);
    expect(await left()).toEqual([]);
  });

  it('RO-23 one that moves while a role is being given leaves nothing there', async () => {
    const { scene, other, champion, move, rolesIn, guild } = await open();
    await scene.addMember('eve');
    await scene.grant('eve', champion, 'August');
    const hold = scene.discord.faults.holdNext(/^PUT \/guilds\/\d+\/members/, 'after');
    const running = scene.run();
    await hold.arrived;
    await move(other);
    hold.release();
    await running;
    scene.pass(31_000);
    await scene.run();
    expect(['ada', 'bob', 'eve'].map((name) => rolesIn(guild, name))).toEqual([[], [], []]);
  });

  it('RO-23 one that a server gave up, which has no other, is taken out of there as well', async () => {
    const { scene, rolesIn, guild } = await open();
    // The server takes the home community in place of its own.
    const home = await scene.db
      .insertInto('communities')
      .values({
        slug: `home-${guild.id}`,
        name: 'Home',
        time_zone: 'UTC',
        locale: 'en',
        visibility: 'public',
        created_at: scene.outbox.now(),
      })
      .returning('slug')
      .executeTakeFirstOrThrow();
    const named = { id: guild.id, name: guild.name, locale: 'en' };
    await claimHome(scene.db, { slug: home.slug, guildId: undefined }, named, TESTER, scene.outbox.now());
    await scene.run();
    expect([rolesIn(guild, 'ada'), rolesIn(guild, 'bob')]).toEqual([[], []]);
    expect(await scene.states('ada')).toEqual([['made', null]]);
  });

  it('RO-24 what the bot cannot take stays there, and the audit log says what to do', async () => {
    const { scene, other, champion, move, audit, left } = await open();
    champion.position = 99;
    await move(other);
    await scene.run();
    expect(await audit('roles.left-behind')).toEqual([
      {
        roles: [champion.id],
        given: 2,
        reason: expect.stringMatching(/stands above the bot's own role.*Take them off there, or delete the roles\.$/),
      },
    ]);
    expect([await left(), scene.refused()]).toEqual([[], []]);
  });

  it('RO-24 so does what it gave where it is no member any more; it is not asked for again and again', async () => {
    const { scene, other, champion, move, audit, left, guild } = await open();
    guild.kickBot();
    await move(other);
    for (let hour = 0; hour < 3; hour += 1) {
      await scene.run();
      scene.pass(3_600_000);
    }
    expect(await audit('roles.left-behind')).toEqual([
      {
        roles: [champion.id],
        given: 2,
        reason: expect.stringMatching(/^The bot is not in that server\. Whoever has these roles keeps them\./),
      },
    ]);
    expect(await left()).toEqual([]);
    expect(scene.refused()).toHaveLength(1);
  });

  it('DI-67 its scheduled events are called off there, and made here', async () => {
    const { scene, other, move, guild } = await open();
    const { discord } = scene;
    const { mirror, namesIn } = calendarOf(scene);
    await putDownLastDay(scene, scene.communityId);
    await mirror();
    expect(await namesIn(guild)).toEqual(['Last day: Spring']);
    await move(other);
    await mirror();
    expect([await namesIn(guild), await namesIn(other)]).toEqual([[], ['Last day: Spring']]);
    const { length } = discord.requests.filter(({ method }) => method !== 'GET');
    await mirror();
    expect(discord.requests.filter(({ method }) => method !== 'GET')).toHaveLength(length);
    expect(scene.refused()).toEqual([]);
  });
});

describe('a community that is removed', () => {
  it('CO-43 what the bot made of it on Discord goes with it: scheduled events, and emojis of badges', async () => {
    const scene = await RoleScene.open(database.db);
    const { db, discord } = scene;
    const now = scene.outbox.now();
    const made = discord.createGuild({ name: 'Unused' });
    const guild = { id: made.id, name: made.name, locale: 'en' };
    const { slug } = await makeCommunity(db);
    const home = { slug, guildId: undefined };
    await ensureGuildCommunity(db, guild, home, now);
    const { community_id: id } = await db
      .selectFrom('communities')
      .select('community_id')
      .where('discord_guild_id', '=', guild.id)
      .executeTakeFirstOrThrow();
    const { mirror, namesIn } = calendarOf(scene);
    await putDownLastDay(scene, id);
    await mirror();
    const badgeId = await makeBadge(scene.context, { id, slug: `guild-${guild.id}` }, { name: 'Seven' }, now);
    const image = { mediaType: 'image/png', content: Buffer.from('picture') } as const;
    await db.transaction().execute((trx) => putImage(trx, id, badgeId, image, now));
    const rest = openRest(discord.token, discord.apiUrl);
    const keep = () =>
      keepEmojis(db, createEmojiMaker(rest, discord.applicationId), now, { stopping: new AbortController().signal });
    const emojis = async () =>
      // What the stand-in answers with is of Discord's shape.
      ((await rest.get(Routes.applicationEmojis(discord.applicationId))) as { items: { name: string }[] }).items.map(
        ({ name }) => name,
      );
    await keep();
    await rest.post(Routes.applicationEmojis(discord.applicationId), {
      body: { name: 'somebody_elses', image: 'data:image/png;base64,AAAA' },
    });
    expect([await namesIn(made), await emojis()]).toEqual([
      ['Last day: Spring'],
      [expect.stringMatching(`^badge_${badgeId}`), 'somebody_elses'],
    ]);

    await claimHome(db, home, guild, TESTER, now);
    await mirror();
    await keep();
    expect([await namesIn(made), await emojis()]).toEqual([[], ['somebody_elses']]);
    for (const table of OUTLIVING_TABLES) {
      expect(await db.selectFrom(table).select('community_id').where('community_id', '=', id).execute()).toEqual([]);
    }
    expect(scene.refused()).toEqual([]);
  });
});
