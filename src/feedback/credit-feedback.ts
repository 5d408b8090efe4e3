import type { Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { lockCommunity } from '../communities/lock.ts';
import { recordBatch } from '../contributions/record-batch.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { FEEDBACK_SOURCE, findOrMakeSource } from '../keys/api-keys.ts';
import { discordHandle, findDiscordMember, type Member } from '../members/members.ts';
import type { RankingContext } from '../ranking/context.ts';
import { localDayOf } from '../ranking/local-day.ts';
import { reputationOf } from '../ranking/score.ts';
import { checkText, DISPLAY_NAME } from '../text.ts';

/** Where critical feedback counts: who finds a flaw has validated. */
const CATEGORY = 'data-validators';
const ONE_UNIT = 1000n;
/** How many one giver may credit a day of the community. */
const MAX_A_DAY = 10;

/** A message of Discord that somebody credits. */
export type CreditedMessage = {
  id: string;
  /** The evidence. */
  link: string;
  author: { id: string; name: string; isBot: boolean };
};

/** What came of it. `reputation` in thousandths; `left`: how many the giver may still credit today. */
export type FeedbackCredit = { member: Member; reputation: bigint; held: boolean; left: number };

/**
 * Credits a message as critical feedback: its author gets one unit and the reputation that goes with it, and no OMNIT.
 * Once a message, whoever credits it. It counts at the moment of crediting: so an old message moves no window that has
 * passed, and the giver's day is the day it counts in. What a crash broke off is carried on with when it is tried again.
 *
 * @throws DomainError `forbidden` for a message of one's own or a bot's, or `state-conflict` where it was credited
 *   before, the giver's day is used up, or the category is missing
 */
export async function creditFeedback(
  context: RankingContext,
  community: KnownCommunity,
  { giverId, message }: { giverId: string; message: CreditedMessage },
  actor: Actor,
  now: Date,
): Promise<FeedbackCredit> {
  const { author } = message;
  if (author.isBot) throw new DomainError('forbidden', 'A bot earns nothing. Credit the message of a person.');
  if (author.id === giverId) throw new DomainError('forbidden', 'Nobody credits a message of their own.');
  const category = community.categoryBySlug.get(CATEGORY);
  if (!category) {
    throw new DomainError(
      'state-conflict',
      `Feedback counts in the category "${CATEGORY}", which this community does not have. An admin can add it.`,
    );
  }
  const sourceId = await findOrMakeSource(context.db, community.id, FEEDBACK_SOURCE);
  const { occurredAt, left } = await context.db
    .transaction()
    .execute((trx) => claim(trx, community, { giverId, message }, actor, now));

  const known = await findDiscordMember(context.db, community.id, author.id);
  const name = checkText(author.name, DISPLAY_NAME);
  const contribution = {
    id: message.id,
    contributor: known?.handle ?? discordHandle(author.id),
    category: category.slug,
    amount: ONE_UNIT,
    occurredAt,
    // The name that the network gave somebody stays.
    ...(known?.discordUserId === undefined && 'text' in name ? { displayName: name.text } : {}),
  };
  const [outcome] = await recordBatch(context, community.id, [{ sourceId, contribution, unpaid: true }], now);
  if (outcome?.status === 'duplicate') throw creditedBefore();
  if (outcome?.status !== 'accepted') {
    throw new DomainError('state-conflict', outcome?.detail ?? 'The feedback was not recorded. Try again.');
  }
  const member = await findDiscordMember(context.db, community.id, author.id);
  if (!member) throw new Error(`The author ${author.id} was credited and is no member.`);
  const reputation = reputationOf(ONE_UNIT, category.reputation);
  return { member, reputation, held: outcome.held === true, left };
}

/** Puts the message down as this giver's, under the community's lock, so that two who press at once are told apart. */
async function claim(
  trx: Transaction<Database>,
  { id: communityId, timeZone }: KnownCommunity,
  { giverId, message }: { giverId: string; message: CreditedMessage },
  actor: Actor,
  now: Date,
): Promise<{ occurredAt: Date; left: number }> {
  await lockCommunity(trx, communityId);
  const today = localDayOf(timeZone, now);
  const { count } = await trx
    .selectFrom('feedback_credits')
    .select((eb) => eb.fn.countAll<bigint>().as('count'))
    .where('community_id', '=', communityId)
    .where('giver_id', '=', giverId)
    .where('at', '>=', today.startsAt)
    .where('at', '<', today.endsAt)
    .executeTakeFirstOrThrow();
  const before = await trx
    .selectFrom('feedback_credits')
    .select(['giver_id', 'at'])
    .where('community_id', '=', communityId)
    .where('message_id', '=', message.id)
    .executeTakeFirst();
  // The same giver's may not have been recorded yet: recording tells.
  if (before?.giver_id === giverId) return { occurredAt: before.at, left: MAX_A_DAY - Number(count) };
  if (before) throw creditedBefore();
  if (count >= MAX_A_DAY) {
    throw new DomainError(
      'state-conflict',
      `You have credited ${MAX_A_DAY} messages today, which is the most a day. Go on tomorrow.`,
    );
  }
  await trx
    .insertInto('feedback_credits')
    .values({
      community_id: communityId,
      message_id: message.id,
      message_link: message.link,
      author_id: message.author.id,
      giver_id: giverId,
      at: now,
    })
    .execute();
  await writeAudit(trx, {
    communityId,
    at: now,
    actor,
    action: 'feedback.credit',
    target: discordHandle(message.author.id),
    after: { message: message.link },
  });
  return { occurredAt: now, left: MAX_A_DAY - Number(count) - 1 };
}

function creditedBefore(): DomainError {
  return new DomainError('state-conflict', 'This message was credited already: each counts once.');
}
