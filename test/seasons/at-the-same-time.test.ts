import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { updateCommunity } from '../../src/communities/update-community.ts';
import { changeCounting } from '../../src/contributions/void.ts';
import { DomainError } from '../../src/errors.ts';
import { mergeMembers } from '../../src/members/merge.ts';
import { changePrivacy } from '../../src/privacy/settings.ts';
import type { Window } from '../../src/ranking/calendar.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { amendFinalTables } from '../../src/seasons/amend.ts';
import { closeDueWindows, closeNow } from '../../src/seasons/close-windows.ts';
import { pick, seededRandom, type Random } from '../demo/random.ts';
import { contributionAt, makeCommunity, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { everyDifferenceOf } from '../support/verifying.ts';

const database = useDatabase();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CREATED = Date.parse('2026-08-03T00:00:00Z');
const WEEKS = 8;
const ZONES = ['UTC', 'Asia/Kolkata', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'] as const;
type Community = { id: number; slug: string; sourceId: number };

/** Sends batches of what occurred in a window, by clocks that differ by seconds, and compares each answer with the cut. */
async function send(
  context: RankingContext,
  community: Community,
  { window, now, random, name }: { window: Window; now: Date; random: Random; name: string },
): Promise<void> {
  const batch = Array.from({ length: 20 }, (_, n) => {
    const occurredAt = new Date(window.endsAt.getTime() - 1 - Math.floor(random() * 3) * DAY).toISOString();
    return contributionAt(now, { id: `${name} ${n}`, contributor: memberOf(random), occurredAt });
  });
  const outcomes = await record(context, community, batch, now);
  const { rows } = await sql<{ id: string; key: string; isAfterCut: boolean }>`
    select c.external_id as id, w.key, coalesce(c.seq > w.frozen_seq, false) as "isAfterCut" from contributions c
    join windows w on w.community_id = c.community_id and w.kind = 'week' and w.starts_at <= c.occurred_at and w.ends_at > c.occurred_at
    where c.community_id = ${community.id} and c.external_id = any(${batch.map(({ id }) => id)}::text[])`.execute(
    context.db,
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  for (const [n, { id }] of batch.entries()) {
    const { key = '', isAfterCut } = found.get(id) ?? {};
    const outcome = outcomes[n];
    expect(outcome?.status).toBe('accepted');
    expect(outcome?.status === 'accepted' && outcome.late.includes(key), id).toBe(isAfterCut);
  }
}

function memberOf(random: Random): string {
  return `m${Math.floor(random() * 30)}`;
}

function shuffle<One>(all: readonly One[], random: Random): One[] {
  return all
    .map((one) => ({ one, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

/** Whatever may be refused, as amending what somebody else is amending. */
async function attempt(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof DomainError)) throw error;
  });
}

describe('everything at the same time', () => {
  it('CS-40 what came after a cut is told so, and what came before counts, whoever writes, closes, voids, merges, hides, amends and moves meanwhile', async () => {
    const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));
    const random = seededRandom(seed);
    const community = await makeCommunity(database.db, {}, new Date(CREATED));
    const [one, other, third] = [recording(database.db), recording(database.db), recording(database.db)] as const;
    for (let week = 0; week < WEEKS; week++) {
      const { calendar, categories, closings } = await one.directory.bySlug(community.slug);
      const window = calendar.currentAt('week', new Date(CREATED + week * 7 * DAY + 3.5 * DAY));
      const due = new Date(window.endsAt.getTime() + HOUR);
      const target = { source: 'test', id: `${week - 1} 3 ${week}` };
      const closed = [...closings].filter(([slot, { frozenAt }]) => frozenAt && slot.startsWith('week '));
      const amended = closed[Math.floor(random() * closed.length)]?.[0].slice('week '.length);
      const amend = async (context: RankingContext) => {
        if (amended === undefined) return;
        const request = { window: calendar.windowByKey('week', amended), category: categories[0], reason: 'drawn' };
        await amendFinalTables(context, await context.directory.bySlug(community.slug), request, TESTER, due);
      };
      const work = [
        ...Array.from({ length: 12 }, (_, n) => () => {
          const now = new Date(due.getTime() + (n - 6) * 1_000);
          return send(pick(random, [one, other, third]), community, { window, now, random, name: `${week} ${n}` });
        }),
        () => closeDueWindows(one, due),
        () => closeDueWindows(other, due),
        () => attempt(closeNow(third, community.id, window, TESTER, due)),
        () => attempt(changeCounting(one, community.id, { kind: 'void', target, reason: 'drawn' }, TESTER, due)),
        () =>
          attempt(mergeMembers(other, community.id, { from: memberOf(random), into: memberOf(random) }, TESTER, due)),
        () => attempt(changePrivacy(third, community.id, { handle: memberOf(random) }, { hidden: true }, TESTER, due)),
        () => attempt(amend(one)),
        () => attempt(amend(other)),
        ...(week % 3 === 2
          ? [() => updateCommunity(third, community.id, { timeZone: pick(random, ZONES), rebuild: true }, TESTER, due)]
          : []),
      ];
      await Promise.all(shuffle(work, random).map((begin) => begin()));
      await closeDueWindows(one, new Date(due.getTime() + HOUR));
      expect(await everyDifferenceOf(one, community.slug), `SEED=${seed}, week ${week}`).toEqual([]);
    }
  }, 120_000);
});
