import { SlashCommandBuilder, type SlashCommandStringOption } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType } from 'discord.js';
import type { Command } from '../src/discord/command.ts';
import { suggestTimes } from '../src/discord/multiplier-suggestions.ts';
import { showWaiting } from '../src/discord/proof-reviews.ts';
import { pressProof, showHandIn, submitProof, suggestProofQuests } from '../src/discord/proofs.ts';
import { decodeQuestAction } from '../src/discord/quest-message.ts';
import { addQuestOptions, readQuestOptions } from '../src/discord/quest-options.ts';
import {
  cancelConfirmed,
  createAndShow,
  editChosen,
  joinById,
  joinChosen,
  proposeCancelling,
  showChosen,
  showOwnProgress,
  showQuests,
} from '../src/discord/quests.ts';
import { offer, suggestCategories } from '../src/discord/suggestions.ts';
import { statusOf, type Quest } from '../src/quests/quest.ts';
import { readQuests } from '../src/quests/quest-store.ts';

/** How many quests are searched for those that are suggested: what runs comes first. */
const SEARCHED = 100;

const which = (option: SlashCommandStringOption) =>
  option.setName('quest').setDescription('Which one').setAutocomplete(true).setRequired(true);

/** `/quest`: goals with a deadline and a reward, for everybody; creating, changing and cancelling them for those who may manage the server. */
export const quest: Command = {
  data: new SlashCommandBuilder()
    .setName('quest')
    // Discord knows permissions of whole commands only; those of each subcommand are asked for when it runs.
    .setDescription('See quests, join them, and see how far you have come')
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((list) => list.setName('list').setDescription('See running, coming and past quests'))
    .addSubcommand((show) =>
      show.setName('show').setDescription('See a quest and who completed it').addStringOption(which),
    )
    .addSubcommand((progress) =>
      progress.setName('progress').setDescription('See how far you have come in the quests that run'),
    )
    .addSubcommand((join) =>
      join.setName('join').setDescription('Join a quest, and be reminded before its deadline').addStringOption(which),
    )
    .addSubcommand((prove) =>
      prove
        .setName('prove')
        .setDescription('Hand in a proof for a quest that asks for one; only reviewers see it')
        .addStringOption(which),
    )
    .addSubcommand((review) =>
      review.setName('review').setDescription('For reviewers: see the proofs that wait, and decide about them'),
    )
    .addSubcommand((create) =>
      addQuestOptions(create.setName('create').setDescription('For managers: set goals with a deadline and a reward')),
    )
    .addSubcommand((edit) =>
      edit
        .setName('edit')
        .setDescription('For managers: change the name or the description, or set a later deadline')
        .addStringOption(which)
        .addStringOption((option) =>
          option.setName('name').setDescription('Its new name').setMinLength(1).setMaxLength(100),
        )
        .addStringOption((option) => option.setName('ends').setDescription('A later deadline').setAutocomplete(true))
        .addStringOption((option) =>
          option.setName('description').setDescription('What it is about').setMaxLength(1_000),
        ),
    )
    .addSubcommand((cancel) =>
      cancel.setName('cancel').setDescription('For managers: call a quest off for good').addStringOption(which),
    ),
  shows: 'to-caller',

  async execute(call, interaction) {
    const { options } = interaction;
    const chosen = () => options.getString('quest', true);
    const text = (name: string) => options.getString(name) ?? undefined;
    switch (options.getSubcommand()) {
      case 'show':
        return showChosen(call, chosen());
      case 'progress':
        return showOwnProgress(call);
      case 'join':
        return joinChosen(call, chosen());
      case 'prove':
        return showHandIn(call, chosen());
      case 'review':
        return showWaiting(call, undefined);
      case 'create':
        return createAndShow(call, readQuestOptions(interaction));
      case 'edit':
        return editChosen(call, chosen(), {
          name: text('name'),
          description: text('description'),
          ends: text('ends'),
        });
      case 'cancel':
        return proposeCancelling(call, chosen());
      default:
        return showQuests(call);
    }
  },

  async autocomplete(call, { options, user }) {
    const { services, community, now, locale } = call;
    const { name, value } = options.getFocused(true);
    if (options.getSubcommand() === 'prove') return suggestProofQuests(call, user.id, value);
    if (name === 'category') return suggestCategories(community, value);
    if (name === 'starts' || name === 'ends') return suggestTimes(community, value, now, locale);
    const { quests } = await readQuests(services.db, community.id, { limit: SEARCHED, offset: 0 }, now);
    if (name === 'needs-badge') return suggestBadges(quests, value);
    const all = name === 'after' || options.getSubcommand() === 'show';
    const fitting = quests.filter((one) => all || isGoingOn(one, now));
    return offer(
      fitting.map(({ id, name }) => ({ name, value: String(id) })),
      value,
    );
  },

  press(customId, values) {
    const decoded = decodeQuestAction(customId);
    if (!decoded) return pressProof(customId, values);
    const { action, questId } = decoded;
    return action === 'join'
      ? { shows: 'to-presser', run: (call) => joinById(call, questId) }
      : { shows: 'in-place', run: (call) => cancelConfirmed(call, questId) };
  },

  submit: (customId) => submitProof(customId),
};

function isGoingOn(one: Quest, now: Date): boolean {
  const status = statusOf(one, now);
  return status === 'running' || status === 'scheduled';
}

/** The badges that quests give. Others can be typed. */
function suggestBadges(quests: readonly Quest[], typed: string) {
  const names = quests.flatMap(({ rewards }) => rewards.flatMap((one) => (one.kind === 'badge' ? [one.name] : [])));
  return offer(
    [...new Set(names)].map((name) => ({ name, value: name })),
    typed,
  );
}
