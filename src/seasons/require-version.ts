import type { Kysely } from 'kysely';
import type { Category } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { Window } from '../ranking/calendar.ts';
import { hashOf, statusOf } from '../ranking/periods.ts';
import { readVersions, type FinalVersion } from './final-versions.ts';
import { frozenDueAt } from './steps.ts';

/** A version of a final table that can be read: its document is known by its hash. */
export type ReadableVersion = Pick<FinalVersion, 'boardId' | 'version'> & {
  sha256: string;
  /** Undefined for a category that was added once the window had been frozen: nobody stands there, and nothing was recorded. */
  recorded: FinalVersion | undefined;
};

/** Which version of the final table of a category in a window; the newest if none is named. */
export type VersionRequest = { window: Window; category: Category; version: number | undefined };

/**
 * Finds the version of a final table that is asked for.
 *
 * @throws DomainError `not-final` before there is one, `unknown-version`, `superseded` with the old hash and the version
 *   that replaced it, or `unavailable` for the moment in which the hash of a new version is being reckoned
 */
export async function requireReadableVersion(
  db: Kysely<Database>,
  community: KnownCommunity,
  { window, category, version }: VersionRequest,
  now: Date,
): Promise<ReadableVersion> {
  const name = `${category.title}, ${window.key}`;
  const versions = await readVersions(db, community.id, window, category.id);
  const newest = versions.findLast(({ isSuperseded }) => !isSuperseded);
  if (!newest) return emptyTable(community, { window, category, version }, now);
  const asked = version === undefined ? newest : versions.find((one) => one.version === version);
  if (!asked) throw unknownVersion(name, version, versions.length);
  if (asked.isSuperseded) throw superseded(name, asked, newest);
  if (asked.sha256 !== undefined) {
    return { boardId: asked.boardId, version: asked.version, sha256: asked.sha256, recorded: asked };
  }
  // What was final goes on being so, and a first table is not final before it has its hash.
  throw new DomainError(
    asked.reason === 'closed' ? 'not-final' : 'unavailable',
    `Version ${asked.version} of the final table of ${name} is being made. Ask again in some seconds.`,
  );
}

/** The table of a category that has no versions: nobody stands in it, if the window is final at all. */
function emptyTable(
  community: KnownCommunity,
  { window, category, version = 1 }: VersionRequest,
  now: Date,
): ReadableVersion {
  const status = statusOf(community, window, now, category.id);
  const sha256 = hashOf(community, window, category);
  const name = `${category.title}, ${window.key}`;
  if (status !== 'final' || sha256 === undefined) throw notFinal(community, name, window, status);
  if (version !== 1) throw unknownVersion(name, version, 1);
  return { boardId: undefined, version: 1, sha256, recorded: undefined };
}

function notFinal(
  { closingTimes }: KnownCommunity,
  name: string,
  window: Window,
  status: ReturnType<typeof statusOf>,
): DomainError {
  const why =
    window.kind === 'all'
      ? '`all` is open for good and never final.'
      : status === 'archive'
        ? 'The window was over before the community began. It takes history at any time and is never final.'
        : `The window is ${status}, and final from ${frozenDueAt(closingTimes, window).toISOString()} on, or soon after.`;
  return new DomainError('not-final', `There is no final table of ${name}. ${why}`);
}

function unknownVersion(name: string, version: number | undefined, last: number): DomainError {
  const there = last === 1 ? 'There is version 1 alone' : `There are versions 1 to ${last}`;
  return new DomainError('unknown-version', `The final table of ${name} has no version ${version ?? ''}. ${there}.`);
}

function superseded(name: string, asked: FinalVersion, newest: FinalVersion): DomainError {
  return new DomainError(
    'superseded',
    `Version ${asked.version} of the final table of ${name} named a member who is hidden or deleted by now, and is no longer reproducible. Read version ${newest.version} in its place.`,
    { facts: { sha256: asked.sha256 ?? '', replacedBy: newest.version } },
  );
}
