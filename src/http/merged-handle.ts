import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Database } from '../db/database.ts';
import { requireMember, unknownMember, wasMember, type Member } from '../members/members.ts';

/** What was asked for under a handle that was merged is found under the survivor's. Answered with 308. */
export class MergedHandle extends Error {
  override readonly name = 'MergedHandle';
  readonly survivor: string;

  constructor(survivor: string) {
    super(`The handle was merged into "${survivor}".`);
    this.survivor = survivor;
  }
}

/**
 * Finds the member that a route reads. A handle that only stands for a linked Discord account, and was never anybody's,
 * is unknown here: who is linked with whom is for the member to tell.
 *
 * @throws DomainError `unknown-member`; MergedHandle for a handle that was merged
 */
export async function memberToRead(db: Kysely<Database>, communityId: number, handle: string): Promise<Member> {
  const member = await requireMember(db, communityId, handle);
  if (member.handle === handle) return member;
  if (await wasMember(db, communityId, handle)) throw new MergedHandle(member.handle);
  throw unknownMember(handle);
}

/** Where a path names a member: `/members/{handle}` and all below it, and the progress in a quest. */
const MEMBER_PATH = /^(\/v1\/communities\/[^/]+\/(?:members|quests\/[^/]+\/progress)\/)[^/]+/;

/** The address of the same under the survivor's handle, which stands in the path or in `around`. All else is kept. */
export function locationOf(url: string, survivor: string): string {
  const mark = url.indexOf('?');
  const [path, query] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark)];
  const moved = path.replace(MEMBER_PATH, (_, before: string) => before + encodeURIComponent(survivor));
  if (moved !== path) return moved + query;
  const parameters = new URLSearchParams(query);
  parameters.set('around', survivor);
  return `${path}?${parameters.toString()}`;
}

/** For the description of a route that redirects so. */
export const MERGED_RESPONSE = {
  308: z.null().describe('The handle was merged: `Location` has the same under the handle of the survivor.'),
};
