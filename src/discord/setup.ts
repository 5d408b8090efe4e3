import { countTroubles, countWaitingForChannel } from '../announcements/administer.ts';
import { setChannel } from '../announcements/channel.ts';
import { applyPreset } from '../communities/apply-preset.ts';
import type { Visibility } from '../communities/community.ts';
import { claimHome, unclaimedHome } from '../communities/guilds.ts';
import type { PresetName } from '../communities/presets.ts';
import { requireLocale, requireTimeZone } from '../communities/settings.ts';
import { updateCommunity } from '../communities/update-community.ts';
import { DomainError } from '../errors.ts';
import { countRestingBoards } from '../live-boards/administer.ts';
import { setReviewChannel } from '../quests/review-channel.ts';
import { countFailedGrants } from '../rewards/grant-list.ts';
import { checkText, NAME } from '../text.ts';
import { requireCommunity } from './call.ts';
import type { Answer, Call } from './command.ts';
import { confirmTimeZone, renderSetup } from './setup-message.ts';

/** What is to be so. What is not given stays. */
export type SetupWishes = {
  preset?: PresetName | undefined;
  timeZone?: string | undefined;
  /** Allows that a new time zone has standings recomputed. */
  rebuild?: boolean | undefined;
  locale?: string | undefined;
  visibility?: Visibility | undefined;
  /** A channel of the guild that the bot may send to. */
  channelId?: string | undefined;
  /** A channel of the guild that the bot may send messages and files to. */
  reviewChannelId?: string | undefined;
  name?: string | undefined;
  /** Takes the installation's community in place of the guild's own. */
  useMain?: boolean | undefined;
};

/**
 * Lets through whoever may manage the server. Discord hides the command from others unless an admin shows it to them.
 *
 * @throws DomainError `forbidden`
 */
export function requireManager({ reader }: Call): void {
  if (reader.mayManage) return;
  throw new DomainError(
    'forbidden',
    'Only those with the permission "Manage Server" can do this. Ask an admin of this server.',
  );
}

/**
 * Makes a guild's community what is wished, and shows it. Safe to repeat. A time zone that would have standings
 * recomputed is asked about first; all else is done by then.
 *
 * @throws DomainError of any wish that cannot be fulfilled
 */
export async function completeSetup(call: Call, wishes: SetupWishes): Promise<Answer> {
  const { services, home, guild, actor, now } = call;
  const { preset, timeZone, rebuild, visibility, channelId, reviewChannelId, useMain } = wishes;
  const others = [preset, wishes.name, wishes.locale, visibility, channelId, reviewChannelId, useMain || undefined];
  const othersGiven = others.some((wish) => wish !== undefined);
  // What is mistyped is refused before anything is changed.
  const name = wishes.name === undefined ? undefined : requireName(wishes.name);
  const locale = wishes.locale === undefined ? undefined : requireLocale(wishes.locale);
  if (timeZone !== undefined) requireTimeZone(timeZone);

  if (useMain) await claimHome(services.db, home, guild, actor, now);
  const { id } = await requireCommunity(services, guild, home, now);
  await updateCommunity(services, id, { name, locale, visibility }, actor, now);
  if (preset) await applyPreset(services.db, id, preset, actor, now);
  if (channelId !== undefined) {
    await setChannel(services.db, id, channelId, actor, now);
    // What waited for a channel is said now.
    services.nudge();
  }
  if (reviewChannelId !== undefined) {
    await setReviewChannel(services, id, reviewChannelId, actor, now);
    services.nudge();
  }
  if (timeZone !== undefined) {
    try {
      await updateCommunity(services, id, { timeZone, rebuild }, actor, now);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'state-conflict' || rebuild) throw error;
      return confirmTimeZone(await requireCommunity(services, guild, home, now), timeZone, othersGiven);
    }
  }
  const changed = othersGiven || timeZone !== undefined;
  const community = await requireCommunity(services, guild, home, now);
  return renderSetup(community, {
    changed,
    unclaimed: await unclaimedHome(services.db, home),
    unsaid: await countTroubles(services.db, community.id),
    waiting: await countWaitingForChannel(services.db, community.id, now),
    resting: await countRestingBoards(services.db, community.id),
    undelivered: await countFailedGrants(services.db, community.id),
    now,
    locale: call.locale,
  });
}

function requireName(name: string): string {
  const checked = checkText(name, NAME);
  if ('text' in checked) return checked.text;
  throw new DomainError('invalid-parameter', `The name ${checked.problem}. Choose another one.`);
}
