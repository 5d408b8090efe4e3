/** What `/board` does, once its options are read. */
import type { ChatInputCommandInteraction, Guild } from 'discord.js';
import { DomainError } from '../errors.ts';
import { listLiveBoards, removeLiveBoard, retryLiveBoards } from '../live-boards/administer.ts';
import { placeLiveBoard, type NewLiveBoard } from '../live-boards/place.ts';
import { lackingIn, requireSendable } from './channel-access.ts';
import type { Answer, Call, DiscordServices } from './command.ts';
import { renderLiveBoardList, renderPlaced, renderRemoved } from './live-board-list.ts';
import { requireManager } from './setup.ts';

/** Places a board in a channel. @throws DomainError `forbidden`, or as placing it does */
export async function placeChosen(
  call: Call,
  interaction: ChatInputCommandInteraction,
  wanted: NewLiveBoard,
): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  await requireSendable(interaction, wanted.channelId, { history: true });
  const placed = await placeLiveBoard(services.db, community, wanted, actor, now);
  services.nudge();
  return renderPlaced(community, placed);
}

/** The boards of the community, for those who may place them. `retried`: how many are tried again. @throws DomainError `forbidden` */
export async function showLiveBoards(call: Call, retried = 0): Promise<Answer> {
  requireManager(call);
  const { services, community } = call;
  return renderLiveBoardList(community, await listLiveBoards(services.db, community.id), retried);
}

/** Has those tried again that failed, and shows all. @throws DomainError `forbidden` */
export async function retryAll(call: Call): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const retried = await retryLiveBoards(services.db, community.id, actor, now);
  services.nudge();
  return showLiveBoards(call, retried);
}

/** Removes a board. `chosen`: an id, as suggestions bring it. @throws DomainError `forbidden`, or as removing it does */
export async function removeChosen(call: Call, chosen: string): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  if (!/^\d{1,9}$/.test(chosen)) {
    throw new DomainError('invalid-parameter', `"${chosen}" is no live board. Choose one of those that are suggested.`);
  }
  const board = await removeLiveBoard(services.db, community.id, Number(chosen), actor, now);
  services.nudge();
  return renderRemoved(community, board);
}

/**
 * Has the boards of a guild tried again that failed in channels in which the bot may do what they need by now, as after
 * somebody changed permissions. Safe to repeat.
 */
export async function retryWhereAllowed(
  { db, directory, clock, nudge }: Pick<DiscordServices, 'db' | 'directory' | 'clock' | 'nudge'>,
  guild: Guild,
): Promise<void> {
  const community = await directory.byGuild(guild.id);
  if (!community) return;
  const resting = (await listLiveBoards(db, community.id)).filter(({ state }) => state === 'failed');
  if (resting.length === 0) return;
  const me = await guild.members.fetchMe();
  const allowed = resting.filter(({ channelId }) => {
    const granted = guild.channels.cache.get(channelId)?.permissionsFor(me);
    return lackingIn(granted, { history: true }).length === 0;
  });
  if (allowed.length === 0) return;
  const channelIds = [...new Set(allowed.map(({ channelId }) => channelId))];
  const retried = await retryLiveBoards(db, community.id, { name: 'Discord bot' }, clock(), channelIds);
  if (retried > 0) nudge();
}
