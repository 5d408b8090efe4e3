import { z } from 'zod';
import { addCategory, createCommunity, listCommunities } from '../../communities/communities.ts';
import { MEASURES, VISIBILITIES } from '../../communities/community.ts';
import { listRates } from '../../communities/list-rates.ts';
import { PRESET_NAMES } from '../../communities/presets.ts';
import { addRate } from '../../communities/rates.ts';
import { updateCommunity, type CommunityChanges } from '../../communities/update-community.ts';
import { formatDecimal } from '../../ranking/score.ts';
import { decimal, instant, text } from '../../schema.ts';
import { NAME, SUBJECT } from '../../text.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import { INSTALLATION } from '../access.ts';
import type { HttpServices, Server } from '../services.ts';
import {
  HOUR_MS,
  MINUTE_MS,
  categoryShape,
  communityShape,
  communityWithCategories,
  decimalText,
  toCategory,
  toCommunity,
  toCommunityWithCategories,
} from '../shapes.ts';

const inCommunity = z.object({ community: z.string() });

const newCommunity = z.object({
  slug: z.string().describe('Its part of every address: lower-case letters, digits, "-" and "_".'),
  name: text(NAME),
  timeZone: z.string().describe('IANA, such as Europe/Berlin. Windows begin and end at its midnights.'),
  locale: z.string().optional().describe('BCP 47; `en` if not given.'),
  visibility: z.enum(VISIBILITIES).optional().describe('`public` if not given.'),
  preset: z.enum(PRESET_NAMES).optional().describe('What to begin with. Without one there are no categories.'),
});

const MAX_MINUTES = 7 * 24 * 60;
const MAX_COUNTDOWN_HOURS = 30 * 24;
const MAX_COUNTDOWNS = 10;

const minutes = z.int().min(0, 'must be at least 0').max(MAX_MINUTES, `is above ${MAX_MINUTES}, which are seven days`);

const communityChanges = z.object({
  name: text(NAME).optional(),
  timeZone: z.string().optional(),
  locale: z.string().optional(),
  visibility: z.enum(VISIBILITIES).optional(),
  closing: z
    .strictObject({
      lateMinutes: minutes.optional(),
      provisionalMinutes: z
        .strictObject({ week: minutes.optional(), month: minutes.optional(), season: minutes.optional() })
        .optional(),
    })
    .optional()
    .describe('How long windows take to close. Also for those that are closing at the moment.'),
  countdownHours: z
    .array(z.int().min(1, 'must be at least 1').max(MAX_COUNTDOWN_HOURS, `is above ${MAX_COUNTDOWN_HOURS}`))
    .max(MAX_COUNTDOWNS, `holds more than ${MAX_COUNTDOWNS}`)
    .optional()
    .describe('How many hours before its end the end of a season is told, each; none: it is not.'),
  monthlyBudget: decimal
    .nullable()
    .optional()
    .describe(
      'The OMNIT that quests and prizes may come to in a month; null: nothing said. It warns, and stops nothing.',
    ),
  rebuild: z
    .boolean()
    .optional()
    .describe(
      'Has to be true to change the time zone of a community that has contributions: open and past windows are cut anew.',
    ),
});

type ClosingMinutes = NonNullable<z.output<typeof communityChanges>['closing']>;

const newCategory = z.object({
  slug: z.string(),
  title: text(NAME),
  unit: text(NAME),
  measure: z.enum(MEASURES).describe('What the leaderboard adds up: OMNIT earned, or units.'),
  rate: decimal.describe('OMNIT a unit, from the beginning of time.'),
  reputation: decimal.optional().describe('Reputation a unit.'),
});

const newRate = z.object({
  category: text(NAME).describe('The slug of a category.'),
  subject: text(SUBJECT)
    .optional()
    .describe('The GPU type, dataset or model that it is for; if not given, all that have none of their own.'),
  rate: decimal,
  from: instant.describe('At least 5 minutes ahead, or before the first contribution that it would price.'),
});

const rateShape = z
  .object({
    id: z.number().int(),
    category: z.string(),
    subject: z.string().optional(),
    rate: decimalText,
    from: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'Rate' });

