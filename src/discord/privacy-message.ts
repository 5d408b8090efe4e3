/** How `/privacy` looks. All of it is for whoever asked, alone. */
import {
  ActionRowBuilder,
  ButtonBuilder,
  FileBuilder,
  LabelBuilder,
  ModalBuilder,
  TextInputBuilder,
} from '@discordjs/builders';
import { ButtonStyle, TextInputStyle, type ModalSubmitInteraction } from 'discord.js';
import type { Community } from '../communities/community.ts';
import { isDiscordHandle } from '../members/members.ts';
import { showableFrom, type Privacy, type PrivacySettings } from '../privacy/settings.ts';
import type { Answer, Call, FileAnswer, Form } from './command.ts';
import { showSentence } from './domain-text.ts';
import { COLOURS, note } from './messages.ts';
import { code, shownName } from './text.ts';

/** What is typed to delete. */
export const CONFIRMATION = 'DELETE';

const PREFIX = 'privacy:1:';
const FILE_NAME = 'my-data.json';
const WORD_FIELD = 'word';

const SETTINGS = [
  'hidden',
  'mentions',
  'reminders',
  'showDiscord',
] as const satisfies readonly (keyof PrivacySettings)[];
type Setting = (typeof SETTINGS)[number];

/** What the button of a setting says where it is on, and where it is off. */
const LABELS: Record<Setting, { on: string; off: string }> = {
  hidden: { on: 'Show me again', off: 'Hide me' },
  mentions: { on: 'Leave out my name', off: 'Name me' },
  reminders: { on: 'No reminders', off: 'Remind me' },
  showDiscord: { on: 'Keep my account to myself', off: 'Show my Discord account' },
};

/** Reads a custom id: what is to change, or what else is asked for. Undefined for what this version did not write. */
export function decodePrivacy(customId: string): Partial<PrivacySettings> | 'data' | 'delete' | undefined {
  const [, setting, to] = /^privacy:1:([A-Za-z]+)(?::(on|off))?$/.exec(customId) ?? [];
  if (to === undefined) return setting === 'data' || setting === 'delete' ? setting : undefined;
  const known = SETTINGS.find((one) => one === setting);
  return known && { [known]: to === 'on' };
}

/** What the reader has chosen, with a button for each change. */
export function renderPrivacy({ community, now }: Call, privacy: Privacy): Answer {
  const lines = [
    `## Your privacy in ${shownName(community.name)}`,
    describeHiding(privacy, showableFrom(privacy, now)),
    describeMentions(privacy),
    privacy.reminders ? '**Reminders** of quests you joined come in private.' : '**Reminders** do not come.',
    describeAccount(privacy),
  ];
  return note(lines.join('\n'), privacy.hidden ? COLOURS.past : COLOURS.neutral).addActionRowComponents(
    row(
      ...SETTINGS.map((setting) => {
        const isOn = privacy[setting];
        return button(`${setting}:${isOn ? 'off' : 'on'}`, LABELS[setting][isOn ? 'on' : 'off'], ButtonStyle.Secondary);
      }),
    ),
    row(
      button('data', 'My data as a file', ButtonStyle.Secondary),
      button('delete', 'Delete my data', ButtonStyle.Danger),
    ),
  );
}

function describeHiding({ handle, hiddenAs }: Privacy, showable: Date | undefined): string {
  if (hiddenAs === undefined) {
    const seen = `**Not hidden.** Everybody sees you on leaderboards as **${shownName(handle)}**, or by your name.`;
    if (!showable) return seen;
    return `${seen} You can hide at any time, and then ${showSentence(`stay so until ${showable.toISOString()} at least.`)}`;
  }
  const seen = `**Hidden.** Others see you as ${code(hiddenAs)}, on leaderboards, in quests and in tables that are final; those who manage this server can tell who it is. Your rank stays, and you see it: ${code('/me')}`;
  return showable ? `${seen}\nYou can show yourself again ${showSentence(`from ${showable.toISOString()} on.`)}` : seen;
}

