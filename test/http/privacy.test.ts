import { beforeAll, describe, expect, it } from 'vitest';
import { createLinkCode, linkDiscordUser } from '../../src/members/link.ts';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { NOW, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer, type Answer } from '../support/http-server.ts';
import { DELETED, HIDDEN } from '../support/privacy.ts';

const database = useDatabase();
const server = useHttpServer(database);
const path = '/v1/communities/omni';
const NOBODY = { authorization: '' };

const HANDLE = 'countess/ada';
const ALIAS = 'old countess';
const NAME = 'Ada King-Noel';
const ACCOUNT = '770011223344556677';
const SECRETS = [HANDLE, encodeURIComponent(HANDLE), ALIAS, NAME, ACCOUNT];

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const event = (id: string, contributor: string, amount: number, more: object = {}) => ({
  id,
  contributor,
  category: 'gpu-contributors',
  amount,
  occurredAt: '2026-08-20T10:00:00Z',
  ...more,
});
const send = (...contributions: object[]) => server.call('POST', `${path}/contributions`, { contributions });
const memberPath = (handle: string) => `${path}/members/${encodeURIComponent(handle)}`;
const publicly = (address: string) => server.call('GET', address, undefined, NOBODY);
const makeKey = async (fields: object): Promise<string> => {
  const { json } = await server.call('POST', `${path}/keys`, {
    name: `key ${Math.random()}`,
    scopes: ['write'],
    ...fields,
  });
  return json.key;
};
const hide = async (handle: string): Promise<string> =>
  (await server.call('PATCH', `${memberPath(handle)}/privacy`, { hidden: true })).json.hiddenAs;

let pseudonym = '';
let own = '';

// A countess who has done all that there is to do, and is hidden.
beforeAll(async () => {
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  const context = recording(database.db);
  const { id } = await context.directory.bySlug('omni');
  // As of before what is to be closed.
  await database.db
    .updateTable('communities')
    .set((eb) => ({ created_at: new Date('2026-08-01T00:00:00Z'), config_version: eb('config_version', '+', 1n) }))
    .where('community_id', '=', id)
    .execute();
  const proven = { name: 'Show it', endsAt: '2026-09-01T00:00:00Z', goal: { proof: 'A picture' } };
  const reached = {
    ...proven,
    name: 'Do it',
    goal: { category: 'gpu-contributors', amount: 2 },
    startsAt: '2026-08-01T00:00:00Z',
  };
  const rewards = [{ kind: 'badge', name: 'Done' }];
  for (const quest of [proven, reached]) await server.call('POST', `${path}/quests`, { ...quest, rewards });
  await send(
    event('1', HANDLE, 5, { displayName: NAME }),
    event('2', HANDLE, 5, { displayName: NAME, occurredAt: '2026-08-12T10:00:00Z' }),
    event('3', ALIAS, 1, { displayName: NAME, occurredAt: '2026-08-12T10:00:00Z' }),
    event('4', 'bob', 1),
    event('5', 'eve', 9, { occurredAt: '2026-08-12T10:00:00Z' }),
  );
  await closeDueWindows(context, NOW);
  await server.call('POST', `${memberPath(ALIAS)}/merge`, { into: HANDLE });
  const { code } = await createLinkCode(context, id, HANDLE, TESTER, NOW);
  await linkDiscordUser(context, id, { code, discordUserId: ACCOUNT }, TESTER, NOW);
  own = await makeKey({ contributor: HANDLE });
  await server.call('POST', `${path}/quests/1/proofs`, { text: `It is me, ${NAME}`, handle: HANDLE });
  await server.call('PATCH', `${memberPath(HANDLE)}/privacy`, { showDiscord: true });
  pseudonym = await hide(HANDLE);
});

