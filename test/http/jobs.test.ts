import { describe, expect, it } from 'vitest';
import { announce } from '../../src/announcements/outbox.ts';
import { makeCommunity, NOW } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { cancelled } from '../support/outbox.ts';

const database = useDatabase();
const server = useHttpServer(database);

describe('operating jobs and announcements', () => {
  it('JO-8 jobs are listed and retried with the key of the installation alone', async () => {
    expect((await server.call('GET', '/v1/jobs')).json).toEqual({ jobs: [] });
    expect((await server.call('GET', '/v1/jobs', undefined, {})).status).toBe(401);
    const retried = await server.call('POST', `/v1/jobs/${encodeURIComponent('repeat:clean-up:1')}/retry`);
    expect(retried).toMatchObject({ status: 404, json: { type: 'urn:omnitensor:problem:unknown-job' } });
    const { slug } = await makeCommunity(database.db);
    const key = await server.call('POST', `/v1/communities/${slug}/keys`, { name: 'admin-2', scopes: ['admin'] });
    const refused = await server.call('GET', '/v1/jobs', undefined, { authorization: `Bearer ${key.json.key}` });
    expect(refused.status).toBe(403);
  });

  it('AN-50 an admin sees what could not be said and why, and has it tried again', async () => {
    const { id, slug } = await makeCommunity(database.db);
    const address = `/v1/communities/${slug}/announcements`;
    await database.db.transaction().execute((trx) =>
      announce(
        trx,
        id,
        ['a', 'b'].map((key) => ({ key, announcement: cancelled(key), dueAt: NOW })),
      ),
    );
    const listed = await server.call('GET', address);
    expect(listed.json.announcements).toMatchObject([
      { kind: 'multiplier-cancelled', state: 'waiting', attempts: 0, dueAt: NOW.toISOString() },
      { state: 'waiting' },
    ]);
    const [latest, first] = listed.json.announcements;
    expect((await server.call('GET', `${address}?before=${latest.id}&limit=1`)).json.announcements).toMatchObject([
      { id: first.id },
    ]);
    expect((await server.call('POST', `${address}/${first.id}/retry`)).status).toBe(409);
    expect((await server.call('POST', `${address}/999999/retry`)).status).toBe(404);
    expect((await server.call('POST', `${address}/x/retry`)).status).toBe(400);

    const reason = 'The channel is not there any more.';
    await database.db
      .updateTable('announcements')
      .set({ state: 'failed', attempts: 1, reason })
      .where('announcement_id', '=', first.id)
      .execute();
    expect((await server.call('GET', `${address}?state=failed`)).json.announcements).toMatchObject([{ reason }]);
    expect((await server.call('POST', `${address}/${first.id}/retry`)).status).toBe(204);
    expect((await server.call('GET', `${address}?state=failed`)).json.announcements).toEqual([]);
    const audit = await database.db
      .selectFrom('audit_log')
      .select(['action', 'target'])
      .where('community_id', '=', id)
      .execute();
    expect(audit).toContainEqual({ action: 'announcement.retry', target: String(first.id) });
    expect((await server.call('GET', address, undefined, {})).status).toBe(401);
  });
});
