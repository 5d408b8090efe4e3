import { SlashCommandBuilder, type SlashCommandIntegerOption } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType, PermissionFlagsBits } from 'discord.js';
import type { Command } from '../src/discord/command.ts';
import {
  findSuggestedGrants,
  noteAndShow,
  pressGrant,
  retryAllAndShow,
  retryAndShow,
  showGrants,
  showRolePlan,
} from '../src/discord/grants.ts';
import { decodeGrantPress, suggestGrants } from '../src/discord/grants-message.ts';
import { memberOf, suggestMembers } from '../src/discord/member-option.ts';
import { requireManager } from '../src/discord/setup.ts';
import { GRANT_STATES } from '../src/rewards/grant-list.ts';
import { REWARD_KINDS } from '../src/rewards/reward.ts';
import { REASON } from '../src/text.ts';

const grant = (option: SlashCommandIntegerOption) =>
  option
    .setName('grant')
    .setDescription('Its number, as the list shows it')
    .setMinValue(1)
    .setMaxValue(999_999_999_999)
    .setAutocomplete(true);
const choices = (values: readonly string[]) => values.map((value) => ({ name: value, value }));

/** `/grants`: what was granted, what failed and why, and having it delivered, for those who may manage the server. */
export const grants: Command = {
  data: new SlashCommandBuilder()
    .setName('grants')
    .setDescription('See what was granted and what failed, and have it tried again')
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild)
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((list) =>
      list
        .setName('list')
        .setDescription('See grants, what failed first, with why and what to do')
        .addStringOption((option) =>
          option.setName('state').setDescription('Those in a state').addChoices(choices(GRANT_STATES)),
        )
        .addStringOption((option) =>
          option.setName('kind').setDescription('Those of a kind').addChoices(choices(REWARD_KINDS)),
        )
        .addStringOption((option) =>
          option.setName('member').setDescription('A handle, or a mention').setAutocomplete(true),
        ),
    )
    .addSubcommand((plan) =>
      plan.setName('plan').setDescription('See which roles the bot would give and take now; nothing is changed'),
    )
    .addSubcommand((retry) =>
      retry
        .setName('retry')
        .setDescription('Try one again that failed or lapsed, or all that failed')
        .addIntegerOption((option) => grant(option).setDescription('Its number; all that failed if not given')),
    )
    .addSubcommand((delivered) =>
      delivered
        .setName('delivered')
        .setDescription('Note that an NFT or access was delivered')
        .addIntegerOption((option) => grant(option).setRequired(true))
        .addStringOption((option) =>
          option.setName('reason').setDescription('A note').setMaxLength(REASON.maxCodePoints),
        ),
    )
    .addSubcommand((failed) =>
      failed
        .setName('failed')
        .setDescription('Note that an NFT or access could not be delivered')
        .addIntegerOption((option) => grant(option).setRequired(true))
        .addStringOption((option) =>
          option
            .setName('reason')
            .setDescription('Why, and what to do')
            .setMaxLength(REASON.maxCodePoints)
            .setRequired(true),
        ),
    ),
  shows: 'to-caller',

  async execute(call, { options }) {
    requireManager(call);
    const subcommand = options.getSubcommand();
    if (subcommand === 'plan') return showRolePlan(call);
    if (subcommand === 'list') {
      const member = options.getString('member');
      const filter = {
        state: GRANT_STATES.find((state) => state === options.getString('state')),
        kind: REWARD_KINDS.find((kind) => kind === options.getString('kind')),
        memberId: member === null ? undefined : (await memberOf(call, member)).id,
      };
      return showGrants(call, { filter, before: undefined });
    }
    const id = options.getInteger('grant');
    if (subcommand === 'retry') return id === null ? retryAllAndShow(call) : retryAndShow(call, BigInt(id));
    const outcome = subcommand === 'delivered' ? 'delivered' : 'failed';
    return noteAndShow(
      call,
      BigInt(options.getInteger('grant', true)),
      outcome,
      options.getString('reason') ?? undefined,
    );
  },

  async autocomplete(call, { options }) {
    if (!call.mayManage) return [];
    const { name, value } = options.getFocused(true);
    if (name === 'member') return suggestMembers(call, value);
    const which = options.getSubcommand() === 'retry' ? 'to-retry' : 'by-hand';
    return suggestGrants(await findSuggestedGrants(call, which), value);
  },

  press(customId) {
    const press = decodeGrantPress(customId);
    return press && { shows: 'in-place', run: (call) => pressGrant(call, press) };
  },
};