/** Communities and what they count. */
export function communityRoutes(server: Server, services: HttpServices): void {
  const { db, directory, access, clock, nudge } = services;
  server.get(
    '/v1/communities',
    {
      schema: {
        summary: 'List the public communities',
        tags: ['reading'],
        response: { 200: z.object({ communities: z.array(communityShape) }), ...PROBLEM_RESPONSES },
      },
    },
    async () => ({ communities: (await listCommunities(db)).map(toCommunity) }),
  );

  server.get(
    '/v1/communities/:community',
    {
      preParsing: access.reader,
      schema: {
        summary: 'Read a community, with its categories',
        tags: ['reading'],
        params: inCommunity,
        response: { 200: communityWithCategories, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      return toCommunityWithCategories(community, { now: clock(), forAdmin: await access.isAdmin(request) });
    },
  );

  server.post(
    '/v1/communities',
    {
      preParsing: access.installation,
      schema: {
        summary: 'Create a community',
        description: 'With ADMIN_API_KEY alone.',
        tags: ['administering'],
        security: [{ key: [] }],
        body: newCommunity,
        response: { 201: communityWithCategories, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      await createCommunity(db, request.body, INSTALLATION, clock());
      reply.code(201);
      return toCommunityWithCategories(await directory.bySlug(request.body.slug), { now: clock(), forAdmin: true });
    },
  );

  server.patch(
    '/v1/communities/:community',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Change a community',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        body: communityChanges,
        response: { 200: communityWithCategories, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const actor = access.actorOf(request);
      const { closing, countdownHours, ...changes } = request.body;
      const now = clock();
      await updateCommunity(
        services,
        community.id,
        {
          ...changes,
          closingTimes: closing && inMs(closing),
          countdownMs: countdownHours?.map((hours) => hours * HOUR_MS),
        },
        actor,
        now,
      );
      nudge();
      return toCommunityWithCategories(await directory.bySlug(request.params.community), { now, forAdmin: true });
    },
  );

  server.post(
    '/v1/communities/:community/categories',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Add a category',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        body: newCategory,
        response: { 201: categoryShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      const actor = access.actorOf(request);
      const id = await addCategory(db, community.id, request.body, actor, clock());
      const changed = await directory.bySlug(request.params.community);
      const category = changed.categories.find((category) => category.id === id);
      if (!category) throw new Error(`Category ${id} was made and is not there.`);
      reply.code(201);
      return toCategory(changed, category, clock());
    },
  );

  server.get(
    '/v1/communities/:community/rates',
    {
      preParsing: access.reader,
      schema: {
        summary: 'List what units earn',
        description: 'The rates that hold now, and those that will.',
        tags: ['reading'],
        params: inCommunity,
        response: {
          200: z.object({ rates: z.array(rateShape.extend({ until: rateShape.shape.from.optional() })) }),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request) => {
      const rates = await listRates(db, access.communityOf(request).id, clock());
      return {
        rates: rates.map(({ subject, rate, from, until, ...listed }) => ({
          ...listed,
          ...(subject === undefined ? {} : { subject }),
          rate: formatDecimal(rate),
          from: from.toISOString(),
          ...(until ? { until: until.toISOString() } : {}),
        })),
      };
    },
  );

  server.post(
    '/v1/communities/:community/rates',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Set what a unit earns from a moment on',
        description: 'Rates go by when a contribution occurred, and are never edited.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        body: newRate,
        response: { 201: rateShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      const actor = access.actorOf(request);
      const { category, subject, rate, from } = request.body;
      const id = await addRate(db, community.id, { category, subject, rate, from }, actor, clock());
      reply.code(201);
      return {
        id,
        category,
        ...(subject === undefined ? {} : { subject }),
        rate: formatDecimal(rate),
        from: from.toISOString(),
      };
    },
  );
}

/** Times in which windows close, from minutes. */
function inMs({ lateMinutes, provisionalMinutes }: ClosingMinutes): CommunityChanges['closingTimes'] {
  const ms = (minutes: number | undefined) => (minutes === undefined ? undefined : minutes * MINUTE_MS);
  return {
    lateMs: ms(lateMinutes),
    provisionalMs: {
      week: ms(provisionalMinutes?.week),
      month: ms(provisionalMinutes?.month),
      season: ms(provisionalMinutes?.season),
    },
  };
}
