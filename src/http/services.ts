import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Intake } from '../contributions/intake.ts';
import type { RankingContext } from '../ranking/context.ts';
import type { Access } from './access.ts';

/** What the routes call. */
export type HttpServices = RankingContext & {
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
