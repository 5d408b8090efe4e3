/** From an interaction to what a command works with. */
import {
  PermissionFlagsBits,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
  type MessageComponentInteraction,
  type MessageContextMenuCommandInteraction,
  type ModalSubmitInteraction,
} from 'discord.js';
import type { KnownCommunity } from '../communities/directory.ts';
import { noteRoles } from '../fair-play/discord-roles.ts';
import { ensureGuildCommunity, type Guild, type Home } from '../communities/guilds.ts';
import { noteSeen } from '../rewards/note-seen.ts';
import type { Call, DiscordServices, Reader, SuggestionCall } from './command.ts';

/** What is answered with a message. */
export type AnsweredInteraction =
  | ChatInputCommandInteraction
  | MessageContextMenuCommandInteraction
  | MessageComponentInteraction
  | ModalSubmitInteraction;
type GuildInteraction = AnsweredInteraction | AutocompleteInteraction;

/** What a deferred interaction of a guild is about. Its guild gets a community if it has none. */
export async function callOf(
  interaction: AnsweredInteraction,
  shared: boolean,
  services: DiscordServices,
  home: Home,
): Promise<Call> {
  const { guildId, user } = interaction;
  if (guildId === null) throw new Error('An interaction outside a guild was let through.');
  const guild = guildOf(interaction, guildId);
  const now = services.clock();
  const community = await requireCommunity(services, guild, home, now);
  await noteRoles(services, community, user.id, rolesOf(interaction), now);
  if (await noteSeen(services.db, community.id, user.id, rolesOf(interaction), now)) services.nudge();
  return {
    services,
    home,
    guild,
    community,
    reader: readerOf(interaction),
    actor: { name: `Discord user ${user.id}` },
    now,
    shared,
    locale: shared ? community.locale : interaction.locale,
  };
}

/** What an autocompletion is about; undefined where the guild has no community yet. */
export async function suggestionCallOf(
  { locale, memberPermissions }: AutocompleteInteraction,
  guildId: string,
  services: DiscordServices,
): Promise<SuggestionCall | undefined> {
  const community = await services.directory.byGuild(guildId);
  const mayManage = memberPermissions?.has(PermissionFlagsBits.ManageGuild) ?? false;
  return community && { services, community, now: services.clock(), locale, mayManage };
}

/** The community of a guild, made at first need. */
export async function requireCommunity(
  services: DiscordServices,
  guild: Guild,
  home: Home,
  now: Date,
): Promise<KnownCommunity> {
  const known = await services.directory.byGuild(guild.id);
  if (known) return known;
  await ensureGuildCommunity(services.db, guild, home, now);
  const made = await services.directory.byGuild(guild.id);
  if (!made) throw new Error(`The community of guild ${guild.id} was not made.`);
  return made;
}

function guildOf(interaction: GuildInteraction, id: string): Guild {
  return {
    id,
    name: interaction.guild?.name ?? `Server ${id}`,
    locale: interaction.guildLocale ?? interaction.locale,
  };
}

function readerOf(interaction: GuildInteraction): Reader {
  const { user, member, memberPermissions } = interaction;
  const nickname = member && ('displayName' in member ? member.displayName : member.nick);
  return {
    userId: user.id,
    name: nickname ?? user.displayName,
    mayManage: memberPermissions?.has(PermissionFlagsBits.ManageGuild) ?? false,
    mayModerate: memberPermissions?.has(PermissionFlagsBits.ManageMessages) ?? false,
    roleIds: rolesOf(interaction),
    mayReview: memberPermissions?.any([PermissionFlagsBits.ManageGuild, PermissionFlagsBits.ModerateMembers]) ?? false,
  };
}

/** The roles of whoever acts, `@everyone` apart. */
function rolesOf({ member, guildId }: GuildInteraction): string[] {
  const roles = member?.roles;
  if (!roles) return [];
  const ids = Array.isArray(roles) ? roles : [...roles.cache.keys()];
  return ids.filter((id) => id !== guildId);
}
