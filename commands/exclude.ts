import { SlashCommandBuilder, type SlashCommandStringOption } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType, PermissionFlagsBits } from 'discord.js';
import type { Command } from '../src/discord/command.ts';
import { memberOf, suggestMembers } from '../src/discord/member-option.ts';
import { excludeAndShow, liftAndShow, showExclusions } from '../src/discord/exclusions.ts';
import { suggestExclusions } from '../src/discord/exclusion-message.ts';
import { suggestTimes } from '../src/discord/multiplier-suggestions.ts';
import { requireManager } from '../src/discord/setup.ts';
import { EXCLUSION_SCOPES, listExclusions } from '../src/fair-play/exclusion-store.ts';
import { REASON } from '../src/text.ts';

const from = (option: SlashCommandStringOption) =>
  option
    .setName('from')
    .setDescription('From what')
    .setRequired(true)
    .addChoices(
      { name: 'Prizes: ranks stay, prizes pass to the next', value: 'prizes' },
      { name: 'Boards: no standings, and no prizes', value: 'boards' },
    );
const reason = (option: SlashCommandStringOption) =>
  option
    .setName('reason')
    .setDescription('Why; shown to admins and kept in the audit log')
    .setMaxLength(REASON.maxCodePoints)
    .setRequired(true);
const until = (option: SlashCommandStringOption) =>
  option
    .setName('until')
    .setDescription('Such as: in 30 days, 2026-11-30 18:00; until it is lifted if not given')
    .setAutocomplete(true);

/** `/exclude`: who is kept from prizes or boards, for those who may manage the server. */
export const exclude: Command = {
  data: new SlashCommandBuilder()
    .setName('exclude')
    .setDescription('Keep members or roles from prizes or boards')
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild)
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((member) =>
      member
        .setName('member')
        .setDescription('Keep a member from prizes, or from boards and prizes')
        .addStringOption((option) =>
          option.setName('member').setDescription('A handle, or a mention').setRequired(true).setAutocomplete(true),
        )
        .addStringOption(from)
        .addStringOption(reason)
        .addStringOption(until),
    )
    .addSubcommand((role) =>
      role
        .setName('role')
        .setDescription('Keep everybody with a role from prizes, or from boards and prizes')
        .addRoleOption((option) => option.setName('role').setDescription('The role').setRequired(true))
        .addStringOption(from)
        .addStringOption(reason)
        .addStringOption(until),
    )
    .addSubcommand((list) => list.setName('list').setDescription('See who is excluded'))
    .addSubcommand((lift) =>
      lift
        .setName('lift')
        .setDescription('End an exclusion now')
        .addIntegerOption((option) =>
          option
            .setName('exclusion')
            .setDescription('Which one')
            .setMinValue(1)
            .setMaxValue(999_999_999)
            .setRequired(true)
            .setAutocomplete(true),
        ),
    ),
  shows: 'to-caller',

  async execute(call, { options }) {
    requireManager(call);
    const subcommand = options.getSubcommand();
    if (subcommand === 'list') return showExclusions(call);
    if (subcommand === 'lift') return liftAndShow(call, options.getInteger('exclusion', true));
    const wanted = {
      scope: EXCLUSION_SCOPES.find((scope) => scope === options.getString('from', true)) ?? 'prizes',
      reason: options.getString('reason', true),
      until: options.getString('until') ?? undefined,
    };
    if (subcommand === 'role') {
      return excludeAndShow(call, { ...wanted, target: { roleId: options.getRole('role', true).id } });
    }
    const { handle } = await memberOf(call, options.getString('member', true));
    return excludeAndShow(call, { ...wanted, target: { member: handle } });
  },

  async autocomplete(call, { options, guild }) {
    const { name, value } = options.getFocused(true);
    if (name === 'member') return suggestMembers(call, value);
    if (name === 'until') return suggestTimes(call.community, value, call.now, call.locale);
    const exclusions = await listExclusions(call.services.db, call.community.id);
    return suggestExclusions(exclusions, value, (roleId) => guild?.roles.cache.get(roleId)?.name);
  },
};
