import type { FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import type { Actor } from '../audit/audit-log.ts';
import type { CommunityDirectory, KnownCommunity } from '../communities/directory.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import {
  ADMIN_SOURCE,
  findKey,
  findOrMakeSource,
  isSameKey,
  nameOfSource,
  type ApiKey,
  type Scope,
} from '../keys/api-keys.ts';
import { findMembers } from '../members/member-store.ts';

/** Who sends a request: the holder of ADMIN_API_KEY, who may do everything everywhere, or of a community's key. */
type Caller = { kind: 'installation' } | { kind: 'key'; key: ApiKey };

/** A request that was let in: to which community, and on whose account. Readers of public communities have no caller. */
type Admission = { community: KnownCommunity; caller: Caller | undefined };

const BEARER = /^Bearer +(\S+) *$/i;

/**
 * Decides what a request may do, by its `Authorization` header alone. Routes name what they need in `preParsing`, so
 * that nobody's body is read before; what was found is then asked for in the handler.
 */
export class Access {
  readonly #db: Kysely<Database>;
  readonly #directory: CommunityDirectory;
  readonly #adminKey: string | undefined;
  readonly #admissions = new WeakMap<FastifyRequest, Admission>();

  constructor(db: Kysely<Database>, directory: CommunityDirectory, adminKey: string | undefined) {
    this.#db = db;
    this.#directory = directory;
    this.#adminKey = adminKey;
  }

  /** For `preParsing`: lets everybody read, unless the community is for members only. */
  readonly reader = async (request: FastifyRequest): Promise<void> => {
    const community = await this.#communityOf(request);
    const caller = community.visibility === 'members' ? await this.#callerOf(request) : undefined;
    if (caller) requireOwn(caller, community);
    this.#admissions.set(request, { community, caller });
  };

  /** For `preParsing`: lets in whoever may record contributions. */
  readonly writer = async (request: FastifyRequest): Promise<void> => this.#admit(request, 'write');

  /** For `preParsing`: lets in whoever administers the community. */
  readonly admin = async (request: FastifyRequest): Promise<void> => this.#admit(request, 'admin');

  /** For `preParsing`: lets in the holder of ADMIN_API_KEY alone. */
  readonly installation = async (request: FastifyRequest): Promise<void> => {
    const caller = await this.#callerOf(request);
    if (caller.kind === 'installation') return;
    throw new DomainError('forbidden', 'Only ADMIN_API_KEY may do this: it concerns the whole installation.');
  };

  /** The community of a request that was let in. */
  communityOf(request: FastifyRequest): KnownCommunity {
    return this.#admissionOf(request).community;
  }

  /** Who acts, for the audit log. */
  actorOf(request: FastifyRequest): Actor {
    const { caller } = this.#admissionOf(request);
    return { name: caller?.kind === 'key' ? `key ${caller.key.name}` : INSTALLATION.name };
  }

