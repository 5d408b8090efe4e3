import { isIP } from 'node:net';
import { z } from 'zod';
import { isSlug } from './communities/settings.ts';

/** The parts of the product that a process can run. */
const ROLES = ['gateway', 'worker', 'web'] as const;
type Role = (typeof ROLES)[number];

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const text = z.string().optional();
const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be a whole number from ${least} to ${most}`);

const roles = z
  .string()
  .transform((value, context) => {
    const names = value.split(',').map((name) => name.trim());
    const wanted = ROLES.filter((role) => names.includes(role));
    const unknown = names.filter((name) => !ROLES.some((role) => role === name));
    if (unknown.length > 0) context.addIssue(`"${unknown.join(',')}" is none of ${ROLES.join(', ')}`);
    return wanted;
  })
  .default([...ROLES]);

const postgresUrl = z
  .string()
  .refine(
    (value) => /^postgres(ql)?:\/\//.test(value) && URL.canParse(value),
    'must be like postgres://user:password@host:5432/database',
  );
const redisUrl = z.string().regex(/^rediss?:\/\//, 'must be like redis://127.0.0.1:6379');
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an address such as http://127.0.0.1:3001/api' });
const snowflake = z.string().regex(/^\d{1,20}$/, 'must be an id of Discord, some 18 digits');

/** Whether a text is an address, a range of them such as 10.0.0.0/8, or one of the names that Fastify knows. */
function namesProxies(value: string): boolean {
  const [address = '', bits, ...more] = value.trim().split('/');
  if (['loopback', 'linklocal', 'uniquelocal'].includes(value.trim())) return true;
  return isIP(address) !== 0 && more.length === 0 && (bits === undefined || /^\d{1,3}$/.test(bits));
}

/** Every setting, in the order of `.env.example`. */
const environment = z.object({
  DATABASE_URL: postgresUrl.optional(),
  DATA_DIR: z.string().default('.data'),
  REDIS_URL: redisUrl.optional(),
  DISCORD_TOKEN: text,
  DISCORD_APPLICATION_ID: snowflake.optional(),
  DISCORD_API_URL: httpUrl.optional(),
  DISCORD_GUILD_ID: snowflake.optional(),
  ADMIN_API_KEY: z.string().regex(/^\S+$/, 'must hold no white space').optional(),
  COMMUNITY: z.string().refine(isSlug, 'must be lower-case letters, digits, "-" and "_"').default('omnitensor'),
  PORT: wholeNumber(0, 65_535).default(3_000),
  HOST: z.string().default('localhost'),
  TRUST_PROXY: z
    .string()
    .refine(
      (value) => value.split(',').every(namesProxies),
      'must be addresses and ranges of proxies, such as loopback,10.0.0.0/8',
    )
    .optional(),
  READS_PER_MINUTE: wholeNumber(1, 1_000_000_000).default(6_000),
  WRITES_PER_MINUTE: wholeNumber(1, 1_000_000_000).default(1_200),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  ROLES: roles,
});

/** What to connect to as a Discord bot. */
export type DiscordConfig = {
  token: string;
  applicationId: string;
  /** Another Discord-compatible API base. */
  apiUrl: string | undefined;
  /** The guild that gets the community of COMMUNITY. */
  guildId: string | undefined;
};

export type Config = {
  /** Undefined: the embedded PostgreSQL. */
  databaseUrl: string | undefined;
  dataDir: string;
  /** Undefined: the job queue lives in PostgreSQL. */
  redisUrl: string | undefined;
  /** Undefined unless both token and application id are set: everything but Discord runs. */
  discord: DiscordConfig | undefined;
  adminApiKey: string | undefined;
  /** The slug of the community that is made when the database is empty. */
  community: string;
  port: number;
  host: string;
  /** Addresses of proxies to believe about the addresses of callers. */
  trustProxy: string | undefined;
  readsPerMinute: number;
  writesPerMinute: number;
  logLevel: z.output<typeof environment>['LOG_LEVEL'];
  roles: readonly Role[];
};

/** A setting that is not as it must be. The message names every one of them and never shows a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the settings from environment variables; an empty one counts as unset. `.env.example` says what each does.
 *
 * @throws ConfigError that lists everything that is wrong
 */
export function readConfig(variables: Record<string, string | undefined>): Config {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(set);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')} ${issue.message}`);
    throw new ConfigError(`These settings are not as they must be:\n${lines.join('\n')}\nSee .env.example.`);
  }
  const settings = parsed.data;
  const { DISCORD_TOKEN: token, DISCORD_APPLICATION_ID: applicationId } = settings;
  return {
    databaseUrl: settings.DATABASE_URL,
    dataDir: settings.DATA_DIR,
    redisUrl: settings.REDIS_URL,
    discord:
      token && applicationId
        ? { token, applicationId, apiUrl: settings.DISCORD_API_URL, guildId: settings.DISCORD_GUILD_ID }
        : undefined,
    adminApiKey: settings.ADMIN_API_KEY,
    community: settings.COMMUNITY,
    port: settings.PORT,
    host: settings.HOST,
    trustProxy: settings.TRUST_PROXY,
    readsPerMinute: settings.READS_PER_MINUTE,
    writesPerMinute: settings.WRITES_PER_MINUTE,
    logLevel: settings.LOG_LEVEL,
    roles: settings.ROLES,
  };
}
