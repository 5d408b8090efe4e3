import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { findHidden, isPrivate, requireMember, unknownMember, wasMember, type Member } from '../members/members.ts';
import type { HttpServices } from './services.ts';

/** What finding the member takes that a request is about. */
type Reading = Pick<HttpServices, 'db' | 'access'>;

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
 * Whoever is hidden or was deleted is as unknown as nobody, under the handle and under the pseudonym: what a member has
 * and did tells who it is. Only a key of an admin, or one that is bound to the member, finds them under either.
 *
 * @throws DomainError `unknown-member`; MergedHandle for a handle that was merged
 */
export async function memberToRead(services: Reading, request: FastifyRequest, handle: string): Promise<Member> {
  const { db, access } = services;
  const { id: communityId } = access.communityOf(request);
  const hidden = await findHidden(db, communityId, handle);
  const member = await requireMember(db, communityId, hidden?.handle ?? handle);
  if (hidden || isPrivate(member)) await requireKnown(services, request, member, handle);
  return hidden ? member : redirectMerged(services, request, member, handle);
}

/**
 * Finds the member around whom a board is read: as {@link memberToRead}, and everybody whom boards show, under the name
 * that they show.
 *
 * @throws DomainError `unknown-member`; MergedHandle for a handle that was merged
 */
export async function memberOnBoard(services: Reading, request: FastifyRequest, handle: string): Promise<Member> {
  const { db, access } = services;
  const { id: communityId } = access.communityOf(request);
  const hidden = await findHidden(db, communityId, handle);
  if (hidden) return hidden;
  const member = await requireMember(db, communityId, handle);
  if (member.hiddenAs !== undefined) await requireKnown(services, request, member, handle);
  return redirectMerged(services, request, member, handle);
}

async function requireKnown(
  { access }: Reading,
  request: FastifyRequest,
  member: Member,
  handle: string,
): Promise<void> {
  if (!(await access.knows(request, member.id))) throw unknownMember(handle);
}

async function redirectMerged(
  { db, access }: Reading,
  request: FastifyRequest,
  member: Member,
  handle: string,
): Promise<Member> {
  if (handle === member.handle) return member;
  if (await wasMember(db, access.communityOf(request).id, handle)) throw new MergedHandle(member.handle);
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
