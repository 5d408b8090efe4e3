import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  GatewayIntentBits,
  GuildScheduledEventEntityType,
  GuildScheduledEventPrivacyLevel,
  GuildScheduledEventStatus,
  PermissionFlagsBits,
  type APIGuildScheduledEvent,
} from 'discord.js';
import {
  ExternalScheduledEventCreateRequestSchema,
  ExternalScheduledEventPatchRequestPartialSchema,
} from 'discord-api-spec/zod';
import { z } from 'zod';
import { discordNow } from '../clock.ts';
import type { Context } from '../context.ts';
import { DiscordError, invalidForm, missingPermissions, unknown, type FormProblem } from '../discord-error.ts';
import { userPayload } from '../payloads.ts';
import { allows, permissionsOf } from '../permissions.ts';
import { holdAgainst } from '../rules/description.ts';
import { newSnowflake } from '../snowflakes.ts';
import type { GuildState } from '../world.ts';
import { botGuild } from './access.ts';
import { bodyOf, param } from './body.ts';

const MAX_UPCOMING = 100;

const fieldsSchema = z.object({
  name: z.string().optional(),
  description: z.string().nullish(),
  scheduled_start_time: z.string().optional(),
  scheduled_end_time: z.string().nullish(),
  status: z.number().nullish(),
  entity_metadata: z.object({ location: z.string() }).optional(),
});

/** Scheduled events outside of Discord (a place, a start and an end): the only kind that a bot of this kind makes. */
export function addScheduledEventRoutes(api: FastifyInstance, context: Context): void {
  const { world, gateway } = context;
  const base = '/guilds/:guild/scheduled-events';
  const tell = (event: string, data: APIGuildScheduledEvent): void => {
    gateway.dispatch(event, data, GatewayIntentBits.GuildScheduledEvents);
  };
  const find = (request: FastifyRequest): { guild: GuildState; event: APIGuildScheduledEvent } => {
    const guild = botGuild(context, param(request, 'guild'));
    const event = current(guild).find(({ id }) => id === param(request, 'event'));
    if (!event) throw unknown('scheduledEvent');
    return { guild, event };
  };
  const requireCreate = (guild: GuildState): void => {
    const permissions = permissionsOf(guild, world.bot.id);
    const may = [PermissionFlagsBits.CreateEvents, PermissionFlagsBits.ManageEvents].some((bit) =>
      allows(permissions, bit),
    );
    if (!may) throw missingPermissions();
  };

  api.get(base, async (request) => current(botGuild(context, param(request, 'guild'))));
  api.get(`${base}/:event`, async (request) => find(request).event);

  api.post(base, async (request) => {
    const guild = botGuild(context, param(request, 'guild'));
    requireCreate(guild);
    const { body } = bodyOf(request);
    holdAgainst(ExternalScheduledEventCreateRequestSchema, body);
    if (current(guild).length >= MAX_UPCOMING)
      throw new DiscordError(400, 30038, `Maximum number of guild scheduled events reached (${MAX_UPCOMING})`);
    const event: APIGuildScheduledEvent = {
      id: newSnowflake(),
      guild_id: guild.id,
      channel_id: null,
      creator_id: world.bot.id,
      name: '',
      description: null,
      scheduled_start_time: '',
      scheduled_end_time: '',
      privacy_level: GuildScheduledEventPrivacyLevel.GuildOnly,
      status: GuildScheduledEventStatus.Scheduled,
      entity_type: GuildScheduledEventEntityType.External,
      entity_id: null,
      entity_metadata: { location: '' },
      creator: userPayload(world.bot),
      user_count: 0,
      image: null,
      recurrence_rule: null,
    };
    const made = changed(event, body);
    guild.scheduledEvents.set(made.id, made);
    tell('GUILD_SCHEDULED_EVENT_CREATE', made);
    return made;
  });

  api.patch(`${base}/:event`, async (request) => {
    const { guild, event } = find(request);
    requireCreate(guild);
    const { body } = bodyOf(request);
    holdAgainst(ExternalScheduledEventPatchRequestPartialSchema, body);
    const made = changed(event, body);
    guild.scheduledEvents.set(made.id, made);
    tell('GUILD_SCHEDULED_EVENT_UPDATE', made);
    return made;
  });

  api.delete(`${base}/:event`, async (request, reply) => {
    const { guild, event } = find(request);
    requireCreate(guild);
    guild.scheduledEvents.delete(event.id);
    tell('GUILD_SCHEDULED_EVENT_DELETE', event);
    return reply.code(204).send();
  });
}

