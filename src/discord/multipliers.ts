/** What `/multiplier` does, once its options are read. */
import { DomainError } from '../errors.ts';
import { createMultiplier, planMultiplier } from '../multipliers/create-multiplier.ts';
import { readDraft, saveDraft } from '../multipliers/drafts.ts';
import { readMultipliers } from '../multipliers/multiplier-store.ts';
import { newMultiplierSchema } from '../multipliers/multiplier.ts';
import { cancelMultiplier, endMultiplier } from '../multipliers/stop-multiplier.ts';
import type { Answer, Call } from './command.ts';
import { COLOURS, note } from './messages.ts';
import { confirmMultiplier, renderMultiplier, renderMultipliers } from './multiplier-message.ts';
import { requireManager } from './setup.ts';
import { code } from './text.ts';
import { readTime, requireTime } from './time-option.ts';

/** How many events a list shows, within what a message can hold whatever their names. */
const LISTED = 6;
const MINUTE_MS = 60_000;

/** An event as it was typed. Times as people write them, in the community's time zone. */
export type TypedMultiplier = {
  name: string;
  factor: number;
  starts: string;
  ends: string;
  /** Slugs, parted by commas; all if not given. */
  categories: string | undefined;
  /** How many minutes before its start it is announced, parted by commas. */
  announce: string | undefined;
  backdated: boolean;
};

/** The events, for everybody. */
export async function showMultipliers(call: Call): Promise<Answer> {
  const { services, community, now } = call;
  return renderMultipliers(call, await readMultipliers(services.db, community.id, { limit: LISTED, offset: 0 }, now));
}

/**
 * Shows what an event would be, and asks whether to create it. Nothing is created yet.
 *
 * @throws DomainError `forbidden`, or as creating it would
 */
export async function proposeMultiplier(call: Call, typed: TypedMultiplier): Promise<Answer> {
  requireManager(call);
  const { services, community, now } = call;
  const starts = readTime(call, 'starts', typed.starts);
  const ends = readTime(call, 'ends', typed.ends);
  const { name, factor, backdated } = typed;
  const content = {
    name,
    factor,
    startsAt: starts.at.toISOString(),
    endsAt: ends.at.toISOString(),
    categories: typed.categories
      ?.split(',')
      .map((slug) => slug.trim())
      .filter((slug) => slug !== ''),
    announceAt: momentsBefore(starts.at, typed.announce),
    backdated,
  };
  const parsed = newMultiplierSchema.safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DomainError('invalid-parameter', `The ${String(issue?.path[0])} ${issue?.message}.`);
  }
  const plan = await planMultiplier(services.db, community.id, parsed.data, now);
  const draftId = await saveDraft(services.db, community.id, content, now);
  const remarks = [starts.note, ends.note].filter((remark) => remark !== undefined);
  return confirmMultiplier(call, parsed.data, plan, draftId, remarks);
}

/** Creates what was proposed. Pressed again, it shows the event that it made. */
export async function confirmProposal(call: Call, draftId: number): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const wanted = await readDraft(services.db, community.id, draftId);
  if (!wanted)
    return note(`This was asked more than a day ago: run ${code('/multiplier create')} again.`, COLOURS.waiting);
  const event = await createMultiplier(services.db, community.id, wanted, actor, now, `draft ${draftId}`);
  services.nudge();
  return renderMultiplier(call, 'Created', event);
}

/** Cancels an event that has not started. `chosen`: an id, as suggestions bring it. */
export async function cancelChosen(call: Call, chosen: string): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const event = await cancelMultiplier(services.db, community.id, requireId(chosen), actor, now);
  services.nudge();
  return renderMultiplier(call, 'Cancelled', event);
}

/** Ends an event early, at the earliest moment unless one is given. */
export async function endChosen(call: Call, chosen: string, typed: string | undefined): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const at = typed === undefined ? undefined : requireTime(call, 'at', typed);
  const event = await endMultiplier(services.db, community.id, requireId(chosen), at, actor, now);
  services.nudge();
  return renderMultiplier(call, 'Ends early', event);
}

function momentsBefore(startsAt: Date, minutes: string | undefined): string[] | undefined {
  return minutes
    ?.split(',')
    .filter((count) => /^\d{1,6}$/.test(count))
    .map((count) => new Date(startsAt.getTime() - Number(count) * MINUTE_MS).toISOString());
}

function requireId(chosen: string): number {
  if (/^\d{1,9}$/.test(chosen)) return Number(chosen);
  throw new DomainError(
    'invalid-parameter',
    `"${chosen}" is no multiplier event. Choose one of those that are suggested.`,
  );
}
