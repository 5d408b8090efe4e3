/** Holding everything against the plain model, when all has settled and the server runs. */
import { connect } from '../../src/db/connect.ts';
import { verifyStandings } from '../support/app-process.ts';
import type { PlainPrize } from './admin.ts';
import type { Caller } from './caller.ts';
import { checkContributions } from './check-contributions.ts';
import { checkGrants } from './check-grants.ts';
import { checkQuests } from './check-quests.ts';
import { findRoleDifferences } from './check-roles.ts';
import { checkWindows } from './check-windows.ts';
import type { Installation } from './installation.ts';
import type { PlainLedger } from './ledger.ts';
import type { People } from './people.ts';
import type { SaidRecord } from './said.ts';

/** What is checked, and what with. */
export type Checked = {
  installation: Installation;
  caller: Caller;
  ledger: PlainLedger;
  people: People;
  prizes: readonly PlainPrize[];
  said: SaidRecord;
  timeZone: string;
  createdAt: Date;
  now: Date;
};

/** Says in sentences what is not as it must be, and sums up what was looked at. */
export async function findFaults(checked: Checked): Promise<{ faults: string[]; summary: string }> {
  const { installation, caller, people, said } = checked;
  const { discord, settings } = installation;
  const db = connect(await installation.databaseUrl(), { maxConnections: 2 });
  try {
    const windows = await checkWindows(db, checked);
    const grants = await checkGrants(db, checked, windows.tables);
    const contributions = await checkContributions(db, checked);
    const messages = checkMessages(checked, windows.hashes);
    const faults = [
      ...contributions,
      ...windows.faults,
      ...grants.faults,
      ...(await checkQuests(db, checked)),
      ...(await findRoleDifferences(db, people)),
      ...messages.faults,
      ...said.compare(messages.components),
    ];
    const { code, output } = await verifyStandings(settings);
    if (code !== 0) faults.push(`Verifying found: ${output}`);
    const { json } = await caller.insist('GET', '/v1/jobs');
    for (const { name, reason } of json.jobs) faults.push(`The job ${name} rests as failed: ${reason}`);
    const problems = new Set(discord.requests.flatMap((request) => request.problems));
    // People leave.
    problems.delete('10007 Unknown Member');
    for (const problem of problems) faults.push(`Discord objected: ${problem}`);
    if (!(await people.look('gpu-contributors')).includes('Top GPU Contributors'))
      faults.push('Nobody shows the board.');
    const summary = `${checked.ledger.sent.length} contributions, ${windows.count} windows closed, ${grants.count} grants of prizes and quests, ${messages.components.size} messages`;
    return { faults, summary };
  } finally {
    await db.destroy();
  }
}

/** What people see in the channel and in private, by the ids of components; and each hash of a final table once. */
function checkMessages(
  { installation: { discord, announcements }, people }: Checked,
  hashes: readonly string[],
): { components: Map<number, number>; faults: string[] } {
  const channels = [announcements, ...people.users.map((user) => discord.privateChannel(user))];
  const messages = channels.flatMap((channel) => discord.messages(channel));
  const components = new Map<number, number>();
  for (const message of messages) {
    for (const { id } of message.components) {
      if (typeof id === 'number') components.set(id, (components.get(id) ?? 0) + 1);
    }
  }
  const told = messages.map((message) => message.text()).filter((text) => text.includes('the final table'));
  const faults = hashes.flatMap((hash) => {
    const times = told.filter((text) => text.includes(hash)).length;
    return times > 1 ? [`The final table of hash ${hash} was told ${times} times.`] : [];
  });
  return { components, faults };
}