/** The events that are still to come or on: external ones start and end by themselves, and ended ones are gone. */
function current(guild: GuildState): APIGuildScheduledEvent[] {
  const now = discordNow();
  for (const event of guild.scheduledEvents.values()) {
    const begun = Date.parse(event.scheduled_start_time) <= now;
    if (begun && event.status === GuildScheduledEventStatus.Scheduled) event.status = GuildScheduledEventStatus.Active;
    const over =
      Date.parse(event.scheduled_end_time ?? '') <= now || event.status >= GuildScheduledEventStatus.Completed;
    if (over) guild.scheduledEvents.delete(event.id);
  }
  return [...guild.scheduledEvents.values()];
}

function changed(event: APIGuildScheduledEvent, body: unknown): APIGuildScheduledEvent {
  const fields = fieldsSchema.parse(body);
  const made = structuredClone(event);
  made.name = fields.name ?? event.name;
  if (fields.description !== undefined) made.description = fields.description;
  made.scheduled_start_time = fields.scheduled_start_time ?? event.scheduled_start_time;
  if (fields.scheduled_end_time !== undefined) made.scheduled_end_time = fields.scheduled_end_time;
  if (fields.entity_metadata) made.entity_metadata = fields.entity_metadata;
  if (fields.status) made.status = nextStatus(event.status, fields.status);
  const problems = timeProblems(made, fields.scheduled_start_time !== undefined);
  if (problems.length > 0) throw invalidForm(problems);
  return made;
}

function timeProblems(event: APIGuildScheduledEvent, startGiven: boolean): FormProblem[] {
  if (!event.scheduled_end_time)
    return [{ path: ['scheduled_end_time'], code: 'BASE_TYPE_REQUIRED', message: 'This field is required' }];
  const start = Date.parse(event.scheduled_start_time);
  const problems: FormProblem[] = [];
  if (startGiven && start < discordNow())
    problems.push({
      path: ['scheduled_start_time'],
      code: 'GUILD_SCHEDULED_EVENT_SCHEDULE_PAST',
      message: 'Cannot schedule event in the past.',
    });
  if (Date.parse(event.scheduled_end_time) <= start)
    problems.push({
      path: ['scheduled_end_time'],
      code: 'GUILD_SCHEDULED_EVENT_END_BEFORE_START',
      message: 'The event must end after it starts.',
    });
  if (event.entity_metadata?.location?.trim() === '')
    problems.push({
      path: ['entity_metadata', 'location'],
      code: 'BASE_TYPE_REQUIRED',
      message: 'This field is required',
    });
  if (event.name.trim() === '')
    problems.push({ path: ['name'], code: 'BASE_TYPE_REQUIRED', message: 'This field is required' });
  return problems;
}

function nextStatus(from: GuildScheduledEventStatus, to: number): GuildScheduledEventStatus {
  const { Scheduled, Active, Completed, Canceled } = GuildScheduledEventStatus;
  const allowed: Partial<Record<GuildScheduledEventStatus, GuildScheduledEventStatus[]>> = {
    [Scheduled]: [Active, Canceled],
    [Active]: [Completed],
  };
  const next = allowed[from]?.find((status) => status === to);
  if (next !== undefined) return next;
  if (from === to) return from;
  throw new DiscordError(400, 180000, 'Cannot update a finished event, or to that status');
}
