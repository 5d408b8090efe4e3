import {
  ActionRowBuilder,
  ButtonBuilder,
  LabelBuilder,
  ModalBuilder,
  SeparatorBuilder,
  TextDisplayBuilder,
  TextInputBuilder,
} from '@discordjs/builders';
import { ButtonStyle, TextInputStyle } from 'discord.js';
import type { Decision, HeldContribution } from '../fair-play/held.ts';
import { REASON } from '../text.ts';
import type { Answer, Call, Form } from './command.ts';
import { formatNumber, formatScore, timestamp } from './format.ts';
import { COLOURS, note } from './messages.ts';
import { plain, shownName } from './text.ts';

/** How many a message shows, within the 40 components and 4,000 characters that it may have. */
export const MAX_SHOWN = 5;
export const REASON_FIELD = 'reason';

const MAX_NAME_LENGTH = 50;
const DECISIONS = { release: 'Release', refuse: 'Refuse' } as const satisfies Record<Decision, string>;
const CUSTOM_ID = /^held:1:(release|refuse):(\d{1,18})$/;

/** What a button or a form decides about which contribution. */
export type HeldDecision = { number: bigint; decision: Decision };

/** The oldest held contributions, each with buttons. `done`: what was just decided. */
export function renderHeld({ community, locale }: Call, held: readonly HeldContribution[], done?: string): Answer {
  const first = done === undefined ? [] : [done];
  if (held.length === 0) return note([...first, 'Nothing is held.'].join('\n'), COLOURS.good);
  const answer = note([...first, '## Held: over a cap, so they count nowhere yet'].join('\n'), COLOURS.waiting);
  for (const one of held.slice(0, MAX_SHOWN)) {
    const category = community.categories.find(({ id }) => id === one.categoryId);
    const amount = category ? formatScore(one.amount, { ...category, measure: 'amount' }, locale) : '';
    answer
      .addSeparatorComponents(new SeparatorBuilder())
      .addTextDisplayComponents(
        new TextDisplayBuilder({
          content: [
            `${who(one)}: ${amount}, ${formatNumber(one.reward, locale)} OMNIT`,
            `${category ? name(category.title) : ''} · ${timestamp(one.occurredAt, 'R')} · ${name(one.source)}: ${name(one.id)}`,
          ].join('\n'),
        }),
      )
      .addActionRowComponents(
        new ActionRowBuilder<ButtonBuilder>().addComponents(
          button({ number: one.number, decision: 'release' }, ButtonStyle.Success),
          button({ number: one.number, decision: 'refuse' }, ButtonStyle.Danger),
        ),
      );
  }
  if (held.length > MAX_SHOWN) {
    answer.addTextDisplayComponents(new TextDisplayBuilder({ content: '-# There are more: these are the oldest.' }));
  }
  return answer;
}

/** Asks why. */
export function askForReason(chosen: HeldDecision): Form {
  return new ModalBuilder()
    .setCustomId(encode(chosen))
    .setTitle(`${DECISIONS[chosen.decision]} a contribution`)
    .addLabelComponents(
      new LabelBuilder()
        .setLabel('Reason')
        .setDescription('Kept with the contribution, for the member and for other admins')
        .setTextInputComponent(
          new TextInputBuilder()
            .setCustomId(REASON_FIELD)
            .setStyle(TextInputStyle.Paragraph)
            .setMaxLength(REASON.maxCodePoints)
            .setRequired(true),
        ),
    );
}

/** Reads a custom id of a button or form. Undefined for anything that this version did not write. */
export function decodeDecision(customId: string): HeldDecision | undefined {
  const [, decision, number] = CUSTOM_ID.exec(customId) ?? [];
  if (number === undefined) return undefined;
  return { number: BigInt(number), decision: decision === 'release' ? 'release' : 'refuse' };
}

function button(chosen: HeldDecision, style: ButtonStyle.Success | ButtonStyle.Danger): ButtonBuilder {
  return new ButtonBuilder().setCustomId(encode(chosen)).setLabel(DECISIONS[chosen.decision]).setStyle(style);
}

function encode({ number, decision }: HeldDecision): string {
  return `held:1:${decision}:${number}`;
}

/** By the name that people see, and by the handle where that is another one. */
function who({ displayName, handle }: HeldContribution): string {
  return `**${name(displayName)}**${displayName === handle ? '' : ` (${name(handle)})`}`;
}

function name(text: string): string {
  return shownName(plain(text, MAX_NAME_LENGTH));
}