describe('what everybody may read', () => {
  /** Values of every parameter that an address can have: what is there, and the pseudonym. */
  const VALUES: Record<string, () => string[]> = {
    community: () => ['omni'],
    category: () => ['gpu-contributors', 'data-validators'],
    source: () => ['admin'],
    id: () => ['1', '2', '3', '4'],
    key: () => ['2026-Q3', '2026-W33'],
    window: () => ['week', 'season'],
    period: () => ['2026-W33', '2026-Q3'],
    version: () => ['1', '2'],
    number: () => ['1'],
    name: () => ['Done'],
  };
  const QUERIES = [
    '',
    ...['week', 'month', 'season', 'all'].map((window) => `?window=${window}`),
    '?window=week&period=2026-W33',
    '?window=week&period=2026-W33&version=1',
    '?format=csv',
    '?limit=100',
    '?category=gpu-contributors&window=all',
  ];

  /** The addresses of all routes that are read, with every value of their parameters; of members with those given. */
  async function everyAddress(handles = [pseudonym, 'bob']): Promise<string[]> {
    const { json } = await publicly('/openapi.json');
    const routes = Object.entries<object>(json.paths).flatMap(([route, methods]) => ('get' in methods ? [route] : []));
    return routes.flatMap((route) => {
      let addresses = [route];
      for (const [, name = ''] of route.matchAll(/\{([^}]+)\}/g)) {
        const values = name === 'handle' ? () => handles : VALUES[name];
        if (!values)
          throw new Error(`Give values for {${name}} of ${route}, so that it is searched for who is hidden.`);
        addresses = addresses.flatMap((address) =>
          values().map((value) => address.replace(`{${name}}`, encodeURIComponent(value))),
        );
      }
      return addresses;
    });
  }

  it('PV-2 no route tells the handle, a merged handle, the name or the account of who is hidden', async () => {
    const addresses = await everyAddress();
    const read = new Map<string, number>();
    const told: string[] = [];
    for (const address of addresses) {
      for (const query of QUERIES) {
        const { status, text, headers } = await publicly(address + query);
        read.set(address, Math.min(status, read.get(address) ?? 999));
        const all = `${text} ${[...headers].flat().join(' ')}`;
        if (SECRETS.some((secret) => all.includes(secret))) told.push(`${address}${query}: ${text}`);
      }
    }
    expect(told).toEqual([]);
    // That it was looked for where it could be.
    const found = [...read].flatMap(([address, status]) => (status === 200 ? [address] : []));
    expect(found).toContain(`${path}/leaderboards/gpu-contributors`);
    expect(found).toContain(`${path}/quests/2`);
    expect(found).toContain(`${path}/members/bob/ledger`);
    expect((await publicly(`${path}/quests/2`)).text).toContain(pseudonym);
    expect((await publicly(`${path}/leaderboards/gpu-contributors?window=week&period=2026-W33`)).text).toContain(
      pseudonym,
    );
  });

  it('PV-2 neither does whoever is explained by who is ahead', async () => {
    const { json } = await publicly(`${path}/members/bob/ledger?category=gpu-contributors&window=week`);
    expect(json.explanation.neighbour).toMatchObject({ is: 'ahead', displayName: pseudonym });
    expect(json.explanation.text).toContain(`behind ${pseudonym}`);
  });

  const asUnknown = async (address: (handle: string) => string, handle: string) => {
    const answers = [await publicly(address(handle)), await publicly(address('nobody'))];
    const [hidden, unknown] = answers.map(({ status, text, headers }: Answer) => ({
      status,
      text: text.replaceAll(handle, 'nobody'),
      headers: [...headers.keys()].filter((name) => !name.startsWith('ratelimit')),
    }));
    expect(hidden).toEqual(unknown);
    expect(hidden?.status).toBe(404);
  };
  /** Every address that names a member and is read without a key. */
  async function memberAddresses(): Promise<((handle: string) => string)[]> {
    const ofMember = (await everyAddress(['bob'])).filter((address) => address.includes('/bob'));
    const open = [];
    for (const address of ofMember) if ((await publicly(address)).status !== 401) open.push(address);
    expect(open).toContain(`${path}/members/bob/ledger`);
    return open.map((address) => (handle: string) => address.replace('/bob', `/${encodeURIComponent(handle)}`));
  }

  it('PV-3 a hidden handle is as unknown as one that never was, and so is one that was merged into it', async () => {
    const around = (handle: string) => `${path}/leaderboards/gpu-contributors?around=${encodeURIComponent(handle)}`;
    const csv = (handle: string) => `${memberPath(handle)}/ledger?format=csv`;
    for (const address of [...(await memberAddresses()), around, csv]) {
      for (const handle of [HANDLE, ALIAS, `discord-${ACCOUNT}`]) await asUnknown(address, handle);
    }
  });

  it('PV-3 a pseudonym is found on boards, and nothing else of it', async () => {
    const around = await publicly(`${path}/leaderboards/gpu-contributors?window=week&around=${pseudonym}&limit=1`);
    expect(around.json.entries).toEqual([
      expect.objectContaining({ rank: 1, handle: pseudonym, displayName: pseudonym, score: '31.25' }),
    ]);
    expect(around.json.entries[0]).not.toHaveProperty('discordUserId');
    for (const address of await memberAddresses()) {
      expect([address(pseudonym), (await publicly(address(pseudonym))).status]).toEqual([address(pseudonym), 404]);
    }
    // Nor a contribution by its id, which others may know.
    const { status, json } = await publicly(`${path}/contributions/admin/1`);
    expect([status, json.detail]).toEqual([404, 'There is no contribution "1" of the source "admin".']);
    expect((await publicly(`${path}/contributions/admin/4`)).json.contributor).toBe('bob');
  });

  it('PV-3 in a table that is final a merged line has a pseudonym of its own, which leads to no other', async () => {
    const board = await publicly(`${path}/leaderboards/gpu-contributors?window=week&period=2026-W33`);
    const [, , merged] = board.json.entries.map(({ handle }: { handle: string }) => handle);
    expect(merged).toMatch(HIDDEN);
    expect(merged).not.toBe(pseudonym);
    const around = await publicly(`${path}/leaderboards/gpu-contributors?window=week&period=2026-W33&around=${merged}`);
    expect([around.status, around.text.includes(merged)]).toEqual([200, true]);
    expect((await publicly(memberPath(merged))).status).toBe(404);
    expect((await server.call('GET', memberPath(merged))).json).toMatchObject({ handle: HANDLE, hiddenAs: pseudonym });
  });

  it('PV-7 the account is told where the member agreed, and not while hidden', async () => {
    await send(event('7', 'discord-123', 1, { category: 'model-testers' }));
    const entries = async () => (await publicly(`${path}/leaderboards/model-testers`)).json.entries;
    expect((await entries())[0]).not.toHaveProperty('discordUserId');
    await server.call('PATCH', `${path}/members/discord-123/privacy`, { showDiscord: true });
    expect((await entries())[0]).toMatchObject({ handle: 'discord-123', discordUserId: '123' });
  });
});