  /** By which source's ids a writer's contributions go, and the only member that they may be of. */
  async sourceOf(request: FastifyRequest): Promise<{ sourceId: number; contributor: string | undefined }> {
    const { community, caller } = this.#admissionOf(request);
    if (caller?.kind === 'key') return { sourceId: caller.key.sourceId, contributor: caller.key.contributor };
    return { sourceId: await findOrMakeSource(this.#db, community.id, ADMIN_SOURCE), contributor: undefined };
  }

  /** Whether a request comes with the key of an admin. A key that is none is no error: readers need none. */
  async isAdmin(request: FastifyRequest): Promise<boolean> {
    const caller = await this.#callerIfAny(request);
    return caller?.kind === 'installation' || caller?.key.scopes.includes('admin') === true;
  }

  /** Whether a request comes with any key of the community, though it may need none. */
  async hasKey(request: FastifyRequest): Promise<boolean> {
    return (await this.#callerIfAny(request)) !== undefined;
  }

  /**
   * Whether a request may see who a pseudonym is, and what a hidden or deleted member has: with a key of an admin, or
   * one that is bound to the member.
   */
  async knows(request: FastifyRequest, memberId: number): Promise<boolean> {
    const caller = await this.#callerIfAny(request);
    if (caller?.kind !== 'key' || caller.key.scopes.includes('admin')) return caller !== undefined;
    const { communityId, contributor } = caller.key;
    if (contributor === undefined) return false;
    return (await findMembers(this.#db, communityId, [contributor])).get(contributor) === memberId;
  }

  /** Whether a request comes with a key of a source. */
  async isOfSource(request: FastifyRequest, source: string): Promise<boolean> {
    const caller = await this.#callerIfAny(request);
    if (caller?.kind !== 'key') return false;
    return (await nameOfSource(this.#db, caller.key.communityId, caller.key.sourceId)) === source;
  }

  /** Whom a writer's key is for, and what it may do. */
  async holderOf(
    request: FastifyRequest,
  ): Promise<{ key: string | null; scopes: Scope[]; source: string; contributor?: string }> {
    const { caller } = this.#admissionOf(request);
    if (caller?.kind !== 'key') return { key: null, scopes: ['admin'], source: ADMIN_SOURCE };
    const { name, scopes, contributor, communityId, sourceId } = caller.key;
    const source = await nameOfSource(this.#db, communityId, sourceId);
    return { key: name, scopes: [...scopes], source, ...(contributor === undefined ? {} : { contributor }) };
  }

  async #admit(request: FastifyRequest, scope: Scope): Promise<void> {
    const caller = await this.#callerOf(request);
    const community = await this.#communityOf(request);
    requireOwn(caller, community);
    if (caller.kind === 'key' && !caller.key.scopes.includes(scope) && !caller.key.scopes.includes('admin')) {
      throw new DomainError(
        'forbidden',
        `This key has not the scope \`${scope}\`. Use one that has, or ask an admin for one.`,
      );
    }
    this.#admissions.set(request, { community, caller });
  }

  #admissionOf(request: FastifyRequest): Admission {
    const admission = this.#admissions.get(request);
    if (!admission) throw new Error(`${request.routeOptions.url} names in no \`preParsing\` whom it lets in.`);
    return admission;
  }

  async #communityOf({ params }: FastifyRequest): Promise<KnownCommunity> {
    const slug = typeof params === 'object' && params && 'community' in params ? String(params.community) : '';
    return this.#directory.bySlug(slug);
  }

  /** Who sends a request that needs no key: whoever a key of the community says, where a good one is sent all the same. */
  async #callerIfAny(request: FastifyRequest): Promise<Caller | undefined> {
    const { community, caller } = this.#admissionOf(request);
    if (caller) return caller;
    const found = await this.#callerOf(request).catch((error: unknown) => {
      if (error instanceof DomainError) return undefined;
      throw error;
    });
    return found?.kind === 'key' && found.key.communityId !== community.id ? undefined : found;
  }

  async #callerOf(request: FastifyRequest): Promise<Caller> {
    const text = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (!text) throw new DomainError('unauthenticated', 'Send a key: "Authorization: Bearer KEY".');
    if (this.#adminKey && isSameKey(text, this.#adminKey)) return { kind: 'installation' };
    const key = await findKey(this.#db, text);
    if (key) return { kind: 'key', key };
    throw new DomainError('unauthenticated', 'This key is unknown or was revoked. Ask an admin for a new one.');
  }
}

/** How the holder of ADMIN_API_KEY stands in the audit log. */
export const INSTALLATION: Actor = { name: 'ADMIN_API_KEY' };

function requireOwn(caller: Caller, community: KnownCommunity): void {
  if (caller.kind === 'installation' || caller.key.communityId === community.id) return;
  throw new DomainError('forbidden', `This key belongs to another community than "${community.slug}".`);
}
