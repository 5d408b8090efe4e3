import { PermissionFlagsBits } from 'discord.js';
import type { Context } from '../context.ts';
import { Interaction, type InteractionSubject } from '../interaction.ts';
import { channelPayload, memberPayload } from '../payloads.ts';
import { allows, permissionsOf } from '../permissions.ts';
import type { GuildState, Member, StandInUser } from '../world.ts';

/** What a user is told instead of an answer: by Discord itself, before the bot hears of anything. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/**
 * Does something as a user: checks what Discord checks, writes the line into the transcript, and sends INTERACTION_CREATE.
 *
 * @param prepare makes the interaction's data. What it throws as `Refused` goes to the user; the bot hears nothing.
 */
export function act(
  context: Context,
  subject: InteractionSubject,
  doing: string,
  prepare: (guild: GuildState) => Record<string, unknown>,
): Interaction {
  const interaction = new Interaction(subject);
  context.transcript.userDid(subject, doing);
  try {
    const guild = context.world.guildOf(subject.channel);
    const member = memberOf(guild, subject);
    const fields = prepare(guild);
    context.interactions.set(interaction.token, interaction);
    interaction.start(() => context.transcript.userTold(subject, 'The application did not respond'));
    const payload = { ...common(context, interaction, guild, member), ...fields };
    for (let left = context.faults.takeDeliveries(); left > 0; left -= 1) {
      context.gateway.dispatch('INTERACTION_CREATE', payload, 0);
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    context.transcript.userTold(subject, error.message);
    interaction.fail(error);
  }
  return interaction;
}

/** A user's or role's or channel's data as `resolved` carries it. */
export function resolvedMember(
  guild: GuildState,
  user: StandInUser,
  subject: InteractionSubject,
): Record<string, unknown> {
  const member = guild.members.get(user.id);
  if (!member) throw new Refused(`${user.username} is not in ${guild.name}.`);
  const {
    user: _user,
    deaf: _deaf,
    mute: _mute,
    ...partial
  } = memberPayload(member, permissionsOf(guild, user.id, subject.channel));
  return partial;
}

function memberOf(guild: GuildState, { user, channel }: InteractionSubject): Member {
  const member = guild.members.get(user.id);
  if (!member) throw new Refused(`${user.username} is not in ${guild.name}, so nothing can be done there.`);
  if (!allows(permissionsOf(guild, user.id, channel), PermissionFlagsBits.ViewChannel)) {
    throw new Refused(`${user.username} cannot see #${channel.name}.`);
  }
  return member;
}

function common(
  context: Context,
  interaction: Interaction,
  guild: GuildState,
  member: Member,
): Record<string, unknown> {
  const { world } = context;
  const { type, user, channel } = interaction.subject;
  return {
    id: interaction.id,
    application_id: world.applicationId,
    type,
    token: interaction.token,
    version: 1,
    guild_id: guild.id,
    guild: { id: guild.id, locale: guild.preferredLocale, features: [] },
    channel_id: channel.id,
    channel: channelPayload(channel),
    member: memberPayload(member, permissionsOf(guild, user.id, channel)),
    locale: user.locale,
    guild_locale: guild.preferredLocale,
    app_permissions: String(permissionsOf(guild, world.bot.id, channel)),
    entitlements: [],
    authorizing_integration_owners: { 0: guild.id },
    context: 0,
    attachment_size_limit: 10 * 1024 * 1024,
  };
}
