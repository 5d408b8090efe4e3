import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.ts';
import { unknown } from '../discord-error.ts';
import { userPayload } from '../payloads.ts';
import { param } from './body.ts';

/** The gateway's address, the bot itself, other users. */
export function addApplicationRoutes(api: FastifyInstance, context: Context): void {
  const { world, gateway } = context;
  const application = (): Record<string, unknown> => ({
    id: world.applicationId,
    name: world.bot.username,
    icon: null,
    description: '',
    summary: '',
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: '0'.repeat(64),
    flags: 0,
    team: null,
    bot: userPayload(world.bot),
  });

  api.get('/gateway', async () => ({ url: gateway.url }));
  api.get('/gateway/bot', async () => ({
    url: gateway.url,
    shards: 1,
    session_start_limit: { total: 1_000, remaining: 1_000, reset_after: 0, max_concurrency: 1 },
  }));
  api.get('/oauth2/applications/@me', async () => application());
  api.get('/applications/@me', async () => application());
  api.get('/users/@me', async () => ({ ...userPayload(world.bot), verified: true, mfa_enabled: true, email: null }));
  api.get('/users/:user', async (request) => {
    const user = world.users.get(param(request, 'user'));
    if (!user) throw unknown('user');
    return userPayload(user);
  });
}