describe('what admins and the member read', () => {
  it('PV-4 find the member under either name, with what everybody sees beside it', async () => {
    for (const headers of [undefined, bearer(own), bearer(await makeKey({ scopes: ['admin'] }))]) {
      for (const name of [HANDLE, pseudonym]) {
        const { json } = await server.call('GET', memberPath(name), undefined, headers);
        expect(json).toMatchObject({ handle: HANDLE, displayName: NAME, hiddenAs: pseudonym });
        const ledger = await server.call('GET', `${memberPath(name)}/ledger`, undefined, headers);
        expect([ledger.json.handle, ledger.headers.get('cache-control')]).toEqual([HANDLE, 'private, no-cache']);
        const progress = await server.call(
          'GET',
          `${path}/quests/2/progress/${encodeURIComponent(name)}`,
          undefined,
          headers,
        );
        expect(progress.json).toMatchObject({ handle: HANDLE, percent: 100 });
      }
      const around = `${path}/leaderboards/gpu-contributors?around=${encodeURIComponent(HANDLE)}&limit=1&window=week`;
      expect((await server.call('GET', around, undefined, headers)).json.entries[0]).toMatchObject({
        handle: pseudonym,
      });
      expect((await server.call('GET', `${path}/contributions/admin/1`, undefined, headers)).json.contributor).toBe(
        HANDLE,
      );
      expect((await server.call('GET', memberPath(ALIAS), undefined, headers)).status).toBe(308);
    }
  });

  it('PV-4 no other key opens anything', async () => {
    await server.call('POST', '/v1/communities', { slug: 'other', name: 'Other', timeZone: 'UTC' });
    const elsewhere = await server.call('POST', '/v1/communities/other/keys', { name: 'boss', scopes: ['admin'] });
    const keys = [await makeKey({}), await makeKey({ contributor: 'bob' }), elsewhere.json.key, `${own}x`, 'nonsense'];
    for (const key of keys) {
      expect((await server.call('GET', memberPath(HANDLE), undefined, bearer(key))).status).toBe(404);
      expect((await server.call('GET', memberPath(pseudonym), undefined, bearer(key))).status).toBe(404);
      expect((await server.call('GET', `${path}/contributions/admin/1`, undefined, bearer(key))).status).toBe(404);
      // What is public stays so, whatever is sent along.
      expect((await server.call('GET', memberPath('bob'), undefined, bearer(key))).status).toBe(200);
    }
  });

  it('PV-4 whoever recorded a contribution reads it, so that it can be sent again', async () => {
    const key = await makeKey({ source: 'node' });
    await server.call('POST', `${path}/contributions`, { contributions: [event('n1', HANDLE, 1)] }, bearer(key));
    const read = await server.call('GET', `${path}/contributions/node/n1`, undefined, bearer(key));
    expect([read.status, read.json.contributor]).toEqual([200, HANDLE]);
    const others = await makeKey({ source: 'another node' });
    expect((await server.call('GET', `${path}/contributions/node/n1`, undefined, bearer(others))).status).toBe(404);
  });
});

