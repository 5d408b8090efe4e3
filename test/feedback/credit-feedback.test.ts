import { beforeEach, describe, expect, it } from 'vitest';
import { createLinkCode, linkDiscordUser } from '../../src/members/link.ts';
import { creditFeedback, type CreditedMessage } from '../../src/feedback/credit-feedback.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { differencesOf } from '../support/verifying.ts';

const database = useDatabase();
const GIVER = '300';
let community: Awaited<ReturnType<typeof makeCommunity>>;
let context: RankingContext;

beforeEach(async () => {
  community = await makeCommunity(database.db, { timeZone: 'Asia/Kolkata' });
  context = recording(database.db);
});

let messages = 0;
const messageOf = (id: string, fields: Partial<CreditedMessage> = {}): CreditedMessage => {
  messages += 1;
  return {
    id: `m${messages}`,
    link: `https://discord.com/channels/1/2/m${messages}`,
    author: { id, name: `User ${id}`, isBot: false },
    ...fields,
  };
};
const credit = async (message: CreditedMessage, giverId = GIVER, now = NOW) =>
  creditFeedback(context, await context.directory.bySlug(community.slug), { giverId, message }, TESTER, now);
const lines = () =>
  database.db
    .selectFrom('contributions as c')
    .innerJoin('sources as s', (join) =>
      join.onRef('s.community_id', '=', 'c.community_id').onRef('s.source_id', '=', 'c.source_id'),
    )
    .select(['s.name', 'c.external_id', 'c.amount', 'c.reward', 'c.rate', 'c.reputation', 'c.occurred_at'])
    .where('c.community_id', '=', community.id)
    .execute();

describe('critical feedback', () => {
  it('FE-1 the author gets one unit and reputation 5, no OMNIT, now, under a source of its own, with the link kept', async () => {
    const message = messageOf('1');
    expect(await credit(message)).toMatchObject({
      member: { handle: 'discord-1', displayName: 'User 1', earnedOmnit: 0n, earnedReputation: 5000n },
      reputation: 5000n,
      held: false,
      left: 9,
    });
    expect(await lines()).toEqual([
      {
        name: 'discord-feedback',
        external_id: message.id,
        amount: 1000n,
        reward: 0n,
        rate: 0n,
        reputation: 5000n,
        occurred_at: NOW,
      },
    ]);
    const kept = database.db.selectFrom('feedback_credits').selectAll().where('community_id', '=', community.id);
    expect(await kept.execute()).toMatchObject([
      { message_id: message.id, message_link: message.link, author_id: '1', giver_id: GIVER, at: NOW },
    ]);
    expect(await differencesOf(context, community.slug)).toEqual([]);
  });

  it('FE-2 a message is credited once, whoever presses, and how often at once', async () => {
    const message = messageOf('1');
    const tried = await Promise.allSettled([credit(message), credit(message), credit(message, '301')]);
    expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(credit(message, '302')).rejects.toThrow('credited already');
    expect(await lines()).toHaveLength(1);
  });

  it('FE-3 nobody credits a message of their own or of a bot', async () => {
    await expect(credit(messageOf(GIVER))).rejects.toThrow('of their own');
    await expect(credit(messageOf('1', { author: { id: '1', name: 'Bot', isBot: true } }))).rejects.toThrow('A bot');
    expect(await lines()).toEqual([]);
  });

  it('FE-4 a giver credits 10 a day of the community', async () => {
    // 23:59:59 and midnight in India.
    const evening = new Date('2026-08-22T18:29:59Z');
    for (let n = 0; n < 10; n += 1) await credit(messageOf('1'), GIVER, evening);
    await expect(credit(messageOf('1'), GIVER, evening)).rejects.toThrow('10 messages today');
    await credit(messageOf('1'), '301', evening);
    expect(await credit(messageOf('1'), GIVER, new Date('2026-08-22T18:30:00Z'))).toMatchObject({ left: 9 });
  });

  it('FE-5 what a crash broke off is recorded when it is tried again, as of the first time', async () => {
    const message = messageOf('1');
    await database.db
      .insertInto('feedback_credits')
      .values({
        community_id: community.id,
        message_id: message.id,
        message_link: message.link,
        author_id: '1',
        giver_id: GIVER,
        at: NOW,
      })
      .execute();
    await credit(message, GIVER, new Date(NOW.getTime() + 60_000));
    expect(await lines()).toMatchObject([{ occurred_at: NOW }]);
    await expect(credit(message)).rejects.toThrow('credited already');
  });

  it('FE-6 a linked author is credited as the member, whose name stays', async () => {
    await record(context, community, [contribution({ id: '1', contributor: 'ada', displayName: 'Ada L.' })]);
    const { code } = await createLinkCode(context, community.id, 'ada', TESTER, NOW);
    await linkDiscordUser(context, community.id, { code, discordUserId: '1' }, TESTER, NOW);
    expect(await credit(messageOf('1'))).toMatchObject({
      member: { handle: 'ada', displayName: 'Ada L.', earnedReputation: 5000n },
    });
  });

  it('FE-7 a community without the category is told so, and nothing is put down', async () => {
    community = await makeCommunity(database.db, { preset: undefined });
    await expect(credit(messageOf('1'))).rejects.toThrow('"data-validators"');
    const kept = database.db.selectFrom('feedback_credits').selectAll().where('community_id', '=', community.id);
    expect(await kept.execute()).toEqual([]);
  });
});
