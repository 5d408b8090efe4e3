import { describe, expect, it } from 'vitest';
import { sayPeriod } from '../../src/ranking/say-period.ts';
import { createSeason } from '../../src/seasons/seasons.ts';
import { TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { LiveBoards } from '../support/live-boards.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const database = useDatabase();
const open = () => LiveBoards.open(database.db);

describe('the period that a live board shows', () => {
  it('LB-5 shows a week that is over until its final table stands, says until when late ones count, and turns then', async () => {
    const scene = await open();
    const { calendar } = await scene.ranking.directory.bySlug(scene.community.slug);
    const week = calendar.currentAt('week', scene.now());
    scene.passUntil(new Date(week.endsAt.getTime() - 10 * MINUTE_MS));
    await scene.closeWindows();
    await scene.contribute({ ada: 100 });
    await scene.place({ window: 'week' });
    const next = await scene.update();
    expect(next).toEqual(week.endsAt);
    expect(scene.text()).toContain(sayPeriod(week));

    // Over: nobody has written, and it shows that late ones are awaited.
    scene.passUntil(week.endsAt);
    await scene.update();
    expect(scene.text()).toContain('Closing');
    const frozenAt = Math.floor(week.endsAt.getTime() / 1000) + 3600;
    expect(JSON.stringify(scene.messages()[0]?.components)).toContain(
      `Late contributions are awaited until <t:${frozenAt}:f>, <t:${frozenAt}:R>.`,
    );
    // What is contributed now is of the next week; a late one counts in this.
    scene.pass(5 * MINUTE_MS);
    await scene.contribute({ bob: 500 });
    await scene.contribute({ cleo: 200 }, new Date(week.endsAt.getTime() - 1000));
    await scene.update();
    expect(scene.text()).toMatch(/Week .*Closing.*1st · cleo.*2nd · ada/s);
    expect(scene.text()).not.toContain('bob');

    scene.passUntil(new Date(week.endsAt.getTime() + HOUR_MS + MINUTE_MS));
    await scene.update();
    expect(scene.text()).toContain(sayPeriod(week));
    await scene.closeWindows();
    scene.pass(MINUTE_MS);
    await scene.update();
    const after = calendar.currentAt('week', scene.now());
    expect(scene.text()).toContain(sayPeriod(after));
    expect(scene.text()).toMatch(/Open.*1st · bob/s);
    expect(scene.messages()).toHaveLength(1);
    expect(await scene.boards()).toMatchObject([{ message: { period: after.key } }]);
    expect(scene.problems()).toEqual([]);
  });

  it('LB-5 shows a month as provisional while it is, and turns once it is final', async () => {
    const scene = await open();
    const { calendar } = await scene.ranking.directory.bySlug(scene.community.slug);
    const month = calendar.currentAt('month', scene.now());
    const { endsAt } = month;
    scene.passUntil(new Date(endsAt.getTime() - 10 * MINUTE_MS));
    await scene.contribute({ ada: 100 });
    await scene.place({ window: 'month' });
    await scene.update();
    scene.passUntil(new Date(endsAt.getTime() + HOUR_MS));
    await scene.closeWindows();
    await scene.update();
    expect(scene.text()).toMatch(new RegExp(`\n${sayPeriod(month)} · .*\nProvisional · ended`));
    expect(scene.text()).toContain('Late contributions are awaited until');
    scene.pass(2 * HOUR_MS);
    await scene.closeWindows();
    await scene.update();
    expect(scene.text()).not.toContain(sayPeriod(month));
    expect(scene.text()).toMatch(/Contributors\n[A-Z][a-z]+ \d{4} · .*\nOpen · ends.*first place is free/s);
    expect(scene.writes()).toEqual({ POST: 1, PATCH: 2, DELETE: 0 });
  });

  it('LB-5 between two seasons shows the last one as final, and turns when the next begins, though nobody writes', async () => {
    const scene = await open();
    const { calendar } = await scene.ranking.directory.bySlug(scene.community.slug);
    const quarter = calendar.currentAt('season', scene.now());
    const day = (days: number) => new Date(quarter.endsAt.getTime() + days * 24 * HOUR_MS).toISOString().slice(0, 10);
    for (const [key, from, to] of [
      ['first', 0, 10],
      ['second', 20, 30],
    ] as const) {
      const season = { key, name: `The *${key}*`, startsAt: day(from), endsAt: day(to) };
      await createSeason(scene.ranking, scene.community.id, season, TESTER, scene.now());
    }
    scene.passUntil(quarter.endsAt);
    await scene.closeWindows();
    await scene.place({ window: 'season' });
    await scene.update();
    expect(scene.text()).toContain('The *first* · ');
    scene.pass(15 * 24 * HOUR_MS);
    await scene.closeWindows();
    await scene.update();
    expect(scene.text()).toMatch(/The \*first\* · .*\nFinal/);
    scene.pass(4 * 24 * HOUR_MS + 23.5 * HOUR_MS);
    expect((await scene.update())?.toISOString().slice(0, 10)).toBe(day(20));
    scene.pass(0.5 * HOUR_MS);
    await scene.update();
    expect(scene.text()).toMatch(/The \*second\* · .*\nOpen/);
  });

  it('LB-5 after weeks of downtime turns to the period that is current then', async () => {
    const scene = await open();
    await scene.place({ window: 'week' });
    await scene.update();
    scene.pass(23 * 24 * HOUR_MS);
    await scene.update();
    expect(scene.text()).toContain('Closing');
    await scene.closeWindows();
    scene.pass(MINUTE_MS);
    await scene.update();
    const { calendar } = await scene.ranking.directory.bySlug(scene.community.slug);
    expect(scene.text()).toContain(sayPeriod(calendar.currentAt('week', scene.now())));
  });
});
