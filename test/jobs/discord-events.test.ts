import { GuildScheduledEventStatus, PermissionFlagsBits, Routes } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { createScheduledEvents } from '../../src/discord/scheduled-events.ts';
import { openRest } from '../../src/discord/rest.ts';
import { mirrorEvents } from '../../src/scheduled-events/mirror.ts';
import { useDatabase } from '../support/database.ts';
import { Outbox } from '../support/outbox.ts';

const HOUR_MS = 3_600_000;
const database = useDatabase();

type Event = {
  id: string;
  name: string;
  description: string;
  status: number;
  scheduled_start_time: string;
  scheduled_end_time: string;
};

async function open() {
  const outbox = await Outbox.open(database.db);
  const { db, discord, guild, communityId } = outbox;
  const rest = openRest(discord.token, discord.apiUrl);
  return {
    outbox,
    rest,
    guild,
    /** Makes a multiplier event that begins and ends so many hours from now. */
    async multiplier(from: number, to: number, name = 'Sprint') {
      const at = (hours: number) => new Date(outbox.now().getTime() + hours * HOUR_MS);
      const { multiplier_id } = await db
        .insertInto('multipliers')
        .values({
          community_id: communityId,
          name,
          factor: 250,
          category_ids: null,
          starts_at: at(from),
          ends_at: at(to),
          announce_at: [],
          created_at: at(0),
        })
        .returning('multiplier_id')
        .executeTakeFirstOrThrow();
      return multiplier_id;
    },
    /** Puts down the last day of a season, from and to so many hours from now. */
    async lastDay(from: number, to: number, name = 'Spring 2027') {
      const at = (hours: number) => new Date(outbox.now().getTime() + hours * HOUR_MS);
      const day = { name, starts_at: at(from), ends_at: at(to) };
      await db
        .insertInto('season_events')
        .values({ community_id: communityId, key: 'spring-2027', ...day })
        .onConflict((conflict) => conflict.columns(['community_id', 'key']).doUpdateSet(day))
        .execute();
    },
    removeLastDay: () => db.deleteFrom('season_events').where('community_id', '=', communityId).execute(),
    /** What is known of the entries, by what they mirror. */
    async mirrored() {
      const rows = await db
        .selectFrom('mirrored_events')
        .select(['mark', 'event_id'])
        .where('community_id', '=', communityId)
        .execute();
      return new Map(rows.map((row) => [row.mark, row.event_id]));
    },
    forgetEntries: () =>
      db.updateTable('mirrored_events').set({ event_id: null }).where('community_id', '=', communityId).execute(),
    async set(id: number, changes: { cancelled_at?: Date; starts_at?: Date; ends_at?: Date; name?: string }) {
      await db.updateTable('multipliers').set(changes).where('multiplier_id', '=', id).execute();
    },
    mirror: () =>
      mirrorEvents(db, createScheduledEvents(rest), outbox.now(), { stopping: new AbortController().signal }),
    async events(): Promise<Event[]> {
      // What the stand-in answers with is of Discord's shape.
      return (await rest.get(Routes.guildScheduledEvents(guild.id))) as Event[];
    },
    writes: () => discord.requests.filter(({ method }) => method !== 'GET').length,
  };
}

