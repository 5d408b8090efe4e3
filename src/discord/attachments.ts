/** Files that people hand in. Discord's links to them expire, so they are fetched and uploaded again. */
import { DefaultRestOptions, type RawFile, type REST } from 'discord.js';
import type { ToldFile } from '../announcements/announcement.ts';

/** Where Discord keeps files. Nothing is fetched from anywhere else. */
const DISCORD_FILES = new Set(['https://cdn.discordapp.com', 'https://media.discordapp.net']);
/** All files of a proof together, in bytes; uploading them has to go fast. */
const MOST_BYTES = 8 * 1024 * 1024;
const FETCH_WITHIN_MS = 5_000;

/** Where files may be fetched from: Discord's own places, and the server that stands for Discord, if one does. */
export function fileHosts({ options }: Pick<REST, 'options'>): ReadonlySet<string> {
  if (options.api === DefaultRestOptions.api) return DISCORD_FILES;
  return new Set([...DISCORD_FILES, new URL(options.api).origin]);
}

/** The name under which a file is uploaded, which no outside text has a say in but for its ending. */
export function uploadName(index: number, { name }: Pick<ToldFile, 'name'>): string {
  const [, ending = 'bin'] = /\.([a-z0-9]{1,8})$/i.exec(name) ?? [];
  return `proof-${index + 1}.${ending.toLowerCase()}`;
}

/** Fetches files to be uploaded again, as far as they are there and small enough together. Never rejects. */
export async function fetchFiles(files: readonly ToldFile[], hosts: ReadonlySet<string>): Promise<RawFile[]> {
  const fetched: RawFile[] = [];
  let left = MOST_BYTES;
  for (const [index, file] of files.entries()) {
    const data = await fetchFile(file, hosts, left).catch(() => undefined);
    if (!data) continue;
    left -= data.length;
    fetched.push({
      name: uploadName(index, file),
      data,
      ...(file.contentType ? { contentType: file.contentType } : {}),
    });
  }
  return fetched;
}

async function fetchFile(
  { url, size }: ToldFile,
  hosts: ReadonlySet<string>,
  most: number,
): Promise<Buffer | undefined> {
  if (size > most || !URL.canParse(url) || !hosts.has(new URL(url).origin)) return undefined;
  // A redirect would lead to a place that nobody has allowed.
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_WITHIN_MS) });
  if (!response.ok || !response.body) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    if (length > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
