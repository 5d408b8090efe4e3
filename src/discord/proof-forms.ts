/** Forms about proofs. They are shown at once, so they say nothing that has to be looked up. */
import { ButtonBuilder, FileUploadBuilder, LabelBuilder, ModalBuilder, TextInputBuilder } from '@discordjs/builders';
import { ButtonStyle, TextInputStyle, type ModalSubmitInteraction } from 'discord.js';
import { DomainError } from '../errors.ts';
import { MAX_FILES, MAX_LINK_LENGTH, PROOF_TEXT, proofBodySchema, type ProofContent } from '../quests/proof.ts';
import { checkText, REASON } from '../text.ts';
import type { Form } from './command.ts';
import { encodeHandIn, encodeReview, type HandInChoice, type ReviewChoice } from './proof-view.ts';

const FIELDS = { text: 'text', link: 'link', files: 'files', reason: 'reason' } as const;

/** Asks for a proof. */
export function handInForm(choice: HandInChoice): Form {
  return new ModalBuilder()
    .setCustomId(encodeHandIn(choice))
    .setTitle('Hand in a proof')
    .addLabelComponents(
      new LabelBuilder()
        .setLabel('Your proof')
        .setDescription('What you did, so that a reviewer can see it')
        .setTextInputComponent(
          new TextInputBuilder()
            .setCustomId(FIELDS.text)
            .setStyle(TextInputStyle.Paragraph)
            .setMaxLength(PROOF_TEXT.maxCodePoints),
        ),
      new LabelBuilder()
        .setLabel('Link')
        .setDescription('Only https://; may be left empty')
        .setTextInputComponent(
          new TextInputBuilder()
            .setCustomId(FIELDS.link)
            .setStyle(TextInputStyle.Short)
            .setPlaceholder('https://')
            .setMaxLength(MAX_LINK_LENGTH)
            .setRequired(false),
        ),
      new LabelBuilder()
        .setLabel('Files')
        .setDescription(`Up to ${MAX_FILES}, 8 MB together; may be left empty`)
        .setFileUploadComponent(
          new FileUploadBuilder().setCustomId(FIELDS.files).setMinValues(0).setMaxValues(MAX_FILES).setRequired(false),
        ),
    );
}

/** The button that opens {@link handInForm}. */
export function handInButton(choice: HandInChoice): ButtonBuilder {
  return new ButtonBuilder()
    .setCustomId(encodeHandIn(choice))
    .setLabel('Hand in a proof')
    .setStyle(ButtonStyle.Primary);
}

/**
 * Reads what was put into a form of {@link handInForm}.
 *
 * @throws DomainError `invalid-parameter`
 */
export function readHandIn({ fields }: ModalSubmitInteraction): ProofContent {
  const link = fields.getTextInputValue(FIELDS.link).trim();
  const parsed = proofBodySchema.safeParse({
    text: fields.getTextInputValue(FIELDS.text),
    ...(link === '' ? {} : { links: [link] }),
  });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const what = issue?.path[0] === 'links' ? 'The link' : 'The text';
    throw new DomainError(
      'invalid-parameter',
      `${what} ${issue?.message ?? 'is not as it must be'}. Nothing was handed in.`,
    );
  }
  const files = [...(fields.getUploadedFiles(FIELDS.files)?.values() ?? [])].slice(0, MAX_FILES);
  return {
    text: parsed.data.text,
    links: parsed.data.links ?? [],
    files: files.map(({ id, name, size, contentType, url }) => ({ id, name, size, contentType, url })),
  };
}

/** Asks a reviewer why. */
export function reasonForm(choice: ReviewChoice): Form {
  const asks = choice.decision === 'ask';
  return new ModalBuilder()
    .setCustomId(encodeReview(choice))
    .setTitle(asks ? 'Ask for more' : 'Refuse a proof')
    .addLabelComponents(
      new LabelBuilder()
        .setLabel(asks ? 'What is missing?' : 'Why?')
        .setDescription('Whoever handed it in is told')
        .setTextInputComponent(
          new TextInputBuilder()
            .setCustomId(FIELDS.reason)
            .setStyle(TextInputStyle.Paragraph)
            .setMaxLength(REASON.maxCodePoints),
        ),
    );
}

/**
 * Reads the reason from a form of {@link reasonForm}.
 *
 * @throws DomainError `invalid-parameter`
 */
export function readReason({ fields }: ModalSubmitInteraction): string {
  const typed = fields.getTextInputValue(FIELDS.reason).replaceAll(/\s+/g, ' ').trim();
  const checked = checkText(typed, REASON);
  if ('text' in checked) return checked.text;
  throw new DomainError('invalid-parameter', `The reason ${checked.problem}. Nothing was decided.`);
}
