import {
  GuildScheduledEventEntityType,
  GuildScheduledEventPrivacyLevel,
  GuildScheduledEventStatus,
  PermissionFlagsBits,
  Routes,
  type REST,
} from 'discord.js';
import { z } from 'zod';
import type { Calendar, MirroredMultiplier } from '../multipliers/mirror.ts';
import { readGuildRights } from './guild-rights.ts';
import { plain } from './text.ts';

const NAME_LENGTH = 100;
const CATEGORY_LENGTH = 60;
const MOST_CATEGORIES = 10;
/** Discord refuses a start that is past when it arrives. */
const SOON_MS = 60_000;
const LOCATION = 'Wherever you contribute';

const readEvents = z.array(
  z.object({
    id: z.string(),
    creator_id: z.string().nullish(),
    name: z.string(),
    description: z.string().nullish(),
    scheduled_start_time: z.string(),
    scheduled_end_time: z.string().nullish(),
    status: z.number(),
    entity_metadata: z.object({ location: z.string().nullish() }).nullish(),
  }),
);
type ScheduledEvent = z.output<typeof readEvents>[number];

const { Active, Canceled, Completed } = GuildScheduledEventStatus;

/**
 * Mirrors multiplier events as scheduled events of a guild, which show to each reader in the reader's own zone. An edit
 * made there is put back, never obeyed. An event carries its number in the description: one that was made and not
 * noted is found again rather than made twice.
 */
export function createScheduledEvents(rest: REST): Calendar {
  return {
    async reconcile(guildId, multipliers, now) {
      const mirrored = new Map<number, string>();
      const rights = await readGuildRights(rest, guildId);
      // Where the bot is not, or may not, nothing is asked for: refusals count towards a ban.
      if (!rights?.hasAny(PermissionFlagsBits.CreateEvents, PermissionFlagsBits.ManageEvents)) return mirrored;
      const events = readEvents.parse(await rest.get(Routes.guildScheduledEvents(guildId)));
      for (const multiplier of multipliers) {
        const event = events.find(
          (event) =>
            event.id === multiplier.eventId ||
            (event.creator_id === rights.selfId && numberIn(event.description ?? '') === multiplier.id),
        );
        const id = event ? await keep(guildId, multiplier, event, now) : await make(guildId, multiplier, now);
        if (id !== undefined) mirrored.set(multiplier.id, id);
      }
      return mirrored;
    },
  };

  /** Makes an event for what has yet to begin. What is on already is not made: Discord takes no start in the past. */
  async function make(guildId: string, multiplier: MirroredMultiplier, now: Date): Promise<string | undefined> {
    if (multiplier.cancelled || multiplier.startsAt.getTime() < now.getTime() + SOON_MS) return undefined;
    const body = {
      ...wanted(multiplier),
      scheduled_start_time: multiplier.startsAt.toISOString(),
      privacy_level: GuildScheduledEventPrivacyLevel.GuildOnly,
      entity_type: GuildScheduledEventEntityType.External,
    };
    return z.object({ id: z.string() }).parse(await rest.post(Routes.guildScheduledEvents(guildId), { body })).id;
  }

  /** Puts an event right that differs from what it mirrors. */
  async function keep(
    guildId: string,
    multiplier: MirroredMultiplier,
    event: ScheduledEvent,
    now: Date,
  ): Promise<string> {
    const changes = differences(multiplier, event, now);
    if (changes) await rest.patch(Routes.guildScheduledEvent(guildId, event.id), { body: changes });
    return event.id;
  }
}

type EventBody = Partial<ReturnType<typeof wanted>> & { scheduled_start_time?: string; status?: number };

function wanted({ id, name, factor, categories, endsAt }: MirroredMultiplier) {
  const shown = categories.slice(0, MOST_CATEGORIES).map((title) => plain(title, CATEGORY_LENGTH));
  const where = shown.length > 0 ? shown.join(', ') : 'every category';
  const more = categories.length > shown.length ? ' and more' : '';
  return {
    name: plain(`${factor}× OMNIT: ${name}`, NAME_LENGTH),
    description: `Contributions to ${where}${more} earn ${factor}× OMNIT while this is on.\n\nMultiplier event ${id}`,
    scheduled_end_time: endsAt.toISOString(),
    entity_metadata: { location: LOCATION },
  };
}

/** What has to be written so that an event is as it must be; undefined: it is. */
function differences(multiplier: MirroredMultiplier, event: ScheduledEvent, now: Date): EventBody | undefined {
  const isOn = event.status === (Active as number);
  if (multiplier.cancelled || multiplier.endsAt <= now) return { status: isOn ? Completed : Canceled };
  const body = wanted(multiplier);
  const changes: EventBody = {};
  if (event.name !== body.name) changes.name = body.name;
  if (event.description !== body.description) changes.description = body.description;
  if (Date.parse(event.scheduled_end_time ?? '') !== multiplier.endsAt.getTime()) {
    changes.scheduled_end_time = body.scheduled_end_time;
  }
  if (event.entity_metadata?.location !== LOCATION) changes.entity_metadata = body.entity_metadata;
  const startsAt = multiplier.startsAt.getTime();
  // One that has started, here or there, starts no other time.
  if (!isOn && Date.parse(event.scheduled_start_time) !== startsAt && startsAt > now.getTime()) {
    changes.scheduled_start_time = multiplier.startsAt.toISOString();
  }
  return Object.keys(changes).length > 0 ? changes : undefined;
}

/** The number of the multiplier event that a description ends with. */
function numberIn(description: string): number | undefined {
  const [, number] = /\nMultiplier event (\d{1,10})$/.exec(description) ?? [];
  return number === undefined ? undefined : Number(number);
}
