import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import { changeCounting } from '../../src/contributions/void.ts';
import { creditFeedback } from '../../src/feedback/credit-feedback.ts';
import { createKey } from '../../src/keys/api-keys.ts';
import { createLinkCode, linkDiscordUser } from '../../src/members/link.ts';
import { mergeMembers } from '../../src/members/merge.ts';
import { requireMember } from '../../src/members/members.ts';
import { deleteMember } from '../../src/privacy/delete-member.ts';
import { changePrivacy, type PrivacySettings } from '../../src/privacy/settings.ts';
import { joinQuest } from '../../src/quests/join.ts';
import type { WindowKind } from '../../src/ranking/calendar.ts';
import { readLeaderboard } from '../../src/ranking/read-leaderboard.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from './communities.ts';
import { decide, handIn, PROOF_GOAL, proofsOf } from './proofs.ts';
import { hours, makeQuest } from './quests.ts';

export const HIDDEN = /^hidden-[a-z0-9]{6}$/;
export const DELETED = /^deleted-[a-z0-9]{6}$/;
/** The Discord account of {@link openWithPerson}. */
export const ACCOUNT = '770011223344556677';

/** A community in which people contribute, hide, and are deleted. */
export async function openPrivacy(db: Kysely<Database>, createdAt?: Date) {
  const community = await makeCommunity(db, {}, createdAt);
  const context = recording(db);
  let sent = 0;
  return {
    db,
    community,
    context,
    /** Sends contributions as they are; what is not given is ordinary. */
    send: (...events: Partial<Parameters<typeof contribution>[0]>[]) =>
      record(
        context,
        community,
        events.map((event) => contribution({ id: `sent-${++sent}`, ...event })),
      ),
    choose: (handle: string, changes: Partial<PrivacySettings>, now = NOW) =>
      changePrivacy(context, community.id, { handle }, changes, TESTER, now),
    hide: async (handle: string, now = NOW) =>
      (await changePrivacy(context, community.id, { handle }, { hidden: true }, TESTER, now)).hiddenAs ?? '',
    remove: (handle: string, now = NOW) => deleteMember(context, community.id, { handle }, TESTER, now),
    merge: (from: string, into: string) => mergeMembers(context, community.id, { from, into }, TESTER, NOW),
    member: (handle: string) => requireMember(db, community.id, handle),
    /** Who stands on the board of GPU hours, in order. */
    board: async (window: WindowKind = 'all', period = 'current', now = NOW) => {
      const known = await context.directory.bySlug(community.slug);
      const request = { category: 'gpu-contributors', window, period, limit: 100, offset: 0 };
      return (await readLeaderboard(db, known, request, now)).entries;
    },
  };
}

const AS_ADA = { name: `Discord user ${ACCOUNT}` };

/** Ada Lovelace, of whom there is something in every table that knows people. */
export async function openWithPerson(db: Kysely<Database>) {
  const scene = await openPrivacy(db);
  const { community, context, send, merge } = scene;
  await db
    .updateTable('communities')
    .set({ discord_review_channel_id: '5' })
    .where('community_id', '=', community.id)
    .execute();
  const known = () => context.directory.bySlug(community.slug);
  const asked = await makeQuest(context, community.slug, { name: 'Show it', goal: PROOF_GOAL });
  const done = await makeQuest(context, community.slug, { name: 'Do it', joinRequired: true, countEarlier: true });
  await send(
    { id: 'a1', contributor: 'lovelace', displayName: 'Ada Lovelace', amount: 20, occurredAt: hours(-1).toISOString() },
    { id: 'a2', contributor: 'byron', displayName: 'Ada Lovelace', amount: 1 },
    { id: 'a3', contributor: `discord-${ACCOUNT}`, displayName: 'Ada Lovelace', amount: 1 },
    { id: 'b1', contributor: 'bob', amount: 5 },
  );
  await merge('byron', 'lovelace');
  const { code } = await createLinkCode(context, community.id, 'lovelace', TESTER, NOW);
  await linkDiscordUser(context, community.id, { code, discordUserId: ACCOUNT }, AS_ADA, NOW);
  await createLinkCode(context, community.id, 'lovelace', TESTER, NOW);
  const key = await createKey(
    db,
    community.id,
    { name: 'lovelace', source: 'node', scopes: ['write'], contributor: 'lovelace' },
    TESTER,
    NOW,
  );
  await joinQuest(context, community.id, done, { handle: 'lovelace' }, AS_ADA, NOW);
  await handIn(context, community, asked, { handle: 'lovelace' }, { text: 'It is me, Ada Lovelace' });
  await handIn(context, community, asked, { handle: 'bob' });
  const proofs = await proofsOf(context, community);
  const byAda = { by: { name: 'Ada Lovelace', discordUserId: ACCOUNT } };
  await decide(context, community, proofs[1]?.id ?? 0, 'ask', byAda);
  await handIn(context, community, asked, { handle: 'bob' }, { text: 'More' });
  await decide(context, community, proofs[1]?.id ?? 0, 'refuse', byAda);
  for (const [giverId, id] of [
    ['9', ACCOUNT],
    [ACCOUNT, '9'],
  ] as const) {
    const link = `https://discord.com/channels/1/2/written-by-${id}`;
    const name = id === ACCOUNT ? 'Ada Lovelace' : 'Nine';
    const message = { id: `m${name.length}`, link, author: { id, name, isBot: false } };
    await creditFeedback(context, await known(), { giverId, message }, { name: `Discord user ${giverId}` }, NOW);
  }
  const target = { source: 'test', id: 'b1' };
  await changeCounting(context, community.id, { kind: 'void', target, reason: 'Test' }, AS_ADA, NOW);
  await db
    .insertInto('discord_roles')
    .values({ community_id: community.id, discord_user_id: ACCOUNT, role_ids: ['1'], seen_at: NOW })
    .execute();
  await db
    .insertInto('link_failures')
    .values({ community_id: community.id, discord_user_id: ACCOUNT, since: NOW, failures: 1 })
    .execute();
  return { ...scene, known, key };
}

/** Every row of every table that holds any of some texts, as `table: row`. */
export async function rowsWith(db: Kysely<Database>, texts: readonly string[]): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string }>`
    select relname::text as name from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace and relname not like 'kysely_%' order by 1`.execute(
    db,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(db);
    found.push(
      ...rows.filter(({ row }) => texts.some((text) => row.includes(text))).map(({ row }) => `${name}: ${row}`),
    );
  }
  return found;
}
