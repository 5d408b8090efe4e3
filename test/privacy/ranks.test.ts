import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deleteMember } from '../../src/privacy/delete-member.ts';
import { changePrivacy } from '../../src/privacy/settings.ts';
import { WINDOW_KINDS } from '../../src/ranking/calendar.ts';
import { readLeaderboard } from '../../src/ranking/read-leaderboard.ts';
import { NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { history, makeHistoryCommunity, MEASURES, SMALL_SEGMENTS } from '../support/histories.ts';
import { differencesOf } from '../support/verifying.ts';

const database = useDatabase();

/** What somebody does between two batches: to whom, by the place among those who contributed. */
const wish = fc.record({ who: fc.nat(119), what: fc.constantFrom('hide', 'show', 'delete') });

describe('nobody moves', () => {
  it('PV-11 whoever hides, shows themself or is deleted, whenever: every rank, total and score stays', async () => {
    await fc.assert(
      fc.asyncProperty(
        history,
        fc.array(fc.array(wish, { maxLength: 3 }), { maxLength: 20 }),
        async (batches, wishes) => {
          const community = await makeHistoryCommunity(database.db, 'Europe/Berlin');
          const context = recording(database.db, SMALL_SEGMENTS[0]);
          const boards = async () => {
            const known = await context.directory.bySlug(community.slug);
            const read = [];
            for (const category of Object.keys(MEASURES)) {
              for (const window of WINDOW_KINDS) {
                const request = { category, window, period: 'current', limit: 500, offset: 0 };
                const { total, entries } = await readLeaderboard(database.db, known, request, NOW);
                read.push({ category, window, total, entries });
              }
            }
            return read;
          };
          const deleted = new Set<string>();
          for (const [index, batch] of batches.entries()) {
            await record(context, community, batch);
            const handles = [
              ...new Set(batches.slice(0, index + 1).flatMap((one) => one.map((event) => event.contributor))),
            ];
            for (const { who, what } of wishes[index] ?? []) {
              const handle = handles[who % handles.length] ?? '';
              const before = await boards();
              const nameless = (all: typeof before) =>
                all.map(({ entries, ...board }) => ({
                  ...board,
                  entries: entries.map(({ rank, memberId, score, reachedAt }) => ({
                    rank,
                    memberId,
                    score,
                    reachedAt,
                  })),
                }));
              const done =
                what === 'delete'
                  ? deleteMember(context, community.id, { handle }, TESTER, NOW)
                  : changePrivacy(context, community.id, { handle }, { hidden: what === 'hide' }, TESTER, NOW);
              // Deleted before, there is nobody of the handle.
              const name = await done.catch((error: unknown) => {
                expect(error).toMatchObject({ code: 'unknown-member' });
                expect(deleted.has(handle)).toBe(true);
                return undefined;
              });
              const after = await boards();
              expect(nameless(after)).toEqual(nameless(before));
              if (name === undefined) continue;
              const shown = after.flatMap(({ entries }) => entries).map((entry) => entry.handle);
              if (what !== 'show') expect(shown).not.toContain(handle);
              if (what === 'delete') deleted.add(handle);
            }
          }
          // What is sent again counts once, whoever is gone by now.
          const before = await boards();
          for (const batch of batches) {
            for (const outcome of await record(context, community, batch)) expect(outcome.status).toBe('duplicate');
          }
          expect(await boards()).toEqual(before);
          expect(await differencesOf(context, community.slug)).toEqual([]);
        },
      ),
      { numRuns: 12 },
    );
  }, 120_000);
});
