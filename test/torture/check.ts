/** Holding everything against the plain model, when all has settled and the server runs. */
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
import { compareSaid, readSaid } from './said.ts';

/** What is checked, and what with. */
export type Checked = {
  installation: Installation;
  caller: Caller;
  ledger: PlainLedger;
  people: People;
  prizes: readonly PlainPrize[];
  timeZone: string;
  createdAt: Date;
  now: Date;
};

/** What faults are about. */
export const AREAS = [
  'server',
  'contributions',
  'windows',
  'grants',
  'roles',
  'announcements',
  'verification',
] as const;
/** What is not as it must be, in sentences. */
export type Faults = Record<(typeof AREAS)[number], string[]>;

/** Finds what is not as it must be, and sums up what was looked at. */
export async function findFaults(checked: Checked): Promise<{ faults: Faults; summary: string }> {
  return checked.installation.withDatabase(async (db) => {
    const { installation, caller, ledger, people } = checked;
    const said = await readSaid(db);
    const windows = await checkWindows(db, checked, said);
    const grants = await checkGrants(db, checked, windows.tables);
    const messages = checkMessages(checked, windows.hashes);
    const { code, output } = await verifyStandings(installation.settings);
    const { json } = await caller.insist('GET', '/v1/jobs');
    const faults: Faults = {
      server: (await people.look('gpu-contributors')).includes('Top GPU Contributors') ? [] : ['No board is shown.'],
      contributions: [...ledger.faults, ...(await checkContributions(db, checked))],
      windows: windows.faults,
      grants: [...grants.faults, ...(await checkQuests(db, checked))],
      roles: await findRoleDifferences(db, people),
      announcements: [...messages.faults, ...compareSaid(said, messages.components), ...findObjections(checked)],
      verification: [
        ...(code === 0 ? [] : [`Verifying found: ${output}`]),
        ...json.jobs.map(({ name, reason }: { name: string; reason: string }) => `The job ${name} failed: ${reason}`),
      ],
    };
    const dropped = said.filter(({ state }) => state === 'dropped').length;
    const summary = [
      `${ledger.sent.length} contributions`,
      `${windows.count} windows closed`,
      `${grants.count} grants of prizes and quests`,
      `${said.length - dropped} things said in ${messages.components.size} messages, ${dropped} too late`,
    ].join('; ');
    return { faults, summary };
  });
}

/** What Discord found wrong with requests. */
function findObjections({ installation: { discord } }: Checked): string[] {
  const problems = new Set(discord.requests.flatMap((request) => request.problems));
  // People leave; and whether the bot may read a channel shows when it asks for a message that is not there.
  for (const usual of ['10007 Unknown Member', '10008 Unknown Message']) problems.delete(usual);
  return [...problems].map((problem) => `Discord objected: ${problem}`);
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
