/** What `/badges` and `/badge` do, once their options are read. */
import type { Attachment, REST } from 'discord.js';
import { badgeChangesSchema, newBadgeSchema } from '../badges/badge.ts';
import { readBadges, requireBadge } from '../badges/badge-store.ts';
import { editBadge } from '../badges/edit.ts';
import { countHoldersOf } from '../badges/holders.ts';
import { MAX_IMAGE_BYTES, readImage, toDataUri } from '../badges/image.ts';
import { createBadge, removeBadge, setAnnounced } from '../badges/manage.ts';
import { readCollection, readToEarn } from '../badges/read-badges.ts';
import { readTyped, type RuleKind } from '../badges/rule.ts';
import { DomainError } from '../errors.ts';
import { findDiscordMember } from '../members/members.ts';
import { fetchFiles, fileHosts } from './attachments.ts';
import {
  confirmTakingBack,
  renderChanged,
  renderCollection,
  renderMade,
  renderRemoved,
  renderToEarn,
} from './badge-message.ts';
import type { Answer, Call, SuggestionCall } from './command.ts';
import { memberOf } from './member-option.ts';
import { COLOURS, note } from './messages.ts';
import { requireManager } from './setup.ts';
import { offer } from './suggestions.ts';

/** A badge as it was typed. */
export type TypedBadge = {
  name: string;
  description: string | undefined;
  icon: string | undefined;
  image: Attachment | undefined;
  earnedBy: RuleKind | undefined;
  number: string | undefined;
  category: string | undefined;
  window: string | undefined;
  counted: boolean;
};

/** What can be taken away from a badge. */
export const BADGE_PARTS = ['description', 'icon', 'image'] as const;
export type BadgePart = (typeof BADGE_PARTS)[number];

/** What was typed to change of a badge. `without`: what is taken away. */
export type TypedEdit = Pick<TypedBadge, BadgePart> & { without: BadgePart | undefined };

/** A member's badges: the reader's own unless another is named. @throws DomainError `unknown-member` */
export async function showBadges(call: Call, named: string | undefined): Promise<Answer> {
  const { services, community, reader, now } = call;
  const own = await findDiscordMember(services.db, community.id, reader.userId);
  const other = named === undefined ? undefined : await memberOf(call, named);
  const member = other ?? own;
  if (!member) return renderToEarn(call, { open: await readToEarn(services.db, community.id) });
  const collection = await readCollection(services.db, community, member.id, now);
  return renderCollection(call, { name: other && other.id !== own?.id ? other.displayName : undefined }, collection);
}

/** Makes a badge. @throws DomainError `forbidden`, `invalid-parameter`, or as making it does */
export async function createTyped(call: Call, typed: TypedBadge, rest: Pick<REST, 'options'>): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const { name, description, icon, earnedBy, number, category, window, counted } = typed;
  const needless = [number, category, window, counted || undefined].some((one) => one !== undefined);
  if (earnedBy === undefined && needless) {
    throw new DomainError('invalid-parameter', 'Say with `earned-by` what the number, category or window is about.');
  }
  const parsed = newBadgeSchema.safeParse({
    name,
    description,
    icon: icon?.trim(),
    image: typed.image && (await fetchImage(typed.image, rest)),
    rule:
      earnedBy && readTyped({ kind: earnedBy, number, categories: category === undefined ? [] : [category], window }),
    kind: counted ? 'counted' : undefined,
  });
  if (!parsed.success) throw refusalOf(earnedBy, parsed.error.issues[0]);
  const badge = await createBadge(services, community, parsed.data, actor, now);
  services.nudge();
  return renderMade(badge, call);
}

/** Changes a badge. @throws DomainError `forbidden`, `invalid-parameter`, `unknown-badge` */
export async function editChosen(
  call: Call,
  chosen: string,
  { description, icon, image, without }: TypedEdit,
  rest: Pick<REST, 'options'>,
): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const id = requireId(chosen);
  const given = { description, icon: icon?.trim(), image: image && (await fetchImage(image, rest)) };
  if (without === undefined && Object.values(given).every((one) => one === undefined)) {
    throw new DomainError(
      'invalid-parameter',
      'Say what to change: give `description`, `icon`, `image` or `without`. Name and rule stay.',
    );
  }
  const parsed = badgeChangesSchema.safeParse(without ? { ...given, [without]: given[without] ?? null } : given);
  if (!parsed.success) throw refusalOf(undefined, parsed.error.issues[0]);
  const badge = await editBadge(services, community.id, id, parsed.data, actor, now);
  services.nudge();
  return renderChanged(badge);
}

