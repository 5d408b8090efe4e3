import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { DELETED } from '../support/privacy.ts';
import { runCli } from './run-cli.ts';

const server = useHttpServer(useDatabase());
let key = '';

const cli = (args: string[], env: Record<string, string> = {}) =>
  runCli(args, { env: { OMNITENSOR_URL: server.url, ...env } });
const asAda = (...args: string[]) => cli(args, { OMNITENSOR_API_KEY: key });

beforeAll(async () => {
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  const of = { category: 'gpu-contributors', amount: 1, occurredAt: '2026-08-20T10:00:00Z' };
  const contributions = ['ada', 'bob'].map((contributor) => ({ id: contributor, contributor, ...of }));
  await server.call('POST', '/v1/communities/omni/contributions', { contributions });
  const made = { name: 'phone', scopes: ['write'], contributor: 'ada' };
  key = (await server.call('POST', '/v1/communities/omni/keys', made)).json.key;
});

describe('privacy on the command line', () => {
  it('PV-40 shows and changes what others see, for the member of the key or another', async () => {
    const shown = await asAda('privacy');
    expect(shown.stdout).toBe(
      [
        'Handle           ada',
        'Hidden           no',
        'Announcements    tell the name',
        'Reminders        come',
        'Discord account  not told',
        '',
      ].join('\n'),
    );
    const hidden = await asAda('privacy', 'hide');
    const [, pseudonym = ''] = /Hidden +yes, others see (hidden-[a-z0-9]{6})\n/.exec(hidden.stdout) ?? [];
    expect((await cli(['leaderboard', '--category=gpu-contributors'])).stdout).toContain(
      `1. ${pseudonym} - 6.25 OMNIT`,
    );
    // An admin finds the member by what the board shows.
    expect((await cli(['privacy', '--contributor', pseudonym])).stdout).toContain('Handle           ada\n');
    const set = ['privacy', 'set', '--mentions', 'off', '--reminders', 'off', '--show-discord', 'on'];
    expect((await asAda(...set)).stdout).toContain(
      'Announcements    leave out the name\nReminders        do not come\n',
    );
    const json = await asAda('privacy', 'unhide', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      handle: 'ada',
      hiddenAs: null,
      showDiscord: true,
      mentions: false,
    });
  });

  it('PV-40 says what is wrong', async () => {
    const results = [
      [await cli(['privacy']), 2, 'This key is not bound to a member'],
      [await asAda('privacy', 'set'), 2, 'What is to change?'],
      [await asAda('privacy', 'set', '--mentions', 'maybe'), 2, 'It must be on or off.'],
      [await asAda('privacy', 'hide', '--contributor', 'bob'), 1, 'neither bound to "bob" nor an admin'],
      [await asAda('privacy', '--contributor', 'bob', 'data'), 1, 'neither bound to "bob" nor an admin'],
      [await cli(['privacy', '--contributor', 'nobody']), 1, 'There is no member "nobody"'],
      [await asAda('privacy', 'delete'), 2, "required option '--confirm <handle>'"],
      [await asAda('privacy', 'delete', '--confirm', 'Ada'), 2, 'Nothing was deleted.'],
    ] as const;
    for (const [{ code, stdout, stderr }, wanted, message] of results) {
      expect([code, stdout, stderr]).toEqual([wanted, '', expect.stringContaining(message)]);
    }
    expect((await cli(['privacy', '--help'])).stdout).toMatch(/Examples:\n {2}\$ omnitensor-cli privacy/);
  });

  it('PV-41 writes all that is kept to a file, and deletes it for good', async () => {
    const data = await asAda('privacy', 'data');
    expect(JSON.parse(data.stdout)).toMatchObject({ member: { handle: 'ada' }, contributions: [{ id: 'ada' }] });
    const deleted = await asAda('privacy', 'delete', '--confirm', 'ada');
    const [, name = ''] = /^Deleted\. What was contributed stays, under the name (\S+)\.\n$/.exec(deleted.stdout) ?? [];
    expect([deleted.code, name]).toEqual([0, expect.stringMatching(DELETED)]);
    expect((await asAda('privacy')).stderr).toContain('This key is unknown or was revoked');
    expect((await cli(['leaderboard', '--category=gpu-contributors'])).stdout).toContain(`1. ${name} - 6.25 OMNIT`);
    expect((await cli(['member', 'ada'])).code).toBe(1);
  });
});
