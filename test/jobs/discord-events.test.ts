import { GuildScheduledEventStatus, PermissionFlagsBits, Routes } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { createScheduledEvents } from '../../src/discord/scheduled-events.ts';
import { openRest } from '../../src/discord/rest.ts';
import { mirrorMultipliers } from '../../src/multipliers/mirror.ts';
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
    async set(
      id: number,
      changes: { cancelled_at?: Date; starts_at?: Date; ends_at?: Date; name?: string; discord_event_id?: null },
    ) {
      await db.updateTable('multipliers').set(changes).where('multiplier_id', '=', id).execute();
    },
    mirror: () =>
      mirrorMultipliers(db, createScheduledEvents(rest), outbox.now(), { stopping: new AbortController().signal }),
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
    const id = await scene.multiplier(2, 5);
    await scene.mirror();
    await scene.set(id, { discord_event_id: null });
    await scene.mirror();
    expect(await scene.events()).toHaveLength(1);
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
});
