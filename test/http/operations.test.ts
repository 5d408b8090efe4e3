import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database, { readsPerMinute: 5, writesPerMinute: 3 });

beforeAll(async () => {
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC' });
});

describe('operating', () => {
  it('OP-1 tells that it is alive and ready, outside every limit', async () => {
    for (let time = 0; time < 10; time += 1) {
      for (const path of ['/healthz', '/readyz']) {
        const { status, json } = await server.call('GET', path);
        expect([status, json]).toEqual([200, { status: 'ok' }]);
      }
    }
  });

  it('OP-2 counts requests by route, whatever the address', async () => {
    await server.call('GET', '/v1/communities/made-up');
    const { text, headers } = await server.call('GET', '/metrics');
    expect(headers.get('content-type')).toMatch('text/plain');
    expect(text).toMatch(
      /http_request_duration_seconds_count\{method="GET",route="\/v1\/communities\/:community",status="404"\} 1/,
    );
    expect(text).not.toMatch('made-up');
  });

  it('OP-3 describes every route in OpenAPI 3.1', async () => {
    const { json } = await server.call('GET', '/openapi.json');
    expect(json.openapi).toMatch(/^3\.1\./);
    expect(Object.keys(json.paths).toSorted()).toEqual([
      '/healthz',
      '/metrics',
      '/readyz',
      '/v1/communities',
      '/v1/communities/{community}',
      '/v1/communities/{community}/announcements',
      '/v1/communities/{community}/announcements/{id}/retry',
      '/v1/communities/{community}/badges',
      '/v1/communities/{community}/badges/{id}',
      '/v1/communities/{community}/badges/{id}/image',
      '/v1/communities/{community}/caps',
      '/v1/communities/{community}/caps/{category}',
      '/v1/communities/{community}/categories',
      '/v1/communities/{community}/contributions',
      '/v1/communities/{community}/contributions/{source}/{id}',
      '/v1/communities/{community}/contributions/{source}/{id}/unvoid',
      '/v1/communities/{community}/contributions/{source}/{id}/void',
      '/v1/communities/{community}/exclusions',
      '/v1/communities/{community}/exclusions/{id}',
      '/v1/communities/{community}/grants',
      '/v1/communities/{community}/grants/retry',
      '/v1/communities/{community}/grants/{id}/delivered',
      '/v1/communities/{community}/grants/{id}/failed',
      '/v1/communities/{community}/grants/{id}/retry',
      '/v1/communities/{community}/held',
      '/v1/communities/{community}/held/{number}/refuse',
      '/v1/communities/{community}/held/{number}/release',
      '/v1/communities/{community}/keys',
      '/v1/communities/{community}/keys/{id}',
      '/v1/communities/{community}/leaderboards/{category}',
      '/v1/communities/{community}/leaderboards/{category}/final',
      '/v1/communities/{community}/leaderboards/{category}/final/verify',
      '/v1/communities/{community}/leaderboards/{category}/final/versions',
      '/v1/communities/{community}/live-boards',
      '/v1/communities/{community}/live-boards/{id}',
      '/v1/communities/{community}/members/{handle}',
      '/v1/communities/{community}/members/{handle}/badges',
      '/v1/communities/{community}/members/{handle}/data',
      '/v1/communities/{community}/members/{handle}/delete',
      '/v1/communities/{community}/members/{handle}/ledger',
      '/v1/communities/{community}/members/{handle}/link',
      '/v1/communities/{community}/members/{handle}/link-code',
      '/v1/communities/{community}/members/{handle}/merge',
      '/v1/communities/{community}/members/{handle}/privacy',
      '/v1/communities/{community}/members/{handle}/unvoid',
      '/v1/communities/{community}/members/{handle}/void',
      '/v1/communities/{community}/multipliers',
      '/v1/communities/{community}/multipliers/{id}',
      '/v1/communities/{community}/multipliers/{id}/cancel',
      '/v1/communities/{community}/multipliers/{id}/end',
      '/v1/communities/{community}/prizes',
      '/v1/communities/{community}/prizes/preview',
      '/v1/communities/{community}/prizes/{id}',
      '/v1/communities/{community}/proofs',
      '/v1/communities/{community}/proofs/{id}/approve',
      '/v1/communities/{community}/proofs/{id}/ask',
      '/v1/communities/{community}/proofs/{id}/refuse',
      '/v1/communities/{community}/quests',
      '/v1/communities/{community}/quests/{id}',
      '/v1/communities/{community}/quests/{id}/cancel',
      '/v1/communities/{community}/quests/{id}/join',
      '/v1/communities/{community}/quests/{id}/progress/{handle}',
      '/v1/communities/{community}/quests/{id}/proofs',
      '/v1/communities/{community}/rates',
      '/v1/communities/{community}/roles/plan',
      '/v1/communities/{community}/seasons',
      '/v1/communities/{community}/seasons/{key}',
      '/v1/communities/{community}/whoami',
      '/v1/communities/{community}/windows/{window}/{period}',
      '/v1/communities/{community}/windows/{window}/{period}/amend',
      '/v1/communities/{community}/windows/{window}/{period}/close',
      '/v1/jobs',
      '/v1/jobs/{id}/retry',
    ]);
    // Every reference leads somewhere.
    for (const [, name = ''] of JSON.stringify(json).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(json.components.schemas).toHaveProperty([decodeURIComponent(name)]);
    }
  });

  it('OP-4 limits reads by address and says when to go on', async () => {
    const answers = [];
    for (let time = 0; time < 8; time += 1) answers.push(await server.call('GET', '/v1/communities'));
    const last = answers.at(-1);
    expect(last?.status).toBe(429);
    expect(last?.json).toMatchObject({ type: 'urn:omnitensor:problem:rate-limited', status: 429 });
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(last?.headers.get('ratelimit-limit')).toBe('5');
    expect(last?.headers.get('ratelimit-remaining')).toBe('0');
  });

  it('OP-5 limits writes by key, whatever the address', async () => {
    const write = (key: string) =>
      server.call(
        'POST',
        '/v1/communities',
        { slug: 'x', name: 'x', timeZone: 'nowhere' },
        { authorization: `Bearer ${key}` },
      );
    for (let time = 0; time < 3; time += 1) expect((await write('one')).status).toBe(401);
    expect((await write('one')).status).toBe(429);
    expect((await write('two')).status).toBe(401);
  });
});
