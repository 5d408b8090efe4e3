/** How a proof looks where it is reviewed. */
import {
  ActionRowBuilder,
  ButtonBuilder,
  FileBuilder,
  MediaGalleryBuilder,
  MediaGalleryItemBuilder,
  type ContainerBuilder,
} from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import type { Announcement, ProofDecision, ToldFile } from '../announcements/announcement.ts';
import type { Decision } from '../quests/review.ts';
import { uploadName } from './attachments.ts';
import { encodeReview, type ReviewPlace } from './proof-view.ts';
import { plain, shownName } from './text.ts';

type ToldProof = Extract<Announcement, { kind: 'proof-submitted' }>;

const NAME_LENGTH = 100;
const SHOW_LENGTH = 300;
/** With a decision there is less room. Escaping at most doubles it, and Discord takes 4,000 characters in all. */
const TEXT_LENGTH = { waiting: 800, decided: 300 } as const;
const REASON_LENGTH = 300;
const FILE_NAME_LENGTH = 48;
const MOST_LINES = 40;
const KIB = 1024;
/** What Discord shows as a picture. */
const PICTURE = /\.(png|jpe?g|gif|webp)$/;

export const DECIDED: Record<ProofDecision, string> = {
  approved: 'Approved',
  asked: 'Asked for more',
  refused: 'Refused',
};

const BUTTONS: Record<
  Decision,
  { label: string; style: ButtonStyle.Success | ButtonStyle.Secondary | ButtonStyle.Danger }
> = {
  approve: { label: 'Approve', style: ButtonStyle.Success },
  ask: { label: 'Ask for more', style: ButtonStyle.Secondary },
  refuse: { label: 'Refuse', style: ButtonStyle.Danger },
};

/** What was handed in, by whom and for what, and what was decided. */
export function proofLines({ member, show, text, links, files, decision }: ToldProof): string[] {
  return [
    `From **${name(member)}**. To show: ${shownName(plain(show, SHOW_LENGTH))}`,
    ...quote(text, TEXT_LENGTH[decision ? 'decided' : 'waiting']),
    ...links.map(linkLine),
    ...files.map((file) => `- ${fileLine(file)}`),
    ...(decision ? [decisionLine(decision)] : []),
  ];
}

/** A decision with who made it: `**Approved** by Ada`. */
function decisionLine({ state, by, reason }: NonNullable<ToldProof['decision']>): string {
  const why = reason ? `: ${shownName(plain(reason, REASON_LENGTH))}` : '';
  return `**${DECIDED[state]}** by ${name(by)}${why}`;
}

/** Text with its lines, as a quotation that nothing in it gets out of. */
export function quote(text: string, maxLength: number): string[] {
  return plainLines(text, maxLength).map((line) => `> ${shownName(line)}`);
}

/** A link that can be clicked. Its normal form holds nothing that ends it early; what is no such form is shown as text. */
export function linkLine(link: string): string {
  return /^https:\/\/[!-;=?-~]+$/.test(link) ? `- <${link}>` : `- ${shownName(plain(link, NAME_LENGTH))}`;
}

/** A file by name and size. */
export function fileLine({ name: fileName, size }: Pick<ToldFile, 'name' | 'size'>): string {
  const kib = Math.max(1, Math.round(size / KIB));
  const amount = kib < KIB ? `${kib} KB` : `${Math.round(kib / KIB)} MB`;
  return `${shownName(plain(fileName, FILE_NAME_LENGTH))} (${amount})`;
}

/** Shows the files that were uploaded with a message. */
export function addFiles(container: ContainerBuilder, files: readonly ToldFile[], uploaded: readonly string[]): void {
  for (const [index, file] of files.entries()) {
    const upload = uploadName(index, file);
    if (!uploaded.includes(upload)) continue;
    const url = `attachment://${upload}`;
    if (PICTURE.test(upload)) {
      container.addMediaGalleryComponents(
        new MediaGalleryBuilder().addItems(new MediaGalleryItemBuilder().setURL(url)),
      );
    } else container.addFileComponents(new FileBuilder().setURL(url));
  }
}

/** Adds the buttons that decide about a proof. */
export function addDecisionButtons(
  container: ContainerBuilder,
  { proofId, times }: { proofId: number; times: number },
  place: ReviewPlace,
): void {
  const buttons = (['approve', 'ask', 'refuse'] as const).map((decision) =>
    new ButtonBuilder()
      .setCustomId(encodeReview({ proofId, times, decision, place }))
      .setLabel(BUTTONS[decision].label)
      .setStyle(BUTTONS[decision].style),
  );
  container.addActionRowComponents(new ActionRowBuilder<ButtonBuilder>().addComponents(...buttons));
}

function plainLines(text: string, maxLength: number): string[] {
  const lines: string[] = [];
  let left = maxLength;
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    if (left <= 0 || lines.length >= MOST_LINES) return [...lines, '…'];
    lines.push(plain(line, left));
    left -= line.length;
  }
  return lines;
}

function name(text: string): string {
  return shownName(plain(text, NAME_LENGTH));
}
