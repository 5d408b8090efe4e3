import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
const board = '/v1/communities/omni/leaderboards/gpu-contributors';

beforeAll(async () => {
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  const contributions = Array.from({ length: 25 }, (_, index) => ({
    id: `c${index}`,
    contributor: `member${index}`,
    category: 'gpu-contributors',
    amount: 25 - index,
    occurredAt: `2026-08-20T10:00:${String(index).padStart(2, '0')}Z`,
  }));
  await server.call('POST', '/v1/communities/omni/contributions', { contributions });
});

describe('reading a leaderboard', () => {
  it('HT-1 answers in the shape that programs rely on', async () => {
    const { status, json } = await server.call('GET', `${board}?limit=2`, undefined, {});
    expect(status).toBe(200);
    expect(json).toEqual({
      category: 'gpu-contributors',
      title: 'Top GPU Contributors',
      unit: 'OMNIT',
      window: 'season',
      period: '2026-Q3',
      startsAt: '2026-07-01T00:00:00.000Z',
      endsAt: '2026-10-01T00:00:00.000Z',
      status: 'open',
      total: 25,
      entries: [
        { rank: 1, handle: 'member0', displayName: 'member0', score: '156.25', reachedAt: '2026-08-20T10:00:00.000Z' },
        { rank: 2, handle: 'member1', displayName: 'member1', score: '150', reachedAt: '2026-08-20T10:00:01.000Z' },
      ],
    });
  });
});
