import { describe, expect, it } from 'vitest';
import { exportData } from '../../src/privacy/export-data.ts';
import { exclude } from '../../src/fair-play/exclusions.ts';
import { NOW, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { ACCOUNT, openPrivacy, openWithPerson } from '../support/privacy.ts';

const database = useDatabase();

async function read(scene: Awaited<ReturnType<typeof openPrivacy>>, handle: string) {
  const { context, community, member } = scene;
  const pieces: string[] = [];
  const known = await context.directory.bySlug(community.slug);
  for await (const piece of exportData(database.db, known, (await member(handle)).id, NOW)) pieces.push(piece);
  return { text: pieces.join(''), data: JSON.parse(pieces.join('')) };
}

describe('my data', () => {
  it('PV-15 has a part for all that is kept, and nothing of other people', async () => {
    const scene = await openWithPerson(database.db);
    const { context, community, choose } = scene;
    await choose('lovelace', { reminders: false });
    const wanted = { target: { member: 'lovelace' }, scope: 'prizes', reason: 'Staff', endsAt: undefined } as const;
    await exclude(context, community.id, wanted, TESTER, NOW);
    const { text, data } = await read(scene, 'byron');
    expect(data).toMatchObject({
      exportedAt: NOW.toISOString(),
      community: { slug: community.slug },
      member: {
        handle: 'lovelace',
        otherHandles: ['byron', `discord-${ACCOUNT}`],
        displayName: 'Ada Lovelace',
        discordUserId: ACCOUNT,
      },
      settings: { hidden: false, reminders: false, mentions: true, showDiscord: false, shownAgainAt: [] },
      keys: [{ name: 'lovelace', scopes: ['write'], revokedAt: null }],
      accounts: {
        discordUserIds: [ACCOUNT],
        linkCodes: [{ usedAt: NOW.toISOString() }, { usedAt: null }],
        wrongCodes: [{ failures: 1 }],
        rolesSeen: [{ roleIds: ['1'] }],
      },
      grants: [{ kind: 'tokens', amount: '5', state: 'effective' }],
      quests: {
        joined: [{ name: 'Do it' }],
        completed: [{ name: 'Do it', round: 'once', won: true }],
        proofs: [{ name: 'Show it', content: { text: 'It is me, Ada Lovelace' }, state: 'waiting' }],
      },
      feedback: {
        received: [{ link: `https://discord.com/channels/1/2/written-by-${ACCOUNT}` }],
        given: [{ link: 'https://discord.com/channels/1/2/written-by-9' }],
      },
      exclusions: [{ scope: 'prizes', reason: 'Staff', endsAt: null }],
      announcements: { naming: [{ kind: 'quest-completed' }] },
    });
    expect(
      data.contributions.map(({ id, occurredAt }: { id: string; occurredAt: string }) => [occurredAt, id]),
    ).toEqual(
      data.contributions
        .map(({ id, occurredAt }: { id: string; occurredAt: string }) => [occurredAt, id])
        .toSorted(([a]: [string], [b]: [string]) => Date.parse(a) - Date.parse(b)),
    );
    expect(data.contributions).toHaveLength(4);
    expect(data.standings).toContainEqual(
      expect.objectContaining({ category: 'gpu-contributors', window: 'all', rank: 1 }),
    );
    expect(data.audit).toContainEqual(
      expect.objectContaining({ by: 'you', action: 'contribution.void', target: 'test b1' }),
    );
    expect(data.audit).toContainEqual(
      expect.objectContaining({ by: 'somebody else', action: 'member.merge', after: expect.anything() }),
    );
    // Bob is in it nowhere, nor is who decided or credited.
    expect(text).not.toMatch(/\bbob\b|tester|Rita|Nine|Discord user/);
  });

  it('PV-15 of a member of whom there is nothing is a whole document, too', async () => {
    const scene = await openPrivacy(database.db);
    await scene.send({ contributor: 'ada' });
    await database.db.deleteFrom('contributions').where('community_id', '=', scene.community.id).execute();
    expect((await read(scene, 'ada')).data).toMatchObject({ member: { handle: 'ada' }, contributions: [], grants: [] });
  });

  it('PV-15 pages over contributions of one moment without losing or repeating any', async () => {
    const scene = await openPrivacy(database.db);
    for (let batch = 0; batch < 3; batch += 1) {
      await scene.send(...Array.from({ length: 900 }, (_, n) => ({ id: `${batch}-${n}`, contributor: 'ada' })));
    }
    const { contributions } = (await read(scene, 'ada')).data;
    expect(new Set(contributions.map(({ id }: { id: string }) => id)).size).toBe(2_700);
    expect(contributions).toHaveLength(2_700);
  });
});
