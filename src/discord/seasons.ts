/** What `/season` does with seasons, once its options are read. */
import { DomainError } from '../errors.ts';
import { readLeaderboard, type Leaderboard } from '../ranking/read-leaderboard.ts';
import {
  createSeason,
  findSeason,
  listSeasons,
  newSeasonSchema,
  planSeason,
  removeSeason,
  renameSeason,
  requireRemovable,
  type NewSeason,
  type ShownSeason,
} from '../seasons/seasons.ts';
import { notesOnSeason, type Wording } from '../seasons/season-notes.ts';
import { frozenDueAt } from '../seasons/steps.ts';
import { checkText, NAME } from '../text.ts';
import type { Answer, Call } from './command.ts';
import { requireDay } from './day-option.ts';
import { timestamp } from './format.ts';
import { readKeptText } from './kept-text.ts';
import { COLOURS, note } from './messages.ts';
import { confirmRemoving, confirmSeason, renderRemoved, renderSeason, renderSeasons } from './season-message.ts';
import { keyFromName, type SeasonChoice } from './season-view.ts';
import { requireManager } from './setup.ts';
import { code } from './text.ts';

/** How many boards of a season are read. */
const MOST_BOARDS = 25;

const WORDING: Wording = { moment: (at) => timestamp(at, 'f'), key: code };

/** A season as it was typed. Days as people write them; the last one belongs to the season. */
export type TypedSeason = { name: string; firstDay: string; lastDay: string; key: string | undefined };

/** All seasons, for everybody. */
export function showSeasons(call: Call): Answer {
  return renderSeasons(call, listSeasons(call.community, call.now));
}

/** One season, for everybody. @throws DomainError as `findSeason` does */
export async function showSeason(call: Call, key: string): Promise<Answer> {
  return showFound(call, findSeason(call.community, key, call.now));
}

async function showFound(call: Call, season: ShownSeason, done?: string): Promise<Answer> {
  const { services, community, now } = call;
  const { window, status } = season;
  const boards: Leaderboard[] = [];
  if (status !== 'upcoming') {
    for (const { slug } of community.categories.slice(0, MOST_BOARDS)) {
      const first = { category: slug, window: 'season', period: window.key, limit: 1, offset: 0 } as const;
      boards.push(await readLeaderboard(services.db, community, first, now));
    }
  }
  const isAwaited = status === 'closing' || status === 'provisional';
  const finalAt = isAwaited ? frozenDueAt(community.closingTimes, window) : undefined;
  return renderSeason(call, { season, boards, finalAt }, done);
}

/**
 * Shows what a season would be, and asks whether to create it. Nothing is created yet.
 *
 * @throws DomainError `forbidden`, or as creating it would
 */
export async function proposeSeason(call: Call, typed: TypedSeason): Promise<Answer> {
  requireManager(call);
  const { services, community, now } = call;
  const { name } = typed;
  const key = typed.key ?? keyFromName(name);
  if (key === undefined) {
    throw new DomainError(
      'invalid-parameter',
      'The name holds nothing that a key can be made of. Give a `key`: small letters, digits and hyphens, such as spring-2027.',
    );
  }
  const firstDay = requireDay(community, 'first-day', typed.firstDay, now);
  const lastDay = requireDay(community, 'last-day', typed.lastDay, now);
  const { season, shown, before } = planSeason(community, toNewSeason({ key, name, firstDay, lastDay }), now);
  const { window } = shown;
  const notes = await notesOnSeason(services.db, community, { window, before }, WORDING);
  return confirmSeason(call, { season, window, notes }, { action: 'create', key, firstDay, lastDay });
}

/** Creates what was proposed, whose name stands in the message. Pressed again, it shows the season that it made. */
export async function createConfirmed(
  call: Call,
  { key, firstDay, lastDay }: Extract<SeasonChoice, { action: 'create' }>,
  message: Parameters<typeof readKeptText>[0],
): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const name = readKeptText(message);
  if (name === undefined) {
    return note(`What this was about is not here any more. Run ${code('/season create')} again.`, COLOURS.waiting);
  }
  const wanted = toNewSeason({ key, name, firstDay, lastDay });
  const made = community.seasons.find((one) => one.key === key);
  if (made && made.startsOn === wanted.startsAt && made.endsOn === wanted.endsAt) {
    return showFound(call, findSeason(community, key, now), 'Created');
  }
  const season = await createSeason(services, community.id, wanted, actor, now);
  services.nudge();
  return showFound(call, season, 'Created');
}

/** Gives a season another name. */
export async function renameAndShow(call: Call, key: string, name: string): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const { window } = findSeason(community, key, now);
  const season = await renameSeason(services, community.id, window.key, requireName(name), actor, now);
  services.nudge();
  return showFound(call, season, 'Renamed');
}

/** Asks whether a season is to be removed. */
export function proposeRemoving(call: Call, key: string): Answer {
  requireManager(call);
  requireRemovable(call.community, key, call.now);
  const season = findSeason(call.community, key, call.now);
  return confirmRemoving(season, { action: 'remove', key: season.window.key });
}

/** Removes what was to be removed. @throws DomainError as `removeSeason` does */
export async function removeConfirmed(call: Call, key: string): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  await removeSeason(services, community.id, key, actor, now);
  services.nudge();
  return renderRemoved(key);
}

/** The last day belongs to a season; it ends at the midnight after it. */
function toNewSeason({
  key,
  name,
  firstDay,
  lastDay,
}: Record<'key' | 'name' | 'firstDay' | 'lastDay', string>): NewSeason {
  if (lastDay < firstDay) {
    throw new DomainError('invalid-parameter', `The last day, ${lastDay}, is before the first, ${firstDay}.`);
  }
  const endsAt = Temporal.PlainDate.from(lastDay).add({ days: 1 }).toString();
  const parsed = newSeasonSchema.safeParse({ key, name, startsAt: firstDay, endsAt });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DomainError('invalid-parameter', `\`${String(issue?.path[0])}\` ${issue?.message}.`);
}

function requireName(name: string): string {
  const checked = checkText(name, NAME);
  if ('text' in checked) return checked.text;
  throw new DomainError('invalid-parameter', `The name ${checked.problem}.`);
}
