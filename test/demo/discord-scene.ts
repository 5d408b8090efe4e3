import type { DiscordStandIn } from '../support/discord/stand-in.ts';
import type { StandInChannel, StandInUser } from '../support/discord/world.ts';

/** The Discord of the demo: ids stay the same at every start, as its community and members go by them. */
const GUILD_ID = '1100000000000000001';
const CHANNEL_ID = '1100000000000000002';
const GOVERNANCE_ID = '1100000000000000003';
export const DISCORD_PEOPLE = [
  { id: '1100000000000000011', username: 'ada', globalName: 'Ada', zeal: 1.1 },
  { id: '1100000000000000012', username: 'grace', globalName: 'Grace', zeal: 0.25 },
  { id: '1100000000000000013', username: 'newcomer', globalName: 'Newcomer', zeal: 0 },
] as const;

export type Scene = { guildId: string; owner: StandInUser; channel: StandInChannel; users: StandInUser[] };

/** Sets up a guild with a channel and some people. */
export function setScene(standIn: DiscordStandIn): Scene {
  const guild = standIn.createGuild({ id: GUILD_ID, name: 'OmniTensor', ownerName: 'olga' });
  const channel = guild.createChannel({ id: CHANNEL_ID, name: 'leaderboards' });
  // Given to the best of the month.
  guild.createRole({ id: GOVERNANCE_ID, name: 'Governance' });
  const users = DISCORD_PEOPLE.map(({ id, username, globalName }) => {
    const user = standIn.createUser({ id, username, globalName });
    guild.addMember(user);
    return user;
  });
  return { guildId: guild.id, owner: guild.owner, channel, users };
}

/** Lets people do what people do: look at the board, turn the page, look for themselves. */
export async function playScene(standIn: DiscordStandIn, { owner, channel, users }: Scene): Promise<void> {
  const [ada, grace, newcomer] = users;
  if (!ada || !grace || !newcomer) return;
  await standIn.runCommand(owner, channel, 'setup', { channel: channel.id }).answer;
  const board = await standIn.runCommand(ada, channel, 'leaderboard', { category: 'gpu-contributors' }).answer;
  await standIn.press(ada, board, 'My place').answer;
  await standIn.runCommand(grace, channel, 'me').answer;
  await standIn.runCommand(grace, channel, 'quest list').answer;
  await standIn.runCommand(newcomer, channel, 'leaderboard', { category: 'data-validators', window: 'week' }).answer;
}
