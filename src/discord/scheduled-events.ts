import {
  GuildScheduledEventEntityType,
  GuildScheduledEventPrivacyLevel,
  GuildScheduledEventStatus,
  PermissionFlagsBits,
  Routes,
  type REST,
} from 'discord.js';
import { z } from 'zod';
import type { EventCalendar, MirroredEvent, ScheduledEvent } from '../scheduled-events/scheduled-event.ts';
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
type Entry = z.output<typeof readEvents>[number];

const { Active, Canceled, Completed, Scheduled } = GuildScheduledEventStatus;

/**
 * Mirrors multiplier events and the last days of seasons as scheduled events of a guild, which show to each reader in the
 * reader's own zone. An edit made there is put back, never obeyed. An entry carries the mark of what it mirrors as the
 * last line of its description: one that was made and not noted is found again rather than made twice.
 */
export function createScheduledEvents(rest: REST): EventCalendar {
  return {
    async reconcile(guildId, events, now) {
      const done = new Map<string, string | undefined>();
      const rights = await readGuildRights(rest, guildId);
      // Where the bot is not, or may not, nothing is asked for: refusals count towards a ban.
      if (!rights?.hasAny(PermissionFlagsBits.CreateEvents, PermissionFlagsBits.ManageEvents)) return done;
      const listed = readEvents.parse(await rest.get(Routes.guildScheduledEvents(guildId)));
      // What was called off or is over there is nothing that can be changed.
      const entries = listed.filter(({ status }) => [Scheduled, Active].some((live) => status === (live as number)));
      for (const event of events) {
        const entry = entries.find((one) => isOf(one, event, rights.selfId));
        done.set(event.mark, await bringInStep(guildId, event, entry, now));
      }
      return done;
    },
  };

  /** Returns the entry that the event has now. */
  async function bringInStep(
    guildId: string,
    { wanted }: MirroredEvent,
    entry: Entry | undefined,
    now: Date,
  ): Promise<string | undefined> {
    if (!wanted) {
      if (entry) await callOff(guildId, entry);
      return undefined;
    }
    if (!entry) return make(guildId, wanted, now);
    const changes = differences(wanted, entry, now);
    if (changes) await rest.patch(Routes.guildScheduledEvent(guildId, entry.id), { body: changes });
    return entry.id;
  }

  async function callOff(guildId: string, { id, status }: Entry): Promise<void> {
    const body = { status: status === (Active as number) ? Completed : Canceled };
    await rest.patch(Routes.guildScheduledEvent(guildId, id), { body });
  }

  /** Makes an entry for what has yet to begin. What is on already is not made: Discord takes no start in the past. */
  async function make(guildId: string, event: ScheduledEvent, now: Date): Promise<string | undefined> {
    if (event.startsAt.getTime() < now.getTime() + SOON_MS) return undefined;
    const body = {
      ...entryOf(event),
      scheduled_start_time: event.startsAt.toISOString(),
      privacy_level: GuildScheduledEventPrivacyLevel.GuildOnly,
      entity_type: GuildScheduledEventEntityType.External,
    };
    return z.object({ id: z.string() }).parse(await rest.post(Routes.guildScheduledEvents(guildId), { body })).id;
  }
}

function isOf(
  { id, creator_id, description }: Entry,
  { mark, entryId, wanted }: MirroredEvent,
  selfId: string,
): boolean {
  // The mark of what is to be called off may be wanted by another community of the guild by now.
  if (!wanted && entryId !== undefined) return id === entryId;
  return id === entryId || (creator_id === selfId && description?.endsWith(`\n${mark}`) === true);
}

type EntryBody = { name: string; description: string; scheduled_end_time: string; entity_metadata: object };

function entryOf(event: ScheduledEvent): EntryBody {
  const { name, text } = wordsOf(event);
  return {
    name: plain(name, NAME_LENGTH),
    description: `${text}\n\n${event.mark}`,
    scheduled_end_time: event.endsAt.toISOString(),
    entity_metadata: { location: LOCATION },
  };
}

function wordsOf(event: ScheduledEvent): { name: string; text: string } {
  if (event.kind === 'season-end') {
    return {
      name: `Last day: ${event.name}`,
      text: 'The season ends with this event. What is contributed until then counts.\nWhere you stand: /leaderboard',
    };
  }
  const { name, factor, categories } = event;
  const shown = categories.slice(0, MOST_CATEGORIES).map((title) => plain(title, CATEGORY_LENGTH));
  const where = shown.length > 0 ? shown.join(', ') : 'every category';
  const more = categories.length > shown.length ? ' and more' : '';
  return {
    name: `${factor}× OMNIT: ${name}`,
    text: `Contributions to ${where}${more} earn ${factor}× OMNIT while this is on.`,
  };
}

/** What has to be written so that an entry is as it must be; undefined: it is. */
function differences(event: ScheduledEvent, entry: Entry, now: Date): object | undefined {
  const body = entryOf(event);
  const changes: Partial<EntryBody> & { scheduled_start_time?: string } = {};
  if (entry.name !== body.name) changes.name = body.name;
  if (entry.description !== body.description) changes.description = body.description;
  if (Date.parse(entry.scheduled_end_time ?? '') !== event.endsAt.getTime()) {
    changes.scheduled_end_time = body.scheduled_end_time;
  }
  if (entry.entity_metadata?.location !== LOCATION) changes.entity_metadata = body.entity_metadata;
  const startsAt = event.startsAt.getTime();
  // One that has started, here or there, starts no other time.
  const isOn = entry.status === (Active as number);
  if (!isOn && Date.parse(entry.scheduled_start_time) !== startsAt && startsAt > now.getTime()) {
    changes.scheduled_start_time = event.startsAt.toISOString();
  }
  return Object.keys(changes).length > 0 ? changes : undefined;
}