/** Removes a badge; to take it back from all is asked about first. @throws DomainError `forbidden`, `unknown-badge` */
export async function removeChosen(call: Call, chosen: string, takeBack: boolean): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now, locale } = call;
  const id = requireId(chosen);
  if (takeBack) {
    const badge = await requireBadge(services.db, community.id, id);
    if (badge.rule)
      return confirmTakingBack(badge, await countHoldersOf(services.db, community.id, badge.name), locale);
  }
  const badge = await removeBadge(services, community.id, { id, takeBack: false }, actor, now);
  services.nudge();
  return renderRemoved(badge, false);
}

/** Takes a badge back from all who have it. @throws DomainError `forbidden`, `unknown-badge` */
export async function takeBackConfirmed(call: Call, id: number): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const badge = await removeBadge(services, community.id, { id, takeBack: true }, actor, now);
  services.nudge();
  return renderRemoved(badge, true);
}

/** Has what members earn announced, or not. @throws DomainError `forbidden` */
export async function announceTyped(call: Call, announced: boolean): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  await setAnnounced(services, community.id, announced, actor, now);
  return note(
    announced
      ? 'What members earn is announced, once a day in one message.'
      : 'What members earn is not announced any more. They still get it.',
    COLOURS.good,
  );
}

/** Offers the badges that can be removed. */
export async function suggestBadges({ services, community }: SuggestionCall, typed: string) {
  const badges = await readBadges(services.db, community.id);
  return offer(
    badges.map(({ id, name, removedAt }) => ({ name: removedAt ? `${name} (removed)` : name, value: String(id) })),
    typed,
  );
}

async function fetchImage(
  { id, name, size, contentType, url }: Attachment,
  rest: Pick<REST, 'options'>,
): Promise<string> {
  if (size > MAX_IMAGE_BYTES) throw noImage('is over 256 KiB');
  const [file] = await fetchFiles([{ id, name, size, contentType, url }], fileHosts(rest));
  if (!file || !Buffer.isBuffer(file.data)) throw noImage('could not be fetched from Discord. Try again');
  const image = readImage(file.data);
  if ('content' in image) return toDataUri(image);
  throw noImage(image.problem);
}

function noImage(problem: string): DomainError {
  return new DomainError('invalid-parameter', `The image ${problem}.`);
}

/** What each kind of rule needs, by the options of the command. */
const NEEDED: Record<RuleKind, string> = {
  contributions: 'a whole `number` of contributions, and a `category` if only that one counts',
  amount: 'a `number` of units and their `category`',
  streak: 'a whole `number` of weeks, 2 to 520',
  categories: 'a `window`, and no `category`: it is about all of them',
  comeback: 'a whole `number` of weeks without any contribution, 1 to 520',
  quests: 'a whole `number` of quests',
  feedback: 'a whole `number` of credited messages',
  rank: 'a `window`, and the worst rank as `number`, up to 1000',
};

function refusalOf(
  earnedBy: RuleKind | undefined,
  issue: { path: readonly PropertyKey[]; message: string } | undefined,
): DomainError {
  const field = String(issue?.path[0] ?? 'badge');
  if (field === 'rule' && earnedBy) {
    return new DomainError('invalid-parameter', `To be earned by \`${earnedBy}\`, a badge needs ${NEEDED[earnedBy]}.`);
  }
  return new DomainError('invalid-parameter', `The ${field} ${issue?.message ?? 'is not as it must be'}.`);
}

function requireId(chosen: string): number {
  if (/^\d{1,9}$/.test(chosen)) return Number(chosen);
  throw new DomainError('invalid-parameter', `"${chosen}" is no badge. Choose one of those that are suggested.`);
}
