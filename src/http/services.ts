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
import type { RoleChecker } from '../rewards/role-checker.ts';
import type { ReadGuildRoles } from '../rewards/role-giver.ts';
import type { Access } from './access.ts';

/** The queue of jobs, as an operator looks after it. */
export type OperatedQueue = {
  /** @throws DomainError `unavailable` */
  listFailed(): Promise<{ id: string; name: string; reason: string; attempts: number; failedAt: Date }[]>;
  /** @throws DomainError `unknown-job`, `unavailable` */
  retry(id: string): Promise<void>;
};

/** What the routes call. */
export type HttpServices = RankingContext & {
  intake: Intake;
  access: Access;
  queue: OperatedQueue;
  /** The time, asked for once a request. */
  clock: () => Date;
  /** Tells the jobs that something may be due. */
  nudge: () => void;
  checkRole: RoleChecker;
  readGuildRoles: ReadGuildRoles;
};

/** A Fastify server whose routes are typed by their zod schemas. */
export type Server = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;
