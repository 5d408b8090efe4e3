import { describe, expect, it } from 'vitest';
import { deleteMember } from '../../src/privacy/delete-member.ts';
import { changePrivacy } from '../../src/privacy/settings.ts';
import { tellMembers } from '../../src/privacy/told-members.ts';
import { contribution, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { cancelled, Outbox } from '../support/outbox.ts';

const database = useDatabase();
const HOUR_MS = 3_600_000;

/** An outbox of a community with three members, of whom something is said. */
async function open() {
  const { db } = database;
  const outbox = await Outbox.open(db);
  const { communityId } = outbox;
  const context = recording(db);
  const { source_id: sourceId } = await db
    .selectFrom('sources')
    .select('source_id')
    .where('community_id', '=', communityId)
    .executeTakeFirstOrThrow();
  await record(
    context,
    { id: communityId, sourceId },
    ['ada', 'bob', 'eve'].map((contributor) =>
      contribution({ id: contributor, contributor, displayName: `The ${contributor}` }),
    ),
  );
  const rows = await db
    .selectFrom('members')
    .select('member_id')
    .where('community_id', '=', communityId)
    .orderBy('member_id')
    .execute();
  const told = await tellMembers(
    db,
    communityId,
    rows.map((row) => row.member_id),
  );
  return {
    outbox,
    context,
    complete: async (quest: string) => {
      for (const member of told) {
        await outbox.say({ kind: 'quest-completed', quest, member, rewards: [] }, { group: `${quest} completed` });
      }
    },
    settle: (quest: string) => outbox.say({ kind: 'quest-settled', quest, winners: told, others: 1, rewards: [] }),
    choose: (handle: string, hidden: boolean) =>
      changePrivacy(context, communityId, { handle }, { hidden }, TESTER, outbox.now()),
    remove: (handle: string) => deleteMember(context, communityId, { handle }, TESTER, outbox.now()),
    texts: () => outbox.messages().map((message) => message.text()),
  };
}

describe('what was said before', () => {
  it('PV-5 is changed where it stands, a message that tells of several as a whole', async () => {
    const { outbox, complete, settle, choose, remove, texts } = await open();
    await complete('Train it');
    await settle('Race');
    await outbox.deliver();
    expect(texts()).toEqual([expect.stringContaining('3 members completed it: The ada, The bob, The eve')]);
    expect(texts()[0]).toContain('Winners: The ada, The bob, The eve. 1 other reached the goal as well.');
    const [message] = outbox.messages();

    const { hiddenAs } = await choose('bob', true);
    await outbox.deliver();
    expect(texts()).toEqual([expect.stringContaining(`3 members completed it: The ada, ${hiddenAs}, The eve`)]);
    expect(texts()[0]).toContain(`Winners: The ada, ${hiddenAs}, The eve.`);
    expect(outbox.messages()[0]?.id).toBe(message?.id);

    const name = await remove('eve');
    await choose('bob', false);
    await outbox.deliver();
    expect(texts()).toEqual([expect.stringContaining(`3 members completed it: The ada, The bob, ${name}`)]);
    expect(outbox.problems()).toEqual([]);
    const { length } = outbox.discord.requests;
    await outbox.deliver();
    expect(outbox.discord.requests).toHaveLength(length);
  });

  it('PV-5 is tried until it is changed, long after it was of use, and left where the message is gone', async () => {
    const { outbox, settle, choose, texts } = await open();
    await settle('Race');
    await outbox.deliver();
    outbox.pass(60 * 24 * HOUR_MS);
    const { hiddenAs } = await choose('ada', true);
    for (let time = 0; time < 2; time += 1) {
      outbox.discord.faults.failNext(`/channels/${outbox.channel.id}/messages/`, 500);
      await outbox.deliver();
      expect(texts()[0]).toContain('The ada');
      outbox.pass(HOUR_MS);
    }
    await outbox.deliver();
    expect(texts()[0]).toContain(`Winners: ${hiddenAs}, The bob`);
  });

  it('PV-5 waits to be said with the new name, and other things are said as before', async () => {
    const { outbox, complete, choose, texts } = await open();
    await complete('Train it');
    await outbox.say(cancelled('The bob'));
    const { hiddenAs } = await choose('bob', true);
    await outbox.deliver();
    expect(texts()[0]).toContain(`The ada, ${hiddenAs}, The eve`);
    expect(texts()[0]).toContain('is off: The bob');
  });
});