describe('choosing over HTTP', () => {
  it('PV-20 what is given changes, the rest stays', async () => {
    await send(event('20', 'cleo', 1));
    const read = await server.call('GET', `${path}/members/cleo/privacy`);
    expect(read.json).toEqual({
      handle: 'cleo',
      hidden: false,
      hiddenAs: null,
      showDiscord: false,
      mentions: true,
      reminders: true,
    });
    expect(read.headers.get('cache-control')).toBe('no-store');
    const patch = (body: unknown) => server.call('PATCH', `${path}/members/cleo/privacy`, body);
    expect((await patch({ mentions: false, hidden: true })).json).toEqual({
      ...read.json,
      mentions: false,
      hidden: true,
      hiddenAs: expect.stringMatching(HIDDEN),
    });
    expect((await patch({ reminders: false })).json).toMatchObject({ hidden: true, mentions: false, reminders: false });
    expect((await patch({ hidden: false })).json).toMatchObject({ hiddenAs: null, mentions: false });
    for (const body of [{}, { hidden: 'yes' }, { colour: 'red' }, { hidden: true, handle: 'x' }]) {
      expect((await patch(body)).status).toBe(400);
    }
  });

  it('PV-21 is for admins and the member alone, and tells others nothing of who is there', async () => {
    await send(event('21', 'dora', 1));
    const bound = await makeKey({ contributor: 'dora' });
    const free = await makeKey({});
    const ask = async (handle: string, headers?: Record<string, string>) => {
      const statuses = [];
      for (const [method, end, body] of [
        ['GET', 'privacy', undefined],
        ['GET', 'data', undefined],
        ['PATCH', 'privacy', { mentions: false }],
        ['POST', 'delete', { confirm: 'wrong' }],
      ] as const) {
        statuses.push((await server.call(method, `${memberPath(handle)}/${end}`, body, headers)).status);
      }
      return statuses;
    };
    expect(await ask('dora', bearer(bound))).toEqual([200, 200, 200, 400]);
    expect(await ask('dora')).toEqual([200, 200, 200, 400]);
    expect(await ask('nobody')).toEqual([404, 404, 404, 404]);
    expect(await ask('dora', NOBODY)).toEqual([401, 401, 401, 401]);
    for (const handle of ['bob', HANDLE, pseudonym, 'nobody']) {
      expect(await ask(handle, bearer(bound))).toEqual([403, 403, 403, 403]);
      expect(await ask(handle, bearer(free))).toEqual([403, 403, 403, 403]);
    }
    expect(await ask(pseudonym, bearer(own))).toEqual([200, 200, 200, 400]);
  });
});

describe('a merged handle', () => {
  it('PV-24 leads to what is read of the survivor, for whoever may read it; what is changed is the survivor’s', async () => {
    await send(event('24', 'late', 1), event('25', 'fay', 1));
    const bound = await makeKey({ contributor: 'late' });
    await server.call('POST', `${path}/members/late/merge`, { into: 'fay' });
    const pseudonymOfFay = await hide('fay');
    for (const headers of [undefined, bearer(bound)]) {
      for (const end of ['privacy', 'data']) {
        const moved = await server.call('GET', `${path}/members/late/${end}`, undefined, headers);
        expect([moved.status, moved.headers.get('location')]).toEqual([308, `${path}/members/fay/${end}`]);
        expect((await server.call('GET', `${path}/members/fay/${end}`, undefined, headers)).status).toBe(200);
        const byPseudonym = await server.call('GET', `${path}/members/${pseudonymOfFay}/${end}`, undefined, headers);
        expect(byPseudonym.status).toBe(200);
      }
    }
    for (const headers of [NOBODY, bearer(await makeKey({})), bearer(await makeKey({ contributor: 'bob' }))]) {
      const refused = await server.call('GET', `${path}/members/late/privacy`, undefined, headers);
      expect([refused.status, refused.headers.get('location')]).toEqual([headers === NOBODY ? 401 : 403, null]);
    }
    const changed = await server.call('PATCH', `${path}/members/late/privacy`, { reminders: false }, bearer(bound));
    expect(changed.json).toMatchObject({ handle: 'fay', reminders: false });
    // Deleting takes the name of whoever is deleted.
    const slip = await server.call('POST', `${path}/members/late/delete`, { confirm: 'late' }, bearer(bound));
    expect([slip.status, slip.json.detail]).toEqual([400, expect.stringContaining('`confirm` is not "fay"')]);
  });
});

