import { MessageFlags, type APIAllowedMentions, type APIEmbed } from 'discord.js';
import type { ZodMiniType } from 'zod/mini';
import { walkComponents, type Component } from '../component.ts';
import { DiscordError, invalidForm, type FormProblem } from '../discord-error.ts';
import type { StandInFile, StoredMessage } from '../world.ts';
import { componentProblems } from './components.ts';
import { holdAgainst } from './description.ts';

const MAX_CONTENT = 2_000;
const UPLOADED = 'attachment://';
const MAX_EMBED_TEXT = 6_000;
const V2 = MessageFlags.IsComponentsV2;
/** What a bot may set on a message; other bits are Discord's own. */
const SETTABLE_FLAGS = V2 | MessageFlags.Ephemeral | MessageFlags.SuppressEmbeds | MessageFlags.SuppressNotifications;

/** The fields of a message that a request gave. */
export type MessageBody = {
  content?: string;
  embeds?: APIEmbed[];
  components?: Component[];
  allowed_mentions?: APIAllowedMentions;
  flags?: number;
  poll?: unknown;
  sticker_ids?: string[];
  attachments?: { id: string | number; filename?: string }[];
};

/**
 * Holds a message, or an edit of `existing`, against Discord's description and the rules that it misses.
 *
 * @returns its fields; a null of the body is the field's empty value. @throws DiscordError 50035 or 50006.
 */
export function checkMessage(
  schema: ZodMiniType,
  body: unknown,
  files: readonly Pick<StandInFile, 'name'>[],
  existing?: StoredMessage,
): MessageBody {
  holdAgainst(schema, body);
  // The description has just been held against it.
  const fields = emptied(body as Record<string, unknown>) as MessageBody;
  const problems = [...fieldProblems(fields), ...flagProblems(fields, existing)];

  const flags = (fields.flags ?? 0) | ((existing?.flags ?? 0) & V2);
  const v2 = (flags & V2) !== 0;
  const after = {
    content: fields.content ?? existing?.content ?? '',
    embeds: fields.embeds ?? existing?.embeds ?? [],
    components: fields.components ?? existing?.components ?? [],
  };
  if (v2) problems.push(...legacyFieldProblems({ ...fields, ...after }));
  if (fields.components) problems.push(...componentProblems(fields.components, v2));
  const kept = (existing?.attachments ?? []).filter(
    ({ id }) => !fields.attachments || fields.attachments.some((one) => String(one.id) === id),
  );
  const names = [...files.map(({ name }) => name), ...kept.map(({ filename }) => filename)];
  problems.push(...referenceProblems(fields.components ?? [], names));
  if (problems.length > 0) throw invalidForm(problems);

  const attached = fields.attachments?.length ?? existing?.attachments.length ?? 0;
  const hasOther = files.length + attached > 0 || fields.poll !== undefined || (fields.sticker_ids?.length ?? 0) > 0;
  const empty = v2
    ? after.components.length === 0
    : after.content.trim() === '' && after.embeds.length === 0 && after.components.length === 0 && !hasOther;
  if (empty) throw new DiscordError(400, 50006, 'Cannot send an empty message');
  return fields;
}

/** A copy without nulls: top-level ones become the empty value that they stand for, others are left out. */
export function emptied(body: Record<string, unknown>): Record<string, unknown> {
  const filled = { ...body };
  if (filled['content'] === null) filled['content'] = '';
  for (const list of ['embeds', 'components', 'attachments']) if (filled[list] === null) filled[list] = [];
  return JSON.parse(JSON.stringify(filled), (_key, value: unknown) => value ?? undefined) as Record<string, unknown>;
}

/** Files and pictures that a message shows must come with it. */
function referenceProblems(components: readonly Component[], names: readonly string[]): FormProblem[] {
  const shown = [...walkComponents(components)].flatMap(({ file, items, media }) =>
    [file, media, ...(items ?? []).map((item) => item.media)].flatMap((one) => one?.url ?? []),
  );
  return shown
    .filter((url) => url.startsWith(UPLOADED) && !names.includes(url.slice(UPLOADED.length)))
    .map((url) => ({
      path: ['components'],
      code: 'UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND',
      message: `The referenced attachment ${url} was not found`,
    }));
}

function fieldProblems(fields: MessageBody): FormProblem[] {
  const problems: FormProblem[] = [];
  if (Array.from(fields.content ?? '').length > MAX_CONTENT) {
    problems.push({
      path: ['content'],
      code: 'BASE_TYPE_MAX_LENGTH',
      message: `Must be ${MAX_CONTENT} or fewer in length.`,
    });
  }
  const { parse, users, roles } = fields.allowed_mentions ?? {};
  for (const [kind, ids] of Object.entries({ users, roles })) {
    // The two names are Discord's own words for what may be parsed.
    if (!ids || ids.length === 0 || !(parse as string[] | undefined)?.includes(kind)) continue;
    problems.push({
      path: ['allowed_mentions'],
      code: 'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE',
      message: `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`,
    });
  }
  const embedText = (fields.embeds ?? []).reduce((sum, embed) => sum + embedLength(embed), 0);
  if (embedText > MAX_EMBED_TEXT) {
    problems.push({
      path: ['embeds'],
      code: 'MAX_EMBED_SIZE_EXCEEDED',
      message: `Embed size exceeds maximum size of ${MAX_EMBED_TEXT}`,
    });
  }
  for (const [index, embed] of (fields.embeds ?? []).entries()) {
    if (embedLength(embed) > 0 || embed.image || embed.thumbnail) continue;
    problems.push({
      path: ['embeds', index, 'description'],
      code: 'BASE_TYPE_REQUIRED',
      message: 'This field is required',
    });
  }
  return problems;
}

function flagProblems(fields: MessageBody, existing: StoredMessage | undefined): FormProblem[] {
  if (fields.flags === undefined) return [];
  const problems: FormProblem[] = [];
  if ((fields.flags & ~SETTABLE_FLAGS) !== 0) {
    problems.push({
      path: ['flags'],
      code: 'MESSAGE_FLAGS_INVALID',
      message: 'Only SUPPRESS_EMBEDS, EPHEMERAL, SUPPRESS_NOTIFICATIONS and IS_COMPONENTS_V2 can be set',
    });
  }
  if (existing && (existing.flags & V2) !== 0 && (fields.flags & V2) === 0) {
    problems.push({
      path: ['flags'],
      code: 'MESSAGE_FLAG_CANNOT_BE_REMOVED',
      message: 'IS_COMPONENTS_V2 cannot be removed from a message',
    });
  }
  return problems;
}

function legacyFieldProblems(fields: MessageBody): FormProblem[] {
  const present = {
    content: (fields.content ?? '') !== '',
    embeds: (fields.embeds ?? []).length > 0,
    poll: fields.poll !== undefined,
    sticker_ids: (fields.sticker_ids ?? []).length > 0,
  };
  return Object.entries(present)
    .filter(([, given]) => given)
    .map(([field]) => ({
      path: [field],
      code: 'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
      message: `The '${field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2`,
    }));
}

function embedLength(embed: APIEmbed): number {
  const texts = [
    embed.title,
    embed.description,
    embed.footer?.text,
    embed.author?.name,
    ...(embed.fields ?? []).flatMap(({ name, value }) => [name, value]),
  ];
  return texts.reduce((sum, text) => sum + Array.from(text ?? '').length, 0);
}
