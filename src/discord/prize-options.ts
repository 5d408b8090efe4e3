/** A prize as it is typed on Discord. */
import type { SlashCommandSubcommandBuilder } from '@discordjs/builders';
import type { ChatInputCommandInteraction } from 'discord.js';
import { DomainError } from '../errors.ts';
import { bandSchema, prizeRewardsSchema, type NewPrize, type PrizeWindow } from '../rewards/prizes.ts';
import type { RewardKind } from '../rewards/reward.ts';
import { CLOSING_KINDS } from '../seasons/steps.ts';
import { WINDOW_NAMES } from './format.ts';

const MAX_RANK = 10_000;
const MAX_NAME = 100;
const MAX_NUMBER_LENGTH = 20;

/** The rewards that are typed as a number, and those that are typed as a name: by their options, with a description. */
const AMOUNTS = {
  tokens: 'OMNIT, such as 100',
  governance: 'Governance tokens, such as 5',
  reputation: 'Reputation, such as 50',
} as const satisfies Partial<Record<RewardKind, string>>;
const NAMES = {
  nft: 'The name of an NFT',
  access: 'Access to something, such as: the beta of the trainer',
} as const satisfies Partial<Record<RewardKind, string>>;

/** Adds what a prize is made of: on which board, for whom, and what they get. */
export function addPrizeOptions(create: SlashCommandSubcommandBuilder): SlashCommandSubcommandBuilder {
  create
    .addStringOption((option) =>
      option.setName('category').setDescription('On which leaderboard').setAutocomplete(true).setRequired(true),
    )
    .addStringOption((option) =>
      option
        .setName('window')
        .setDescription('When it closes, again and again')
        .setRequired(true)
        .addChoices(CLOSING_KINDS.map((kind) => ({ name: `Each ${WINDOW_NAMES[kind].toLowerCase()}`, value: kind }))),
    )
    .addIntegerOption((option) =>
      option.setName('rank').setDescription('For this rank, or from it on').setMinValue(1).setMaxValue(MAX_RANK),
    )
    .addIntegerOption((option) =>
      option.setName('to-rank').setDescription('Down to this rank').setMinValue(1).setMaxValue(MAX_RANK),
    )
    .addIntegerOption((option) =>
      option
        .setName('top-percent')
        .setDescription('Or for the first so many per cent of the board, at least one')
        .setMinValue(1)
        .setMaxValue(100),
    )
    .addStringOption((option) =>
      option.setName('min-score').setDescription('Or for everybody from this score on').setMaxLength(MAX_NUMBER_LENGTH),
    );
  for (const [name, description] of Object.entries(AMOUNTS)) {
    create.addStringOption((option) =>
      option.setName(name).setDescription(description).setMaxLength(MAX_NUMBER_LENGTH),
    );
  }
  create
    .addStringOption((option) =>
      option.setName('badge').setDescription('The name of a badge').setMaxLength(MAX_NAME).setAutocomplete(true),
    )
    .addRoleOption((option) => option.setName('role').setDescription('A role, until the next such window closes'));
  for (const [name, description] of Object.entries(NAMES)) {
    create.addStringOption((option) => option.setName(name).setDescription(description).setMaxLength(MAX_NAME));
  }
  return create;
}

/** Reads what was typed into them. @throws DomainError `invalid-parameter` */
export function readPrizeOptions({ options }: ChatInputCommandInteraction): NewPrize {
  const text = (name: string) => options.getString(name) ?? undefined;
  return {
    category: options.getString('category', true),
    window: windowOf(options.getString('window', true)),
    band: bandOf({
      rank: options.getInteger('rank'),
      toRank: options.getInteger('to-rank'),
      topPercent: options.getInteger('top-percent'),
      minScore: text('min-score'),
    }),
    rewards: rewardsOf(text, options.getRole('role')?.id),
  };
}

function windowOf(text: string): PrizeWindow {
  return CLOSING_KINDS.find((kind) => kind === text) ?? 'season';
}

type TypedBand = {
  rank: number | null;
  toRank: number | null;
  topPercent: number | null;
  minScore: string | undefined;
};

function bandOf({ rank, toRank, topPercent, minScore }: TypedBand): NewPrize['band'] {
  const ranks = rank === null && toRank === null ? undefined : { from: rank ?? 1, to: toRank ?? rank ?? 1 };
  const bands = [
    ...(ranks ? [{ ranks }] : []),
    ...(topPercent === null ? [] : [{ topPercent }]),
    ...(minScore === undefined ? [] : [{ minScore }]),
  ];
  const [band, ...others] = bands;
  if (!band || others.length > 0) {
    throw new DomainError(
      'invalid-parameter',
      'Say whom the prize is for, in one way: give `rank`, alone or with `to-rank`, or `top-percent`, or `min-score`.',
    );
  }
  const parsed = bandSchema.safeParse(band);
  if (parsed.success) return parsed.data;
  throw new DomainError('invalid-parameter', '`min-score` must be a number above 0 with at most 3 decimal places.');
}

function rewardsOf(text: (name: string) => string | undefined, roleId: string | undefined): NewPrize['rewards'] {
  const typed = [
    ...Object.keys(AMOUNTS).map((kind) => ({ kind, amount: text(kind) })),
    ...['badge', ...Object.keys(NAMES)].map((kind) => ({ kind, name: text(kind) })),
    { kind: 'role', roleId },
  ].filter((reward) => Object.values(reward).every((value) => value !== undefined));
  if (typed.length === 0) {
    throw new DomainError(
      'invalid-parameter',
      'Say what there is to win: give `tokens`, `governance`, `reputation`, `badge`, `role`, `nft` or `access`.',
    );
  }
  const parsed = prizeRewardsSchema.safeParse(typed);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const option = typed[Number(issue?.path[0])]?.kind;
  throw new DomainError('invalid-parameter', `\`${option}\` ${issue?.message}.`);
}