describe('scheduled events of Discord', () => {
  it('DI-60 a multiplier event is mirrored once, and nothing is written while both agree', async () => {
    const scene = await open();
    const id = await scene.multiplier(2, 5);
    await scene.mirror();
    await scene.mirror();
    const events = await scene.events();
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ name: '2.5× OMNIT: Sprint' });
    expect(events[0]?.description).toContain(`Multiplier event ${id}`);
    expect(scene.writes()).toBe(1);
    expect(scene.outbox.problems()).toEqual([]);
  });

  it('DI-61 one that was made and not noted is found again by its number', async () => {
    const scene = await open();
    await scene.multiplier(2, 5);
    await scene.lastDay(48, 72);
    await scene.mirror();
    await scene.forgetEntries();
    await scene.mirror();
    expect(await scene.events()).toHaveLength(2);
  });

  it('DI-62 two workers at once make one', async () => {
    const scene = await open();
    await scene.multiplier(2, 5);
    await Promise.all([scene.mirror(), scene.mirror(), scene.mirror()]);
    expect(await scene.events()).toHaveLength(1);
  });

  it('DI-63 an edit made in Discord is put back, and a deletion too', async () => {
    const scene = await open();
    await scene.multiplier(2, 5);
    await scene.mirror();
    const [event] = await scene.events();
    const route = Routes.guildScheduledEvent(scene.guild.id, event?.id ?? '');
    const later = (time?: string) => new Date(Date.parse(time ?? '') + HOUR_MS).toISOString();
    await scene.rest.patch(route, {
      body: {
        name: 'Free money',
        scheduled_start_time: later(event?.scheduled_start_time),
        scheduled_end_time: later(event?.scheduled_end_time),
      },
    });
    await scene.mirror();
    expect(await scene.events()).toEqual([event]);

    await scene.rest.delete(route);
    await scene.mirror();
    expect(await scene.events()).toMatchObject([
      { name: event?.name, scheduled_start_time: event?.scheduled_start_time },
    ]);
  });

  it('DI-64 a change here is made there, and what is cancelled here is cancelled there', async () => {
    const scene = await open();
    const id = await scene.multiplier(2, 5);
    await scene.mirror();
    const earlier = new Date(scene.outbox.now().getTime() + 3 * HOUR_MS);
    await scene.set(id, { ends_at: earlier, name: 'Dash' });
    await scene.mirror();
    expect(await scene.events()).toMatchObject([
      { name: '2.5× OMNIT: Dash', scheduled_end_time: earlier.toISOString() },
    ]);
    await scene.set(id, { cancelled_at: scene.outbox.now() });
    await scene.mirror();
    expect(await scene.events()).toEqual([]);
    await scene.mirror();
    expect(await scene.events()).toEqual([]);
    expect(scene.outbox.problems()).toEqual([]);
  });

  it('DI-65 one that has started by itself is left alone, and ended when the multiplier event is', async () => {
    const scene = await open();
    const id = await scene.multiplier(2, 5);
    await scene.mirror();
    const [event] = await scene.events();
    const route = Routes.guildScheduledEvent(scene.guild.id, event?.id ?? '');
    await scene.rest.patch(route, { body: { status: GuildScheduledEventStatus.Active } });
    const before = scene.writes();
    await scene.mirror();
    expect(scene.writes()).toBe(before);
    await scene.set(id, { starts_at: new Date(0), ends_at: new Date(scene.outbox.now().getTime() - 1) });
    await scene.mirror();
    expect(await scene.events()).toEqual([]);
    expect(scene.outbox.problems()).toEqual([]);
  });

  it('DI-66 without "Create Events" Discord is not asked in vain', async () => {
    const scene = await open();
    scene.guild.botRole.permissions &= ~PermissionFlagsBits.CreateEvents;
    await scene.multiplier(2, 5);
    await scene.mirror();
    expect(scene.writes()).toBe(0);
    expect(scene.outbox.problems()).toEqual([]);
  });

  it('CD-20 the last day of a season is mirrored once, renamed and moved in step, and an edit on Discord is put back', async () => {
    const scene = await open();
    await scene.lastDay(48, 72);
    await Promise.all([scene.mirror(), scene.mirror()]);
    await scene.mirror();
    const [event, ...others] = await scene.events();
    expect(others).toEqual([]);
    expect(event).toMatchObject({ name: 'Last day: Spring 2027' });
    expect(event?.description).toMatch(/^The season ends with this event\. [^]*\n\nLast day of spring-2027$/);
    expect(scene.writes()).toBe(1);

    await scene.lastDay(50, 74, 'Autumn *2027*');
    await scene.mirror();
    const [moved] = await scene.events();
    expect(moved).toMatchObject({ id: event?.id, name: 'Last day: Autumn *2027*' });
    expect(
      Date.parse(moved?.scheduled_start_time ?? '') - Date.parse(event?.scheduled_start_time ?? ''),
    ).toBeGreaterThan(HOUR_MS);

    const route = Routes.guildScheduledEvent(scene.guild.id, event?.id ?? '');
    await scene.rest.patch(route, { body: { name: 'Free money' } });
    await scene.mirror();
    expect(await scene.events()).toEqual([moved]);
    expect(scene.outbox.problems()).toEqual([]);
  });

  it('CD-21 it is called off when the season is removed, also if its entry was made and not noted', async () => {
    const scene = await open();
    await scene.multiplier(2, 5);
    await scene.lastDay(48, 72);
    await scene.mirror();
    await scene.forgetEntries();
    await scene.removeLastDay();
    await scene.mirror();
    expect(await scene.events()).toMatchObject([{ name: '2.5× OMNIT: Sprint' }]);
    expect([...(await scene.mirrored()).keys()]).toEqual([expect.stringContaining('Multiplier event')]);
    const before = scene.writes();
    await scene.mirror();
    expect(scene.writes()).toBe(before);
    // Wanted again, it is made again.
    await scene.lastDay(48, 72);
    await scene.mirror();
    expect(await scene.events()).toHaveLength(2);
    expect(scene.outbox.problems()).toEqual([]);
  });

  it('CD-22 one that has begun is not made, and what is over is forgotten without asking Discord', async () => {
    const scene = await open();
    await scene.lastDay(-1, 23);
    await scene.mirror();
    expect(await scene.events()).toEqual([]);
    expect([...(await scene.mirrored())]).toEqual([['Last day of spring-2027', null]]);
    scene.outbox.pass(24 * HOUR_MS);
    const before = scene.outbox.discord.requests.length;
    await scene.mirror();
    expect((await scene.mirrored()).size).toBe(0);
    expect(scene.outbox.discord.requests).toHaveLength(before);
    await scene.mirror();
    expect(scene.outbox.discord.requests).toHaveLength(before);
  });

  it('CD-23 what may not be called off now is called off when the permission is back', async () => {
    const scene = await open();
    await scene.lastDay(48, 72);
    await scene.mirror();
    await scene.removeLastDay();
    scene.guild.botRole.permissions &= ~PermissionFlagsBits.CreateEvents;
    await scene.mirror();
    expect(await scene.events()).toHaveLength(1);
    scene.guild.botRole.permissions |= PermissionFlagsBits.CreateEvents;
    await scene.mirror();
    expect(await scene.events()).toEqual([]);
    expect(scene.outbox.problems()).toEqual([]);
  });
});
