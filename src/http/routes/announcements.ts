import { z } from 'zod';
import {
  ANNOUNCEMENT_STATES,
  listAnnouncements,
  retryAnnouncement,
  type AnnouncementEntry,
} from '../../announcements/administer.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';

const inCommunity = z.object({ community: z.string() });
const oneAnnouncement = inCommunity.extend({ id: z.coerce.number().int().min(1).max(2_147_483_647) });

const page = z.object({
  state: z.enum(ANNOUNCEMENT_STATES).optional(),
  before: z.coerce
    .number()
    .int()
    .min(1)
    .max(2_147_483_647)
    .optional()
    .describe('The id that the page before ended with.'),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

const dateTime = z.string().meta({ format: 'date-time' });
const announcementShape = z
  .object({
    id: z.number().int(),
    kind: z.string(),
    state: z.enum(ANNOUNCEMENT_STATES),
    dueAt: dateTime,
    channelId: z.string().optional().describe("If not given, the community's channel."),
    recipientId: z.string().optional().describe('The Discord user who is told in private.'),
    attempts: z.number().int(),
    deliveredAt: dateTime.optional(),
    messageId: z.string().optional(),
    reason: z.string().optional().describe('Why it waits, failed, is unsure or was dropped, and what to do.'),
  })
  .meta({ id: 'Announcement' });

/** What was said, is to be said, and could not be said on Discord. */
export function announcementRoutes(server: Server, { db, access, clock, nudge }: HttpServices): void {
  server.get(
    '/v1/communities/:community/announcements',
    {
      preParsing: access.admin,
      schema: {
        summary: 'List announcements with their state, the latest first',
        tags: ['operating'],
        security: [{ key: [] }],
        params: inCommunity,
        querystring: page,
        response: { 200: z.object({ announcements: z.array(announcementShape) }), ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { id } = access.communityOf(request);
      return { announcements: (await listAnnouncements(db, id, request.query)).map(toAnnouncement) };
    },
  );

  server.post(
    '/v1/communities/:community/announcements/:id/retry',
    {
      preParsing: access.admin,
      schema: {
        summary: 'Say one after all that failed, or of which nobody knows',
        tags: ['operating'],
        security: [{ key: [] }],
        params: oneAnnouncement,
        response: { 204: z.null().describe('It is tried again.'), ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      await retryAnnouncement(db, community.id, request.params.id, access.actorOf(request), clock());
      nudge();
      return reply.code(204).send(null);
    },
  );
}

function toAnnouncement({ dueAt, deliveredAt, ...entry }: AnnouncementEntry): z.output<typeof announcementShape> {
  return {
    ...withoutGaps(entry),
    dueAt: dueAt.toISOString(),
    ...(deliveredAt ? { deliveredAt: deliveredAt.toISOString() } : {}),
  };
}

type Entry = Omit<AnnouncementEntry, 'dueAt' | 'deliveredAt'>;

/** What is not known is left out. */
function withoutGaps({ id, kind, state, attempts, channelId, recipientId, messageId, reason }: Entry) {
  return {
    id,
    kind,
    state,
    attempts,
    ...(channelId === undefined ? {} : { channelId }),
    ...(recipientId === undefined ? {} : { recipientId }),
    ...(messageId === undefined ? {} : { messageId }),
    ...(reason === undefined ? {} : { reason }),
  };
}
