/** What who hands in a proof does, and where the buttons and forms about proofs lead. */
import { ActionRowBuilder, type ButtonBuilder } from '@discordjs/builders';
import type { ApplicationCommandOptionChoiceData } from 'discord.js';
import { DomainError } from '../errors.ts';
import { findDiscordMember } from '../members/members.ts';
import { proofGoal } from '../quests/goal.ts';
import { handInProof } from '../quests/hand-in.ts';
import { requireQuest } from '../quests/manage.ts';
import { readAskedOf, readLastProof } from '../quests/proof-store.ts';
import type { Proof } from '../quests/proof.ts';
import { statusOf, type QuestStatus } from '../quests/quest.ts';
import { readQuests, readRoundOf } from '../quests/quest-store.ts';
import type { Answer, Call, Command, SuggestionCall } from './command.ts';
import { timestamp } from './format.ts';
import { COLOURS, note } from './messages.ts';
import { handInButton, handInForm, readHandIn, readReason, reasonForm } from './proof-forms.ts';
import { decideAndShow, showWaiting } from './proof-reviews.ts';
import { decodeHandIn, decodeProofPage, decodeReview, type HandInChoice } from './proof-view.ts';
import { offer } from './suggestions.ts';
import { code, plain, shownName } from './text.ts';

/** How many quests are searched for what is typed. */
const SEARCHED = 200;
const NAME_LENGTH = 100;
const REASON_LENGTH = 300;
/** A quest that is offered, and a round of it where one is meant that has ended. */
const CHOICE = /^(\d{1,9})(?:@(once|\d{4}-[W\d-]{2,5}))?$/;

/**
 * Tells what is to be shown for a quest and what became of the reader's proof, with a button that opens the form.
 *
 * @param typed what {@link suggestProofQuests} offers
 * @throws DomainError `invalid-parameter`, `unknown-quest`
 */
export async function showHandIn({ services, community, reader, now }: Call, typed: string): Promise<Answer> {
  const { questId, round: key } = readChoice(typed);
  const quest = await requireQuest(services.db, community.id, questId);
  const goal = proofGoal(quest.goal);
  if (!goal) throw new DomainError('invalid-parameter', `The quest "${quest.name}" asks for no proof.`);
  const round = await readRoundOf(services.db, community.id, quest, key, now);
  const member = await findDiscordMember(services.db, community.id, reader.userId);
  const proof = round && member && (await readLastProof(services.db, community.id, round.id, member.id));
  const lines = [
    `## Proof for ${shownName(plain(quest.name, NAME_LENGTH))}`,
    `To show: ${shownName(plain(goal.show, REASON_LENGTH))}`,
    ...(proof ? [stateLine(proof)] : []),
  ];
  const status = statusOf(quest, now);
  const isFree =
    proof?.state === 'asked' || (status === 'running' && proof?.state !== 'waiting' && proof?.state !== 'approved');
  if (!isFree) {
    if (proof?.state !== 'waiting' && proof?.state !== 'approved') lines.push(NOT_TAKEN[status](quest.startsAt));
    return note(lines.join('\n'), COLOURS.neutral);
  }
  if (status === 'running') {
    const endsAt = round && now < round.endsAt ? round.endsAt : quest.endsAt;
    lines.push(
      `${proof?.state === 'refused' ? 'You can hand in another one. ' : ''}It ends ${timestamp(endsAt, 'R')}.`,
    );
  }
  return note(lines.join('\n'), COLOURS.waiting).addActionRowComponents(
    new ActionRowBuilder<ButtonBuilder>().addComponents(handInButton({ questId, round: key })),
  );
}

/** Why no proof can be handed in. */
const NOT_TAKEN: Record<QuestStatus, (startsAt: Date) => string> = {
  scheduled: (startsAt) => `Proofs are taken once it starts, ${timestamp(startsAt, 'R')}.`,
  running: () => 'No proofs are taken now.',
  settling: () => 'It is over: no more proofs are taken.',
  ended: () => 'It is over: no more proofs are taken.',
  cancelled: () => 'It was cancelled: no more proofs are taken.',
};

/** Offers the running quests that ask for a proof, and the reader's proofs of rounds that have ended of which more is asked. */
export async function suggestProofQuests(
  { services, community, now }: SuggestionCall,
  userId: string,
  typed: string,
): Promise<ApplicationCommandOptionChoiceData<string>[]> {
  const { quests } = await readQuests(services.db, community.id, { limit: SEARCHED, offset: 0 }, now);
  const running = quests.filter((quest) => proofGoal(quest.goal) && statusOf(quest, now) === 'running');
  const member = await findDiscordMember(services.db, community.id, userId);
  const asked = member ? await readAskedOf(services.db, community.id, member.id) : [];
  return offer(
    [
      ...asked.map(({ quest, questId, round }) => ({
        name: `${quest}${round === 'once' ? '' : `, ${round}`}: more is asked`,
        value: `${questId}@${round}`,
      })),
      ...running.map(({ id, name }) => ({ name, value: String(id) })),
    ],
    typed,
  );
}

/** Reads the buttons about proofs, as a command's `press` does. */
export const pressProof: NonNullable<Command['press']> = (customId) => {
  const wanted = decodeHandIn(customId);
  if (wanted) return handInForm(wanted);
  const page = decodeProofPage(customId);
  if (page) return { shows: 'in-place', run: (call) => showWaiting(call, page.after) };
  const choice = decodeReview(customId);
  if (!choice) return undefined;
  if (choice.decision !== 'approve') return reasonForm(choice);
  return { shows: 'in-place', run: (call, { message }) => decideAndShow(call, choice, undefined, message) };
};

/** Reads the forms about proofs, as a command's `submit` does. */
export const submitProof: NonNullable<Command['submit']> = (customId) => {
  const wanted = decodeHandIn(customId);
  if (wanted) {
    return {
      shows: 'to-presser',
      async run(call, interaction) {
        const { services, community, reader, actor, now } = call;
        const content = readHandIn(interaction);
        const prover = { discordUserId: reader.userId, name: reader.name };
        const proof = await handInProof(services, community.id, { ...wanted, content }, prover, actor, now);
        services.nudge();
        return note(
          `## Handed in\nYour proof for **${shownName(plain(proof.quest, NAME_LENGTH))}** waits for a review. The bot tells you in private what was decided; ${code('/quest prove')} shows it, too.`,
          COLOURS.good,
        );
      },
    };
  }
  const choice = decodeReview(customId);
  if (!choice) return undefined;
  return {
    shows: 'in-place',
    run: (call, interaction) => decideAndShow(call, choice, readReason(interaction), interaction.message),
  };
};

function stateLine({ state, submittedAt, review }: Proof): string {
  const why = review?.reason ? `\n> ${shownName(plain(review.reason, REASON_LENGTH))}` : '';
  switch (state) {
    case 'waiting':
      return `You handed in a proof ${timestamp(submittedAt, 'R')}: it waits for a review.`;
    case 'asked':
      return `**More is asked of your proof:**${why}`;
    case 'approved':
      return `**Your proof was approved.**${why}`;
    case 'refused':
      return `**Your proof was refused:**${why}`;
  }
}

function readChoice(typed: string): HandInChoice {
  const [, id, round] = CHOICE.exec(typed) ?? [];
  if (id !== undefined) return { questId: Number(id), round };
  throw new DomainError('invalid-parameter', 'Choose one of the quests that are offered while you type.');
}
