import { sql } from 'kysely';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import { DomainError } from '../../errors.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';

const statusShape = z.object({ status: z.literal('ok') });

/** For whoever runs the server: is it alive, can it serve, and how is it doing. None of them counts against a limit. */
export function operationRoutes(server: Server, { db }: HttpServices, metrics: Registry): void {
  const config = { rateLimit: false } as const;

  server.get(
    '/healthz',
    {
      config,
      schema: { summary: 'Whether the process is alive', tags: ['operating'], response: { 200: statusShape } },
    },
    async () => ({ status: 'ok' as const }),
  );

  server.get(
    '/readyz',
    {
      config,
      schema: {
        summary: 'Whether it can serve: the database answers',
        tags: ['operating'],
        response: { 200: statusShape, ...PROBLEM_RESPONSES },
      },
    },
    async () => {
      try {
        await sql`select 1`.execute(db);
      } catch (cause) {
        throw new DomainError('unavailable', 'The database does not answer.', { cause });
      }
      return { status: 'ok' as const };
    },
  );

  server.get(
    '/metrics',
    { config, schema: { summary: 'Figures for Prometheus', tags: ['operating'], produces: ['text/plain'] } },
    async (_, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
  );
}
