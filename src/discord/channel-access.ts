import { PermissionFlagsBits, type ChatInputCommandInteraction, type PermissionsBitField } from 'discord.js';
import { DomainError } from '../errors.ts';

/** What announcing needs, as Discord's settings name it. */
const NEEDED = {
  'View Channel': PermissionFlagsBits.ViewChannel,
  'Send Messages': PermissionFlagsBits.SendMessages,
} as const;
/** What proofs need on top: reviewers see the files that come with them. */
const NEEDED_FOR_FILES = { 'Attach Files': PermissionFlagsBits.AttachFiles } as const;
/** What live boards need on top: after a crash the bot looks whether its message is there. */
const NEEDED_TO_LOOK_BACK = { 'Read Message History': PermissionFlagsBits.ReadMessageHistory } as const;

type Use = { files?: boolean; history?: boolean };

/** The names of the permissions that something needs in a channel and that are not among those given; undefined: none are. */
export function lackingIn(
  granted: Readonly<PermissionsBitField> | null | undefined,
  { files = false, history = false }: Use,
): string[] {
  const needed = { ...NEEDED, ...(files ? NEEDED_FOR_FILES : {}), ...(history ? NEEDED_TO_LOOK_BACK : {}) };
  return Object.entries(needed).flatMap(([name, bit]) => (granted?.has(bit) ? [] : name));
}

/**
 * Holds a channel of the guild against what the bot may do there, now rather than when something is to be announced.
 *
 * @throws DomainError `forbidden`, naming what lacks
 */
export async function requireSendable(
  interaction: ChatInputCommandInteraction,
  channelId: string,
  use: Use = {},
): Promise<void> {
  const { guild } = interaction;
  if (!guild) throw new DomainError('forbidden', 'The bot is not in this server. Invite it, and run /setup again.');
  const me = await guild.members.fetchMe();
  const lacking = lackingIn(guild.channels.cache.get(channelId)?.permissionsFor(me), use);
  if (lacking.length === 0) return;
  throw new DomainError(
    'forbidden',
    `The bot lacks ${lacking.map((name) => `"${name}"`).join(' and ')} in that channel. Allow it in the channel's settings, under Permissions, or choose another channel. Nothing was changed.`,
  );
}
