/** All that is kept of a member, as one JSON document. */
import type { Kysely } from 'kysely';
import type { KnownCommunity } from '../communities/directory.ts';
import type { Database } from '../db/database.ts';
import { readMember, type Member } from '../members/members.ts';
import { formatDecimal } from '../ranking/score.ts';
import { namesOf } from './person.ts';
import { readAccounts, readAuditTrail, readKeys } from './export-identity.ts';
import { readContributionPages, readGrants, readPlaces } from './export-work.ts';
import { readExclusions, readFeedback, readQuests, readTold } from './export-activity.ts';
import { readPrivacy } from './settings.ts';

/**
 * Writes all that is kept of a member as one JSON document, piece by piece: contributions by pages, each a short
 * statement, so that it takes the same memory for any size. What happens meanwhile may be in it or not. Amounts are
 * decimals as text, times RFC 3339. Other people are left out.
 */
export async function* exportData(
  db: Kysely<Database>,
  community: KnownCommunity,
  memberId: number,
  now: Date,
): AsyncGenerator<string> {
  const member = await readMember(db, community.id, memberId);
  const names = await namesOf(db, community.id, member);
  const keys = await readKeys(db, community.id, names);
  const sections: Record<string, () => unknown> = {
    exportedAt: () => now.toISOString(),
    community: () => ({ slug: community.slug, name: community.name }),
    member: () => describeMember(member, names.handles),
    settings: () => readPrivacy(db, community.id, { handle: member.handle }),
    keys: () => keys,
    accounts: () => readAccounts(db, community.id, memberId, names),
    standings: () => readPlaces(db, community, memberId),
    grants: () => readGrants(db, community.id, memberId),
    quests: () => readQuests(db, community.id, memberId),
    feedback: () => readFeedback(db, community.id, names),
    exclusions: () => readExclusions(db, community.id, memberId),
    announcements: () => readTold(db, community.id, memberId, names),
    audit: () => readAuditTrail(db, community.id, { ...names, keys: keys.map(({ name }) => name) }),
  };
  yield '{\n';
  for (const [name, read] of Object.entries(sections)) {
    yield `${JSON.stringify(name)}: ${JSON.stringify(await read())},\n`;
  }
  yield '"contributions": [';
  let separator = '\n';
  for await (const page of readContributionPages(db, community, memberId)) {
    yield separator + page.map((one) => JSON.stringify(one)).join(',\n');
    separator = ',\n';
  }
  yield '\n]\n}\n';
}

function describeMember(member: Member, handles: readonly string[]) {
  const { handle, displayName, discordUserId, hiddenAs, earnedOmnit, earnedReputation } = member;
  return {
    handle,
    otherHandles: handles.filter((other) => other !== handle),
    displayName,
    discordUserId,
    hiddenAs,
    earned: { omnit: formatDecimal(earnedOmnit), reputation: formatDecimal(earnedReputation) },
  };
}
