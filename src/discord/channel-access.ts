import { PermissionFlagsBits, type ChatInputCommandInteraction } from 'discord.js';
import { DomainError } from '../errors.ts';

/** What announcing needs, as Discord's settings name it. */
const NEEDED = {
  'View Channel': PermissionFlagsBits.ViewChannel,
  'Send Messages': PermissionFlagsBits.SendMessages,
} as const;
/** What proofs need on top: reviewers see the files that come with them. */
const NEEDED_FOR_FILES = { 'Attach Files': PermissionFlagsBits.AttachFiles } as const;

/**
 * Holds a channel of the guild against what the bot may do there, now rather than when something is to be announced.
 *
 * @throws DomainError `forbidden`, naming what lacks
 */
export async function requireSendable(
  interaction: ChatInputCommandInteraction,
  channelId: string,
  { files = false } = {},
): Promise<void> {
  const { guild } = interaction;
  if (!guild) throw new DomainError('forbidden', 'The bot is not in this server. Invite it, and run /setup again.');
  const me = await guild.members.fetchMe();
  const granted = guild.channels.cache.get(channelId)?.permissionsFor(me);
  const lacking = Object.entries({ ...NEEDED, ...(files ? NEEDED_FOR_FILES : {}) }).filter(
    ([, bit]) => !granted?.has(bit),
  );
  if (lacking.length === 0) return;
  throw new DomainError(
    'forbidden',
    `The bot lacks ${lacking.map(([name]) => `"${name}"`).join(' and ')} in that channel. Allow it in the channel's settings, under Permissions, or choose another channel. Nothing was changed.`,
  );
}
