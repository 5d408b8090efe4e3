import type { FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import type { Actor } from '../audit/audit-log.ts';
import type { Community } from '../communities/community.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { ADMIN_SOURCE, findKey, findOrMakeSource, isSameKey, type ApiKey, type Scope } from '../keys/api-keys.ts';

/** Who sends a request: the holder of ADMIN_API_KEY, who may do everything everywhere, or of a community's key. */
type Caller = { kind: 'installation' } | { kind: 'key'; key: ApiKey };

/** A caller who may write to a community, and by which source's ids. */
export type Writer = { actor: Actor; sourceId: number; contributor: string | undefined };

const BEARER = /^Bearer +(\S+) *$/i;

/** Decides what a request may do, by its `Authorization` header alone. */
export class Access {
  readonly #db: Kysely<Database>;
  readonly #adminKey: string | undefined;

  constructor(db: Kysely<Database>, adminKey: string | undefined) {
    this.#db = db;
    this.#adminKey = adminKey;
  }

  /**
   * Lets through whoever may read a community: everybody, unless it is for members only.
   * @throws DomainError `unauthenticated`, `forbidden`
   */
  async requireReader(request: FastifyRequest, community: Community): Promise<void> {
    if (community.visibility !== 'members') return;
    const caller = await this.#requireCaller(request);
    if (caller.kind === 'key' && caller.key.communityId !== community.id) throw foreign(community);
  }

  /**
   * Lets through whoever may write to a community.
   * @throws DomainError `unauthenticated`, `forbidden`
   */
  async requireWriter(request: FastifyRequest, community: Community): Promise<Writer> {
    const caller = await this.#requireScope(request, community, 'write');
    if (caller.kind === 'key')
      return { actor: actorOf(caller), sourceId: caller.key.sourceId, contributor: caller.key.contributor };
    return {
      actor: actorOf(caller),
      sourceId: await findOrMakeSource(this.#db, community.id, ADMIN_SOURCE),
      contributor: undefined,
    };
  }

  /**
   * Lets through whoever administers a community.
   * @throws DomainError `unauthenticated`, `forbidden`
   */
  async requireAdmin(request: FastifyRequest, community: Community): Promise<Actor> {
    return actorOf(await this.#requireScope(request, community, 'admin'));
  }

  /**
   * Lets through the holder of ADMIN_API_KEY.
   * @throws DomainError `unauthenticated`, `forbidden`
   */
  async requireInstallation(request: FastifyRequest): Promise<Actor> {
    const caller = await this.#requireCaller(request);
    if (caller.kind === 'installation') return actorOf(caller);
    throw new DomainError('forbidden', 'Only ADMIN_API_KEY may do this: it concerns the whole installation.');
  }

  async #requireScope(request: FastifyRequest, community: Community, scope: Scope): Promise<Caller> {
    const caller = await this.#requireCaller(request);
    if (caller.kind === 'installation') return caller;
    if (caller.key.communityId !== community.id) throw foreign(community);
    const allowed = caller.key.scopes.includes(scope) || caller.key.scopes.includes('admin');
    if (!allowed)
      throw new DomainError(
        'forbidden',
        `This key has not the scope \`${scope}\`. Use one that has, or ask an admin for one.`,
      );
    return caller;
  }

  async #requireCaller(request: FastifyRequest): Promise<Caller> {
    const text = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (!text) throw new DomainError('unauthenticated', 'Send a key: "Authorization: Bearer KEY".');
    if (this.#adminKey && isSameKey(text, this.#adminKey)) return { kind: 'installation' };
    const key = await findKey(this.#db, text);
    if (key) return { kind: 'key', key };
    throw new DomainError('unauthenticated', 'This key is unknown or was revoked. Ask an admin for a new one.');
  }
}

function actorOf(caller: Caller): Actor {
  return { name: caller.kind === 'installation' ? 'ADMIN_API_KEY' : `key ${caller.key.name}` };
}

function foreign(community: Community): DomainError {
  return new DomainError('forbidden', `This key belongs to another community than "${community.slug}".`);
}