describe('too much of it', () => {
  it('PV-16 who was shown again 3 times is told from when on it is possible again, admins too', async () => {
    await send(event('26', 'gil', 1));
    const patch = (hidden: boolean, headers?: Record<string, string>) =>
      server.call('PATCH', `${path}/members/gil/privacy`, { hidden }, headers);
    for (let time = 0; time < 3; time += 1)
      for (const hidden of [true, false]) expect((await patch(hidden)).status).toBe(200);
    expect((await patch(true)).status).toBe(200);
    for (const headers of [undefined, bearer(await makeKey({ contributor: 'gil' }))]) {
      const refused = await patch(false, headers);
      expect([refused.status, refused.json.detail]).toEqual([
        409,
        expect.stringContaining('It can be shown again from 2026-09-21T12:00:00.000Z on. Nothing was changed.'),
      ]);
    }
  });
});

describe('data and deleting over HTTP', () => {
  it('PV-22 a member gets all that is kept as one file, however much it is', async () => {
    for (let from = 0; from < 2_500; from += 500) {
      await send(
        ...Array.from({ length: 500 }, (_, n) =>
          event(`d${from + n}`, 'dan', 1, { displayName: 'Dan', subject: 'H100' }),
        ),
      );
    }
    await server.call('POST', `${path}/contributions/admin/d7/void`, { reason: 'Made up' });
    const key = await makeKey({ contributor: 'dan' });
    const { status, headers, text } = await server.call('GET', `${path}/members/dan/data`, undefined, bearer(key));
    expect(status).toBe(200);
    expect(headers.get('content-disposition')).toBe('attachment; filename="my-data.json"');
    expect(headers.get('cache-control')).toBe('no-store');
    const data = JSON.parse(text);
    expect(data.member).toMatchObject({
      handle: 'dan',
      displayName: 'Dan',
      earned: { omnit: '15618.75', reputation: '0' },
    });
    expect(data.contributions).toHaveLength(2_500);
    expect(new Set(data.contributions.map(({ id }: { id: string }) => id)).size).toBe(2_500);
    expect(data.contributions.find(({ id }: { id: string }) => id === 'd7')).toMatchObject({
      source: 'admin',
      category: 'gpu-contributors',
      amount: '1',
      rate: '6.25',
      reward: '6.25',
      subject: 'H100',
      counted: false,
      changes: [{ what: 'void', reason: 'Made up' }],
    });
    expect(data.standings).toContainEqual(
      expect.objectContaining({ category: 'gpu-contributors', window: 'all', score: '15618.75', rank: 1 }),
    );
  });

  it('PV-23 deleting takes the handle once more, and cannot be undone', async () => {
    await send(event('30', 'finn', 4, { displayName: 'Finn' }));
    const key = await makeKey({ contributor: 'finn' });
    const remove = (confirm: unknown) => server.call('POST', `${path}/members/finn/delete`, { confirm }, bearer(key));
    for (const confirm of ['', 'Finn', 'finn ', 7]) expect((await remove(confirm)).status).toBe(400);
    expect((await remove('Finn')).json.detail).toContain('cannot be undone. Nothing was deleted.');
    const { status, json } = await remove('finn');
    expect([status, json]).toEqual([200, { handle: expect.stringMatching(DELETED) }]);
    // The key made itself useless.
    expect((await remove('finn')).status).toBe(401);
    expect((await server.call('POST', `${path}/members/finn/delete`, { confirm: 'finn' })).status).toBe(404);
    const again = await server.call('POST', `${path}/members/${json.handle}/delete`, { confirm: json.handle });
    expect([again.status, again.json.detail]).toEqual([409, expect.stringContaining('cannot be undone')]);
    // On boards it is found as what it is called now, and nowhere else.
    const around = await publicly(`${path}/leaderboards/gpu-contributors?around=${json.handle}&limit=1`);
    expect(around.json.entries[0]).toMatchObject({ handle: json.handle, displayName: json.handle, score: '25' });
    expect((await publicly(memberPath(json.handle))).status).toBe(404);
    expect((await publicly(`${path}/contributions/admin/30`)).status).toBe(404);
    expect((await server.call('GET', memberPath(json.handle))).json).toMatchObject({ handle: json.handle });
    expect((await publicly(memberPath('finn'))).status).toBe(404);
  });
});
