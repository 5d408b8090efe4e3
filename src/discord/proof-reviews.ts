/** What reviewers of proofs do. */
import { ActionRowBuilder, ButtonBuilder, SeparatorBuilder, TextDisplayBuilder } from '@discordjs/builders';
import { ButtonStyle, type Message } from 'discord.js';
import { DomainError } from '../errors.ts';
import { proofGoal } from '../quests/goal.ts';
import { requireQuest } from '../quests/manage.ts';
import { tellProof } from '../quests/proof-announcements.ts';
import { readProofs, type ListedProof, type ProofCursor } from '../quests/proof-store.ts';
import { decideProof } from '../quests/review.ts';
import { renderAnnouncements } from './announcement-messages.ts';
import type { Answer, Call } from './command.ts';
import { timestamp } from './format.ts';
import { COLOURS, note } from './messages.ts';
import { addDecisionButtons, DECIDED, fileLine, linkLine, quote } from './proof-message.ts';
import { encodeProofPage, type ReviewChoice } from './proof-view.ts';
import { plain, shownName } from './text.ts';

/** How many a page shows, within the 40 components and 4,000 characters that a message may have. */
const PAGE = 3;
const TEXT_LENGTH = 250;
const NAME_LENGTH = 40;

/**
 * Lets through whoever may review.
 *
 * @throws DomainError `forbidden`
 */
function requireReviewer({ reader }: Call): void {
  if (reader.mayReview) return;
  throw new DomainError(
    'forbidden',
    'Only those with the permission "Manage Server" or "Moderate Members" can review proofs. Ask an admin of this server.',
  );
}

/** The proofs that wait, oldest first, from a place on. `done`: what was just decided. */
export async function showWaiting(call: Call, after: ProofCursor | undefined, done?: string): Promise<Answer> {
  requireReviewer(call);
  const { services, community } = call;
  const proofs = await readProofs(services.db, community.id, 'waiting', { limit: PAGE + 1, after });
  const shown = proofs.slice(0, PAGE);
  const first = done === undefined ? [] : [done];
  const last = shown.at(-1);
  if (!last) {
    const nothing = after ? 'Nothing more waits after this.' : 'No proof waits for a review.';
    const answer = note([...first, nothing].join('\n'), COLOURS.good);
    return after ? answer.addActionRowComponents(paging(true, undefined)) : answer;
  }
  const answer = note([...first, '## Proofs that wait, oldest first'].join('\n'), COLOURS.waiting);
  for (const proof of shown) {
    answer
      .addSeparatorComponents(new SeparatorBuilder())
      .addTextDisplayComponents(new TextDisplayBuilder({ content: listLines(proof).join('\n') }));
    addDecisionButtons(answer, { proofId: proof.id, times: proof.times }, 'list');
  }
  const next = proofs.length > PAGE ? { at: last.submittedAt, id: last.id } : undefined;
  if (after || next) answer.addActionRowComponents(paging(after !== undefined, next));
  return answer;
}

/**
 * Decides about a proof, and shows it where the decision was made: on its message, or in the list of what is left.
 *
 * @throws DomainError `forbidden`, `unknown-proof`, or `state-conflict` when somebody was faster
 */
export async function decideAndShow(
  call: Call,
  { proofId, times, decision, place }: ReviewChoice,
  reason: string | undefined,
  message: Message | null,
): Promise<Answer> {
  requireReviewer(call);
  const { services, community, reader, actor, now, locale } = call;
  const reviewer = { name: reader.name, discordUserId: reader.userId };
  const verdict = { proofId, times, decision, reason };
  const proof = await decideProof(services, community.id, verdict, reviewer, actor, now);
  services.nudge();
  if (place === 'list' || !message) {
    const state = proof.state === 'waiting' ? '' : `**${DECIDED[proof.state]}**: `;
    return showWaiting(call, undefined, `${state}proof ${proof.id} of ${name(proof.member)}.`);
  }
  const { goal } = await requireQuest(services.db, community.id, proof.questId);
  const told = tellProof(proof, proofGoal(goal)?.show ?? '');
  const uploaded = [...message.attachments.values()].map((attachment) => attachment.name);
  const answer = renderAnnouncements({ id: 0, parts: [[told]], locale }, uploaded);
  // It keeps its number: whoever sent it may still have to find it.
  const id = message.components[0]?.id;
  return id === undefined ? answer : answer.setId(id);
}

function listLines(proof: ListedProof): string[] {
  const { id, quest, member, handle, content, submittedAt, times } = proof;
  return [
    `**${id}: ${name(quest)}** · ${name(member)} (${name(handle)}) · ${timestamp(submittedAt, 'R')}${times > 1 ? ` · handed in ${times} times` : ''}`,
    ...quote(content.text.replaceAll('\n', ' '), TEXT_LENGTH),
    ...content.links.slice(0, 1).map(linkLine),
    ...content.files.slice(0, 1).map((file) => `- ${fileLine(file)}${more(content.files.length - 1)}`),
  ];
}

function more(count: number): string {
  return count > 0 ? ` and ${count} more` : '';
}

function paging(later: boolean, next: ProofCursor | undefined): ActionRowBuilder<ButtonBuilder> {
  const row = new ActionRowBuilder<ButtonBuilder>();
  const button = (label: string, after: ProofCursor | undefined) =>
    new ButtonBuilder().setCustomId(encodeProofPage(after)).setLabel(label).setStyle(ButtonStyle.Secondary);
  if (later) row.addComponents(button('Oldest', undefined));
  if (next) row.addComponents(button('Next', next));
  return row;
}

function name(text: string): string {
  return shownName(plain(text, NAME_LENGTH));
}
