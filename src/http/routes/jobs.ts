import { z } from 'zod';
import { text } from '../../schema.ts';
import { CONTRIBUTION_ID } from '../../text.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';

const jobShape = z
  .object({
    id: z.string(),
    name: z.string(),
    reason: z.string().describe('What the last try failed with.'),
    attempts: z.number().int(),
    failedAt: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'FailedJob' });

/** Jobs that were tried in vain. They concern the whole installation. */
export function jobRoutes(server: Server, { access, queue }: HttpServices): void {
  server.get(
    '/v1/jobs',
    {
      preParsing: access.installation,
      schema: {
        summary: 'List the jobs that failed, the latest first',
        description:
          'With ADMIN_API_KEY alone. A job that fails at every run is listed once; its schedule goes on trying.',
        tags: ['operating'],
        security: [{ key: [] }],
        response: { 200: z.object({ jobs: z.array(jobShape) }), ...PROBLEM_RESPONSES },
      },
    },
    async () => {
      const failed = await queue.listFailed();
      return { jobs: failed.map(({ failedAt, ...job }) => ({ ...job, failedAt: failedAt.toISOString() })) };
    },
  );

  server.post(
    '/v1/jobs/:id/retry',
    {
      preParsing: access.installation,
      schema: {
        summary: 'Do a failed job again',
        description: 'With ADMIN_API_KEY alone.',
        tags: ['operating'],
        security: [{ key: [] }],
        params: z.object({ id: text(CONTRIBUTION_ID) }),
        response: { 204: z.null().describe('It is done again.'), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      await queue.retry(request.params.id);
      return reply.code(204).send(null);
    },
  );
}
