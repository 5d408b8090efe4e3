import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.ts';
import { unknown } from '../discord-error.ts';
import { channelPayload, memberPayload, restGuildPayload } from '../payloads.ts';
import { botChannel, botGuild } from './access.ts';
import { param, query } from './body.ts';

/** Guilds, their channels and their members, for reading. */
export function addGuildRoutes(api: FastifyInstance, context: Context): void {
  const { world } = context;

  api.get('/users/@me/guilds', async () =>
    world.joinedGuilds().map(({ id, name }) => ({ id, name, icon: null, features: [] })),
  );
  api.get('/guilds/:guild', async (request) => {
    const guild = botGuild(context, param(request, 'guild'));
    const counts = { approximate_member_count: guild.members.size, approximate_presence_count: guild.members.size };
    return { ...restGuildPayload(guild), ...(query(request, 'with_counts') === 'true' ? counts : {}) };
  });
  api.get('/guilds/:guild/channels', async (request) =>
    [...botGuild(context, param(request, 'guild')).channels.values()].map(channelPayload),
  );
  api.get('/channels/:channel', async (request) => channelPayload(botChannel(context, param(request, 'channel'))));

  api.get('/guilds/:guild/members', async (request) => {
    const guild = botGuild(context, param(request, 'guild'));
    const after = BigInt(query(request, 'after') ?? 0);
    const limit = Math.min(Number(query(request, 'limit') ?? 1), 1_000);
    return [...guild.members.values()]
      .filter(({ user }) => BigInt(user.id) > after)
      .toSorted((a, b) => (BigInt(a.user.id) < BigInt(b.user.id) ? -1 : 1))
      .slice(0, limit)
      .map((member) => memberPayload(member));
  });
  api.get('/guilds/:guild/members/:user', async (request) => {
    const member = botGuild(context, param(request, 'guild')).members.get(param(request, 'user'));
    if (!member) throw unknown('member');
    return memberPayload(member);
  });
}
