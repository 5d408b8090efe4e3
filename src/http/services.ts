import type { Kysely } from 'kysely';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { CommunityDirectory } from '../communities/directory.ts';
import type { Intake } from '../contributions/intake.ts';
import type { Database } from '../db/database.ts';
import type { Access } from './access.ts';

/** What the routes call. */
export type HttpServices = {
  db: Kysely<Database>;
  directory: CommunityDirectory;
  intake: Intake;
  access: Access;
  /** The time, asked for once a request. */
  clock: () => Date;
};

/** A Fastify server whose routes are typed by their zod schemas. */
export type Server = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;
