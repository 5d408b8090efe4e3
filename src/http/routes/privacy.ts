import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { DomainError } from '../../errors.ts';
import { findHidden, requireAnyName, unknownMember, type Member } from '../../members/members.ts';
import { deleteMember } from '../../privacy/delete-member.ts';
import { exportData } from '../../privacy/export-data.ts';
import { changePrivacy, readPrivacy, type Privacy } from '../../privacy/settings.ts';
import { text } from '../../schema.ts';
import { HANDLE } from '../../text.ts';
import { MERGED_RESPONSE, MergedHandle } from '../merged-handle.ts';
import { PROBLEM_RESPONSES } from '../problems.ts';
import type { HttpServices, Server } from '../services.ts';

const memberParams = z.object({ community: z.string(), handle: text(HANDLE) });

const privacyShape = z
  .object({
    handle: z.string(),
    hidden: z.boolean(),
    hiddenAs: z.string().nullable().describe('The pseudonym by which everybody sees the member while hidden.'),
    showDiscord: z.boolean().describe('Whether leaderboards tell the Discord account. Not while hidden.'),
    mentions: z.boolean().describe('Whether announcements tell the name.'),
    reminders: z.boolean().describe('Whether reminders of quests come in private.'),
  })
  .meta({ id: 'Privacy' });

const changesBody = z
  .strictObject({
    hidden: z
      .boolean()
      .optional()
      .describe(
        'True: a pseudonym, made up anew, stands in place of the names everywhere public. The ranks stay. False: 409 for who was shown again 3 times within 30 days; hiding is always possible.',
      ),
    showDiscord: privacyShape.shape.showDiscord.optional(),
    mentions: privacyShape.shape.mentions.optional(),
    reminders: privacyShape.shape.reminders.optional(),
  })
  .refine((changes) => Object.keys(changes).length > 0, 'holds nothing to change');

/** A stream is sent as it comes; this only describes it. */
const jsonFile = z.unknown().meta({ type: 'object' });

/** What members want to be known of them, all that is kept of them, and deleting it. */
export function privacyRoutes(server: Server, services: HttpServices): void {
  const { db, access, clock, nudge } = services;
  const path = '/v1/communities/:community/members/:handle';
  const whoMay = 'For keys of admins, who may name the pseudonym as well, and for keys that are bound to the member.';

  /** The member that a key of an admin names, or that a key is bound to. Whoever else is there is not told. */
  async function ownMember(request: FastifyRequest, handle: string): Promise<Member> {
    const found = await requireAnyName(db, access.communityOf(request).id, handle).catch((error: unknown) => {
      if (error instanceof DomainError) return undefined;
      throw error;
    });
    if (found && (await access.knows(request, found.id))) return found;
    if (await access.isAdmin(request)) throw unknownMember(handle);
    throw new DomainError('forbidden', `This key is neither bound to "${handle}" nor an admin's. Use one that is.`);
  }

  /** The same for what is read: under a handle that was merged it is found where the survivor's is. */
  async function ownMemberToRead(request: FastifyRequest, name: string): Promise<Member> {
    const member = await ownMember(request, name);
    if (name === member.handle || (await findHidden(db, access.communityOf(request).id, name))) return member;
    throw new MergedHandle(member.handle);
  }

  server.get(
    `${path}/privacy`,
    {
      preParsing: access.writer,
      schema: {
        summary: 'Read what a member wants to be known',
        description: whoMay,
        tags: ['privacy'],
        security: [{ key: [] }],
        params: memberParams,
        response: { 200: privacyShape, ...MERGED_RESPONSE, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { handle } = await ownMemberToRead(request, request.params.handle);
      reply.header('cache-control', 'no-store');
      return toPrivacy(await readPrivacy(db, access.communityOf(request).id, { handle }));
    },
  );

  server.patch(
    `${path}/privacy`,
    {
      preParsing: access.writer,
      schema: {
        summary: 'Change what a member wants to be known',
        description: `What is not given stays. ${whoMay}`,
        tags: ['privacy'],
        security: [{ key: [] }],
        params: memberParams,
        body: changesBody,
        response: { 200: privacyShape, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { handle } = await ownMember(request, request.params.handle);
      const { id } = access.communityOf(request);
      const changed = await changePrivacy(services, id, { handle }, request.body, access.actorOf(request), clock());
      nudge();
      return toPrivacy(changed);
    },
  );

  server.get(
    `${path}/data`,
    {
      preParsing: access.writer,
      schema: {
        summary: 'Read all that is kept of a member, as a file',
        description: `Profile, settings, contributions with what was done to them, rewards, quests, proofs, places, and what the audit log says. Other people are left out. ${whoMay}`,
        tags: ['privacy'],
        security: [{ key: [] }],
        params: memberParams,
        response: {
          200: { description: 'The file.', content: { 'application/json': { schema: jsonFile } } },
          ...MERGED_RESPONSE,
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request, reply) => {
      const member = await ownMemberToRead(request, request.params.handle);
      reply
        .type('application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('content-disposition', 'attachment; filename="my-data.json"');
      return reply.send(Readable.from(exportData(db, access.communityOf(request), member.id, clock())));
    },
  );

  server.post(
    `${path}/delete`,
    {
      preParsing: access.writer,
      schema: {
        summary: 'Delete what is known of a member, for good',
        description: `It cannot be undone. Contributions, rewards and places stay, under a random handle, so that nobody's rank changes; names, Discord account, settings, proofs and bound keys go. New contributions under the old handle make a new member. ${whoMay}`,
        tags: ['privacy'],
        security: [{ key: [] }],
        params: memberParams,
        body: z.object({
          confirm: z.string().describe("The member's handle once more, so that nothing is deleted by mistake."),
        }),
        response: {
          200: z.object({ handle: z.string().describe('Under which the member goes on.') }),
          ...PROBLEM_RESPONSES,
        },
      },
    },
    async (request, reply) => {
      const { handle } = await ownMember(request, request.params.handle);
      if (request.body.confirm.normalize('NFC') !== handle) {
        throw new DomainError(
          'invalid-parameter',
          `\`confirm\` is not "${handle}". Give the handle once more: deleting cannot be undone. Nothing was deleted.`,
        );
      }
      const { id } = access.communityOf(request);
      const name = await deleteMember(services, id, { handle }, access.actorOf(request), clock());
      nudge();
      reply.header('cache-control', 'no-store');
      return { handle: name };
    },
  );
}

/** What the shape does not name is not sent. */
function toPrivacy({ hiddenAs, ...privacy }: Privacy): z.output<typeof privacyShape> {
  return { ...privacy, hiddenAs: hiddenAs ?? null };
}
