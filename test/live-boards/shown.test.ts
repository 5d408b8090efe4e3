import { ComponentType, MessageFlags } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { liveBoardComponentId } from '../../src/discord/live-board-message.ts';
import { changePrivacy } from '../../src/privacy/settings.ts';
import { TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { LiveBoards } from '../support/live-boards.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const database = useDatabase();
const open = () => LiveBoards.open(database.db);
const openShown = () => LiveBoards.openShown(database.db);

describe('what a live board shows', () => {
  it('LB-1 is one message that carries its number, shows the ranking and since when, and pings nobody', async () => {
    const scene = await open();
    await scene.contribute({ ada: 100, bob: 99, '@everyone': 1 });
    const board = await scene.place();
    await scene.update();
    await scene.update();
    const [message] = scene.messages();
    expect(scene.text()).toMatch(
      /^Top GPU Contributors\nAll time · Open\n.*🥇 1st · ada · 625 OMNIT\n🥈 2nd · bob · 618\.75 OMNIT\n🥉 3rd · @everyone · 6\.25 OMNIT\n.*3 members · as of/s,
    );
    expect(message?.flags).toBe(MessageFlags.IsComponentsV2);
    expect(message?.components).toMatchObject([{ type: ComponentType.Container, id: liveBoardComponentId(board.id) }]);
    expect(JSON.stringify(message?.components)).toMatch(/as of <t:\d+:R>/);
    expect(scene.discord.transcript.render()).toContain('pings: nobody');
    expect(await scene.boards()).toMatchObject([{ state: 'live', message: { id: message?.id, period: 'all' } }]);
    expect(scene.writes()).toEqual({ POST: 1, PATCH: 0, DELETE: 0 });
    expect(scene.problems()).toEqual([]);
  });

  it('LB-1 of nobody yet says so, and shows as many places as were asked for', async () => {
    const scene = await open();
    await scene.place({ places: 2, window: 'week' });
    await scene.update();
    expect(scene.text()).toContain('No contributions yet: first place is free.');
    scene.pass(MINUTE_MS);
    await scene.contribute({ ada: 3, bob: 2, cleo: 1 });
    await scene.update();
    expect(scene.text()).toContain('2nd · bob');
    expect(scene.text()).not.toContain('cleo');
    expect(scene.text()).toContain('3 members');
  });

  it('LB-2 is changed where it stands, and only when what it shows has changed', async () => {
    const scene = await openShown();
    const [posted] = scene.messages();
    scene.pass(MINUTE_MS);
    // Of another category: the community has written, and the board is as it was.
    await scene.db
      .updateTable('communities')
      .set((eb) => ({ last_seq: eb('last_seq', '+', 1n) }))
      .where('community_id', '=', scene.community.id)
      .execute();
    await scene.update();
    expect(scene.writes()).toEqual({ POST: 1, PATCH: 0, DELETE: 0 });

    scene.pass(MINUTE_MS);
    await scene.contribute({ bob: 200 });
    await scene.update();
    expect(scene.text()).toMatch(/1st · bob .*2nd · ada /s);
    expect(scene.messages().map(({ id }) => id)).toEqual([posted?.id]);
    expect(scene.writes()).toEqual({ POST: 1, PATCH: 1, DELETE: 0 });

    // A name is something that it shows.
    scene.pass(MINUTE_MS);
    await scene.db
      .updateTable('members')
      .set({ display_name: 'Bobby' })
      .where('community_id', '=', scene.community.id)
      .where('handle', '=', 'bob')
      .execute();
    await scene.contribute({ cleo: 0.001 });
    await scene.update();
    expect(scene.text()).toContain('1st · Bobby');
    expect(scene.problems()).toEqual([]);
  });

  it('LB-2 whoever hides goes from it under a pseudonym, though nothing was contributed', async () => {
    const scene = await openShown();
    scene.pass(MINUTE_MS);
    await changePrivacy(scene.ranking, scene.community.id, { handle: 'ada' }, { hidden: true }, TESTER, scene.now());
    await scene.update();
    expect(scene.text()).toMatch(/1st · hidden-\w+ · 625 OMNIT/);
    expect(scene.text()).not.toContain('ada');
    expect(scene.writes()).toEqual({ POST: 1, PATCH: 1, DELETE: 0 });
  });

  it('LB-3 is changed at most once a minute, and then shows what came last', async () => {
    const scene = await openShown();
    for (let second = 10; second <= 50; second += 10) {
      scene.pass(10 * SECOND_MS);
      await scene.contribute({ bob: 100 });
      const next = await scene.update();
      expect((next?.getTime() ?? 0) - scene.now().getTime()).toBeLessThanOrEqual((60 - second) * SECOND_MS);
    }
    expect(scene.text()).not.toContain('bob');
    scene.pass(11 * SECOND_MS);
    await scene.update();
    expect(scene.text()).toContain('1st · bob · 3,125 OMNIT');
    expect(scene.writes()).toEqual({ POST: 1, PATCH: 1, DELETE: 0 });
  });

  it('LB-4 is posted anew when its message was deleted: at the next change', async () => {
    const scene = await openShown();
    const [first] = scene.messages();
    await scene.deleteMessages();
    scene.pass(MINUTE_MS);
    await scene.contribute({ bob: 200 });
    await scene.update();
    expect(scene.text()).toContain('1st · bob');
    expect(scene.messages()[0]?.id).not.toBe(first?.id);
    expect(scene.writes().POST).toBe(2);
    // It is that message which is kept up to date from now on.
    scene.pass(MINUTE_MS);
    await scene.contribute({ ada: 500 });
    await scene.update();
    expect(scene.text()).toContain('1st · ada');
    expect(scene.writes()).toMatchObject({ POST: 2, PATCH: 1 });
  });

  it('LB-4 within an hour if nothing changes, and at once when it is placed again', async () => {
    const scene = await openShown();
    await scene.deleteMessages();
    scene.pass(HOUR_MS - MINUTE_MS);
    const next = await scene.update();
    expect(scene.messages()).toEqual([]);
    expect((next?.getTime() ?? 0) - scene.now().getTime()).toBeLessThanOrEqual(MINUTE_MS);
    scene.pass(MINUTE_MS);
    await scene.update();
    expect(scene.messages()).toHaveLength(1);

    await scene.deleteMessages();
    scene.pass(MINUTE_MS);
    await scene.place();
    await scene.update();
    expect(scene.messages()).toHaveLength(1);
    // One that is there stays.
    scene.pass(MINUTE_MS);
    await scene.place();
    await scene.update();
    expect(scene.writes().POST).toBe(3);
    expect(await scene.boards()).toHaveLength(1);
  });

  it('LB-6 shows a multiplier event from its first moment to its last, though nobody writes', async () => {
    const scene = await openShown();
    const at = (minutes: number) => new Date(scene.now().getTime() + minutes * MINUTE_MS);
    const [startsAt, endsAt] = [at(10), at(20)];
    const event = { name: 'Sprint', factor: 250, category_ids: null, starts_at: startsAt, ends_at: endsAt };
    await scene.db
      .insertInto('multipliers')
      .values({ ...event, community_id: scene.community.id, announce_at: [], created_at: at(0) })
      .execute();
    await scene.db
      .updateTable('communities')
      .set((eb) => ({ config_version: eb('config_version', '+', 1n) }))
      .where('community_id', '=', scene.community.id)
      .execute();
    scene.pass(MINUTE_MS);
    expect(await scene.update()).toEqual(startsAt);
    expect(scene.text()).not.toContain('⚡');
    scene.passUntil(startsAt);
    expect(await scene.update()).toEqual(endsAt);
    expect(scene.text()).toContain('⚡ 2.5× OMNIT · ends');
    scene.passUntil(endsAt);
    await scene.update();
    expect(scene.text()).not.toContain('⚡');
    expect(scene.writes()).toEqual({ POST: 1, PATCH: 2, DELETE: 0 });
  });

  it('LB-9 of the longest names fits into a message, however many places it shows', async () => {
    const scene = await open();
    const names = Array.from({ length: 20 }, (_, n) => String(n).padStart(2, '0') + '*'.repeat(98));
    const { db, community } = scene;
    await db
      .updateTable('categories')
      .set({ title: '_'.repeat(100), unit: '#'.repeat(100), measure: 'amount' })
      .where('community_id', '=', community.id)
      .where('slug', '=', 'gpu-contributors')
      .execute();
    await scene.contribute(Object.fromEntries(names.map((_, n) => [`m${n}`, 999_999.999 - n])));
    for (const [n, name] of names.entries()) {
      await db
        .updateTable('members')
        .set({ display_name: name })
        .where('community_id', '=', community.id)
        .where('handle', '=', `m${n}`)
        .execute();
    }
    for (const places of [10, 20]) {
      await scene.place({ places });
      scene.pass(MINUTE_MS);
      await scene.update();
      expect(scene.text()).toContain(places === 20 ? '20th' : names[9]);
    }
    expect(scene.problems()).toEqual([]);
  });
});
