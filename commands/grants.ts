import { SlashCommandBuilder, type SlashCommandIntegerOption } from '@discordjs/builders';
import {
  ApplicationIntegrationType,
  InteractionContextType,
  PermissionFlagsBits,
  type ChatInputCommandInteraction,
} from 'discord.js';
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
import { decodeGrantPress, KIND_WORDS, STATE_WORDS, suggestGrants } from '../src/discord/grants-message.ts';
import { memberOf, suggestMembers } from '../src/discord/member-option.ts';
import { requireManager } from '../src/discord/setup.ts';
import { GRANT_STATES, type GrantFilter } from '../src/rewards/grant-list.ts';
import { REWARD_KINDS } from '../src/rewards/reward.ts';
import { REASON } from '../src/text.ts';

const grant = (option: SlashCommandIntegerOption) =>
  option
    .setName('grant')
    .setDescription('Its number, as the list shows it')
    .setMinValue(1)
    .setMaxValue(999_999_999_999)
    .setAutocomplete(true);
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const STATE_CHOICES = [
  { name: 'To do: what failed, and what is to be delivered by hand', value: 'to-do' },
  ...GRANT_STATES.map((state) => ({ name: capital(STATE_WORDS[state]), value: state })),
  { name: 'Everything', value: 'all' },
];
const KIND_CHOICES = REWARD_KINDS.map((kind) => ({ name: capital(KIND_WORDS[kind]), value: kind }));

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
        .setDescription('See what failed and what waits to be delivered, with why and what to do')
        .addStringOption((option) =>
          option
            .setName('state')
            .setDescription('Those in a state; what is to do if not given')
            .addChoices(STATE_CHOICES),
        )
        .addStringOption((option) => option.setName('kind').setDescription('Those of a kind').addChoices(KIND_CHOICES))
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

  async execute(call, interaction) {
    requireManager(call);
    const { options } = interaction;
    const subcommand = options.getSubcommand();
    if (subcommand === 'plan') return showRolePlan(call);
    if (subcommand === 'list') {
      const member = options.getString('member');
      const filter = {
        state: stateOf(interaction),
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

/** Without any choice, what is to do; of a kind or a member, everything. */
function stateOf({ options }: ChatInputCommandInteraction): GrantFilter['state'] {
  const chosen = options.getString('state');
  const isOfSome = options.getString('kind') !== null || options.getString('member') !== null;
  if (chosen === 'to-do' || (chosen === null && !isOfSome)) return 'to-do';
  return GRANT_STATES.find((state) => state === chosen);
}