function describeMentions({ mentions, hiddenAs }: Privacy): string {
  if (!mentions) return '**Announcements** leave out your name, and say Somebody.';
  return hiddenAs === undefined ? '**Announcements** name you.' : `**Announcements** call you ${code(hiddenAs)}, too.`;
}

/** Whoever is known from Discord alone has the number of the account in the handle. */
function describeAccount({ handle, hidden, showDiscord }: Privacy): string {
  const account = '**Your Discord account**';
  if (showDiscord) return `${account} can be seen on leaderboards${hidden ? ' once you are not hidden any more' : ''}.`;
  if (!isDiscordHandle({ handle })) return `${account} is told to nobody by leaderboards.`;
  return hidden
    ? `${account} is told to nobody by leaderboards while you are hidden; its number is in your handle.`
    : `${account} is told by your handle, which has its number in it. Hide to keep it to yourself.`;
}

/** What deleting means. */
export function renderDeletion({ community }: Call): Answer {
  const lines = [
    `## Delete your data in ${shownName(community.name)}?`,
    'Your names, your Discord account, settings, proofs and keys go, and so do the roles that the bot gave you. What you contributed stays on the leaderboards under a random name, and every rank stays as it is.',
    'You cannot get any of it back, nor what you earned: whoever contributes under your handle afterwards begins anew.',
    `**It cannot be undone.** For a copy first: ${code('/privacy data')}`,
    '-# To leave it, dismiss this message.',
  ];
  return note(lines.join('\n'), COLOURS.waiting).addActionRowComponents(
    row(button('delete', 'Delete my data', ButtonStyle.Danger)),
  );
}

/** Asks for the word, so that nobody deletes anything by a slip. */
export function deletionForm(): Form {
  return new ModalBuilder()
    .setCustomId(`${PREFIX}delete`)
    .setTitle('Delete my data for good')
    .addLabelComponents(
      new LabelBuilder()
        .setLabel(`Type ${CONFIRMATION}`)
        .setDescription('It cannot be undone. What you contributed stays, without your name.')
        .setTextInputComponent(
          new TextInputBuilder()
            .setCustomId(WORD_FIELD)
            .setStyle(TextInputStyle.Short)
            .setPlaceholder(CONFIRMATION)
            .setMaxLength(20),
        ),
    );
}

/** What was typed into {@link deletionForm}. */
export function readConfirmation({ fields }: ModalSubmitInteraction): string {
  return fields.getTextInputValue(WORD_FIELD).trim();
}

export function renderDeleted({ community }: Call): Answer {
  return note(
    `**Your data in ${shownName(community.name)} was deleted.** What you contributed stays, under a random name that nobody can tell is yours. What the bot said of you in the last months is changed within minutes.`,
    COLOURS.good,
  );
}

/** A member's data as a file. */
export function renderData(content: Buffer): FileAnswer {
  const text =
    'This is all that is kept of you here. Only you see this message; other people are left out of the file.';
  const container = note(text, COLOURS.good).addFileComponents(new FileBuilder().setURL(`attachment://${FILE_NAME}`));
  return { container, file: { name: FILE_NAME, content } };
}

/** How to get a file that no message can hold. */
export function renderTooLarge({ slug }: Community, handle: string): Answer {
  return note(
    [
      '**Your data is more than fits into a message.** Get it where you have a key for your handle, or ask an admin for it:',
      code(`OMNITENSOR_COMMUNITY=${slug} omnitensor-cli privacy data --contributor "${handle}" > my-data.json`),
    ].join('\n'),
    COLOURS.waiting,
  );
}

function row(...buttons: ButtonBuilder[]): ActionRowBuilder<ButtonBuilder> {
  return new ActionRowBuilder<ButtonBuilder>().addComponents(...buttons);
}

function button(action: string, label: string, style: ButtonStyle): ButtonBuilder {
  return new ButtonBuilder().setCustomId(`${PREFIX}${action}`).setLabel(label).setStyle(style);
}
