import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { ConfigError, readConfig } from '../src/config.ts';
import { AppProcess } from './support/app-process.ts';

/** What is said of settings that are wrong, a line each. */
function complaints(variables: Record<string, string>): string[] {
  try {
    readConfig(variables);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [heading, ...lines] = error.message.split('\n');
    expect(heading).toBe('These settings are not as they must be:');
    expect(lines.pop()).toBe('See .env.example.');
    return lines.map((line) => line.trim());
  }
  return [];
}

const WRONG = [
  [{ PORT: 'abc' }, 'PORT must be a whole number from 0 to 65535'],
  [{ PORT: '65536' }, 'PORT must be a whole number from 0 to 65535'],
  [{ PORT: '-1' }, 'PORT must be a whole number from 0 to 65535'],
  [{ PORT: '3e3' }, 'PORT must be a whole number from 0 to 65535'],
  [{ READS_PER_MINUTE: '0' }, 'READS_PER_MINUTE must be a whole number from 1 to 1000000000'],
  [{ WRITES_PER_MINUTE: '1.5' }, 'WRITES_PER_MINUTE must be a whole number from 1 to 1000000000'],
  [
    { DATABASE_URL: 'mysql://root:secret@localhost/x' },
    'DATABASE_URL must be like postgres://user:password@host:5432/database',
  ],
  [{ DATABASE_URL: 'postgres://host:port' }, 'DATABASE_URL must be like postgres://user:password@host:5432/database'],
  [{ ROLES: 'foo' }, 'ROLES "foo" is none of gateway, worker, web'],
  [{ ROLES: 'web,wroker' }, 'ROLES "wroker" is none of gateway, worker, web'],
  [{ DISCORD_API_URL: 'x' }, 'DISCORD_API_URL must be an address such as http://127.0.0.1:3001/api'],
  [{ DISCORD_API_URL: 'ftp://x/api' }, 'DISCORD_API_URL must be an address such as http://127.0.0.1:3001/api'],
  [{ DISCORD_APPLICATION_ID: 'my app' }, 'DISCORD_APPLICATION_ID must be an id of Discord, some 18 digits'],
  [{ DISCORD_GUILD_ID: '12x' }, 'DISCORD_GUILD_ID must be an id of Discord, some 18 digits'],
  [{ ADMIN_API_KEY: 'two words' }, 'ADMIN_API_KEY must hold no white space'],
  [{ COMMUNITY: 'Omni Tensor' }, 'COMMUNITY must be lower-case letters, digits, "-" and "_"'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent'],
  [{ TRUST_PROXY: 'the-proxy' }, 'TRUST_PROXY must be addresses and ranges of proxies, such as loopback,10.0.0.0/8'],
] as const;

describe('settings', () => {
  it.each(WRONG)('OP-16 %j is told in a line, with what would be right', (variables, complaint) => {
    expect(complaints(variables)).toEqual([complaint]);
  });

  it('OP-16 all that is wrong is told at once, and no value that could be a secret is shown', () => {
    const all = complaints({ PORT: 'x', DATABASE_URL: 'mysql://root:secret@localhost/x', ADMIN_API_KEY: 'top secret' });
    expect(all.map((line) => line.split(' ')[0])).toEqual(['DATABASE_URL', 'ADMIN_API_KEY', 'PORT']);
    expect(all.join()).not.toContain('secret');
  });

  it('OP-17 an empty setting is one that is not set', () => {
    const unset = readConfig({});
    expect(unset).toMatchObject({ databaseUrl: undefined, port: 3000, host: 'localhost', dataDir: '.data' });
    expect(unset.roles).toEqual(['gateway', 'worker', 'web']);
    expect(readConfig({ DATABASE_URL: '', PORT: '', ROLES: '', DISCORD_TOKEN: '', DISCORD_API_URL: '' })).toEqual(
      unset,
    );
  });

  it('OP-17 proxies are named by address, by range or by name', () => {
    expect(readConfig({ TRUST_PROXY: '10.0.0.0/8, loopback,::1' }).trustProxy).toBe('10.0.0.0/8, loopback,::1');
  });

  it('OP-17 roles are taken in any order, with spaces, and Discord only with both its token and its id', () => {
    expect(readConfig({ ROLES: 'web, gateway' }).roles).toEqual(['gateway', 'web']);
    expect(readConfig({ DISCORD_TOKEN: 'x' }).discord).toBeUndefined();
    expect(readConfig({ DISCORD_TOKEN: 'x', DISCORD_APPLICATION_ID: '1' }).discord).toMatchObject({ token: 'x' });
  });
});

describe('npm start', () => {
  it('OP-16 with wrong settings, in `.env` too, ends with 1 and says so without a stack trace', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'omnitensor-env-'));
    try {
      await writeFile(join(folder, '.env'), 'ROLES=foo\nPORT=abc\n');
      const { code, output } = await AppProcess.fail({ PORT: undefined }, folder);
      expect(code).toBe(1);
      expect(output).toBe(
        'These settings are not as they must be:\n  PORT must be a whole number from 0 to 65535\n  ROLES "foo" is none of gateway, worker, web\nSee .env.example.\n',
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('OP-16 with a database that does not exist says so in a line, and which setting that is', async () => {
    const DATABASE_URL = Object.assign(new URL(inject('postgres').serverUrl), { pathname: '/nowhere' }).href;
    const { code, output } = await AppProcess.fail({ DATABASE_URL });
    expect(code).toBe(1);
    expect(output).toBe('The database cannot be used: database "nowhere" does not exist. Is DATABASE_URL right?\n');
  });
});
