import { z } from 'zod';
import { DomainError } from '../../errors.ts';
import { joinQuest } from '../../quests/join.ts';
import { createQuest } from '../../quests/create-quest.ts';
import { cancelQuest, editQuest, requireQuest } from '../../quests/manage.ts';
import { newQuestSchema, questChangesSchema } from '../../quests/quest.ts';
import { readQuests } from '../../quests/quest-store.ts';
import { readOwnProgress, readQuestRound } from '../../quests/read-quests.ts';
import { text } from '../../schema.ts';
import { HANDLE } from '../../text.ts';
import { memberToRead, MERGED_RESPONSE } from '../merged-handle.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import {
  progressShape,
  questShape,
  questWithCompletions,
  toCompletionShape,
  toProgressShape,
  toQuest,
  toRoundShape,
} from '../quest-shapes.ts';
import type { HttpServices, Server } from '../services.ts';
import { wholeNumber } from '../shapes.ts';

const MAX_LIMIT = 100;

const inCommunity = z.object({ community: z.string() });
const ofQuest = inCommunity.extend({
  id: z
    .string()
    .regex(/^\d{1,9}$/, 'must be the id of a quest, a number')
    .transform(Number),
});
const page = z.object({
  limit: wholeNumber('How many to show.', 1, MAX_LIMIT).optional().meta({ default: MAX_LIMIT }),
  offset: wholeNumber('How many to leave out.', 0, 1e9).optional().meta({ default: 0 }),
});
const joinBody = z
  .object({ handle: text(HANDLE).optional().describe('Whose; may be left out with a key that is bound to a member.') })
  .nullish();

/** Quests: goals with a deadline and a reward. */
export function questRoutes(server: Server, services: HttpServices): void {
  const { db, directory, access, clock, nudge } = services;
  const path = '/v1/communities/:community/quests';

  server.get(
    path,
    {
      preParsing: access.reader,
      schema: {
        summary: 'List quests',
        description:
          'Running ones first, then scheduled ones, then those that are over; of each, the next deadline first.',
        tags: ['reading'],
        params: inCommunity,
        querystring: page,
        response: {
          200: z.object({ total: z.number().int(), quests: z.array(questShape) }),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const { limit = MAX_LIMIT, offset = 0 } = request.query;
      const now = clock();
      const { total, quests } = await readQuests(db, community.id, { limit, offset }, now);
      return { total, quests: quests.map((quest) => toQuest(community, quest, now)) };
    },
  );

  server.get(
    `${path}/:id`,
    {
      preParsing: access.reader,
      schema: {
        summary: 'Read a quest, with who completed it',
        tags: ['reading'],
        params: ofQuest,
        querystring: page.extend({
          round: z
            .string()
            .regex(/^[0-9A-Za-z-]{1,20}$/, 'must be the key of a round, such as 2026-W34')
            .optional()
            .describe('The key of a round; if not given, the last that has begun.'),
        }),
        response: { 200: questWithCompletions, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const { limit = MAX_LIMIT, offset = 0, round: key } = request.query;
      const now = clock();
      const quest = await requireQuest(db, community.id, request.params.id);
      const shown = await readQuestRound(db, community.id, quest, key, { limit, offset }, now);
      return {
        ...toQuest(community, quest, now),
        round: toRoundShape(shown.round),
        total: shown.total,
        completions: shown.completions.map(toCompletionShape),
      };
    },
  );

  server.get(
    `${path}/:id/progress/:handle`,
    {
      preParsing: access.reader,
      schema: {
        summary: 'Read how far a member has come in a quest',
        description: 'In the last round that has begun.',
        tags: ['reading'],
        params: ofQuest.extend({ handle: text(HANDLE) }),
        response: { 200: progressShape, ...MERGED_RESPONSE, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const { id, handle } = request.params;
      const quest = await requireQuest(db, community.id, id);
      const member = await memberToRead(services, request, handle);
      const own = await readOwnProgress(db, community, quest, member.id, clock());
      return toProgressShape(community, quest, member.handle, own);
    },
  );

  server.post(
    `${path}/:id/join`,
    {
      preParsing: access.writer,
      schema: {
        summary: 'Join a quest for a member',
        description:
          'Everybody takes part without joining, unless the quest says otherwise. Joining again changes nothing.',
        tags: ['writing'],
        security: [{ key: [] }],
        params: ofQuest,
        body: joinBody,
        response: { 200: progressShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const now = clock();
      const { contributor } = await access.sourceOf(request);
      const handle = requireHandle(request.body?.handle, contributor);
      const actor = access.actorOf(request);
      const { quest, member } = await joinQuest(services, community.id, request.params.id, { handle }, actor, now);
      nudge();
      return toProgressShape(
        community,
        quest,
        member.handle,
        await readOwnProgress(db, community, quest, member.id, now),
      );
    },
  );

  server.post(
    path,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Create a quest',
        description:
          'Everybody takes part. It may start now or earlier, and counts what occurred inside it; its deadline lies ahead.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: inCommunity,
        body: newQuestSchema,
        response: { 201: questShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const community = access.communityOf(request);
      const now = clock();
      const id = await createQuest(services, community, request.body, access.actorOf(request), now);
      nudge();
      reply.code(201);
      return toQuest(community, await requireQuest(db, community.id, id), now);
    },
  );

  server.patch(
    `${path}/:id`,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Change a quest',
        description: 'Its name, its description, and its deadline to a later one. Goal and rewards stay as promised.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: ofQuest,
        body: questChangesSchema,
        response: { 200: questShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const community = access.communityOf(request);
      const now = clock();
      const { id } = request.params;
      await editQuest(services, community.id, id, request.body, access.actorOf(request), now);
      nudge();
      return toQuest(community, await requireQuest(db, community.id, id), now);
    },
  );

  server.post(
    `${path}/:id/cancel`,
    {
      preParsing: access.admin,
      schema: {
        summary: 'Cancel a quest',
        description: 'Nobody completes it from now on, and winners not picked yet never are. What was granted stays.',
        tags: ['administering'],
        security: [{ key: [] }],
        params: ofQuest,
        response: { 200: questShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { id } = request.params;
      const now = clock();
      await cancelQuest(services, access.communityOf(request).id, id, access.actorOf(request), now);
      nudge();
      const community = await directory.bySlug(request.params.community);
      return toQuest(community, await requireQuest(db, community.id, id), now);
    },
  );
}

/** Whose it is: the member named, or the only one that the key writes for. */
export function requireHandle(wanted: string | undefined, bound: string | undefined): string {
  const handle = wanted ?? bound;
  if (handle === undefined) {
    throw new DomainError('invalid-parameter', 'Give `handle`: this key is not bound to a member.');
  }
  if (bound !== undefined && handle !== bound) {
    throw new DomainError('forbidden', `This key writes for "${bound}" alone.`);
  }
  return handle;
}
