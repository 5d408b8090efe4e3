import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { address, ApiClient } from './api-client.ts';
import { communityListSchema, readAnswer } from './api-shapes.ts';
import { CliError } from './errors.ts';

const DEFAULT_URL = 'http://localhost:3000';

/** The options that every command takes. */
type GlobalOptions = { url?: string; community?: string; json?: boolean };

/** What a command works with: a server, the way to answer, and a community. */
export type Session = {
  api: ApiClient;
  /** Whether to answer in JSON. */
  json: boolean;
  /** The path of the community's address: of the one given, else of the one named by option or environment, else of the only one there is. */
  communityPath: (slug?: string) => Promise<string>;
};

/**
 * Reads options and environment: OMNITENSOR_URL, OMNITENSOR_COMMUNITY, OMNITENSOR_API_KEY. Without a key, the one that a
 * server on this machine keeps in DATA_DIR is used.
 *
 * @throws CliError `wrong-usage`
 */
export async function openSession(command: Command): Promise<Session> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const url = readUrl(options.url ?? setting('OMNITENSOR_URL') ?? DEFAULT_URL);
  const api = new ApiClient(url, await readKey(url));
  const named = options.community ?? setting('OMNITENSOR_COMMUNITY');
  return {
    api,
    json: options.json ?? false,
    async communityPath(slug = named) {
      return address`/v1/communities/${slug ?? (await findOnlyCommunity(api))}`;
    },
  };
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password) return url;
  throw new CliError(
    'wrong-usage',
    `"${text}" is not the address of a server. Give --url or OMNITENSOR_URL as ${DEFAULT_URL}.`,
  );
}

async function readKey(url: URL): Promise<string | undefined> {
  const key = setting('OMNITENSOR_API_KEY') ?? (isThisMachine(url) ? await readAdminKey() : undefined);
  if (key === undefined || /^[\x21-\x7E]+$/.test(key)) return key;
  throw new CliError(
    'wrong-usage',
    'OMNITENSOR_API_KEY holds characters that no key has. Set it to a key as it was shown when it was created.',
  );
}

async function readAdminKey(): Promise<string | undefined> {
  try {
    return (await readFile(join(setting('DATA_DIR') ?? '.data', 'admin-key'), 'utf8')).trim() || undefined;
  } catch {
    // Most calls need no key, and those that do are told so by the server.
    return undefined;
  }
}

function isThisMachine({ hostname }: URL): boolean {
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

async function findOnlyCommunity(api: ApiClient): Promise<string> {
  const { communities } = readAnswer(communityListSchema, (await api.call('/v1/communities')).body);
  const [only, ...others] = communities;
  if (!only) {
    throw new CliError(
      'refused',
      'There is no public community here. Name one with --community or OMNITENSOR_COMMUNITY, or create one: omnitensor-cli communities create --help',
    );
  }
  if (others.length === 0) return only.slug;
  const slugs = communities.map(({ slug }) => slug).join(', ');
  throw new CliError(
    'wrong-usage',
    `There are several communities here: ${slugs}.\nName one with --community or OMNITENSOR_COMMUNITY.`,
  );
}

/** An environment variable; empty is as good as unset. */
function setting(name: string): string | undefined {
  return process.env[name] || undefined;
}
