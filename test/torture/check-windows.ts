import { createHash } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import type { Checked } from './check.ts';
import { COMMUNITY } from './installation.ts';
import { windowsEnding, type PlainWindow } from './plain-windows.ts';
import type { Said } from './said.ts';

/** A final table as everybody can read it: the handles in the order of ranks. */
export type PlainTable = { window: PlainWindow; category: string; handles: string[] };

export type WindowsReport = {
  faults: string[];
  count: number;
  /** The newest version of every table, in the order in which windows are frozen. */
  tables: PlainTable[];
  /** Of the first version of every table in which anybody stands. */
  hashes: string[];
};

/**
 * Every window that was due is final, closed once and in order, no other one is, and the documents have the hashes that are
 * recorded; each was told, or was too old to be told.
 */
export async function checkWindows(
  db: Kysely<Database>,
  checked: Checked,
  said: readonly Said[],
): Promise<WindowsReport> {
  const { timeZone, createdAt, now } = checked;
  const report: WindowsReport = { faults: [], count: 0, tables: [], hashes: [] };
  const ended = windowsEnding(timeZone, { after: createdAt, until: now });
  const due = ended.filter(({ frozenDueAt }) => frozenDueAt <= now);
  report.count = due.length;
  report.faults.push(...(await checkOrder(db, due)));
  for (const window of due) {
    const hasLines = await checkTables(checked, window, report);
    const times = said.filter(({ closed }) => closed === `${window.kind} ${window.key}`).length;
    // A window without contributions closes quietly.
    if (times !== (hasLines ? 1 : 0)) report.faults.push(`${window.kind} ${window.key} was to be told ${times} times.`);
  }
  return report;
}

/** As the windows are recorded. */
async function checkOrder(db: Kysely<Database>, due: readonly PlainWindow[]): Promise<string[]> {
  const { rows } = await sql<{ slot: string; endsAt: Date; frozenAt: Date; frozenSeq: bigint }>`
    select kind || ' ' || key as slot, ends_at as "endsAt", frozen_at as "frozenAt", frozen_seq as "frozenSeq" from windows
    where frozen_at is not null`.execute(db);
  const recorded = new Map(rows.map((row) => [row.slot, row]));
  const faults: string[] = [];
  let last = { frozenAt: new Date(0), frozenSeq: 0n };
  for (const { kind, key, endsAt, frozenDueAt } of due) {
    const slot = `${kind} ${key}`;
    const row = recorded.get(slot);
    recorded.delete(slot);
    if (!row) faults.push(`${slot} was due at ${frozenDueAt.toISOString()}, and was never closed.`);
    else {
      if (row.endsAt.getTime() !== endsAt.getTime()) faults.push(`${slot} ended at ${row.endsAt.toISOString()}.`);
      if (row.frozenAt < frozenDueAt) faults.push(`${slot} was closed too early, at ${row.frozenAt.toISOString()}.`);
      if (row.frozenAt < last.frozenAt || row.frozenSeq < last.frozenSeq)
        faults.push(`${slot} was closed out of order.`);
      last = row;
    }
  }
  for (const slot of recorded.keys()) faults.push(`${slot} was closed, and was not due.`);
  return faults;
}

/** Returns whether anybody stood in the window when it closed. */
async function checkTables({ caller }: Checked, window: PlainWindow, report: WindowsReport): Promise<boolean> {
  const { kind, key } = window;
  const { json } = await caller.insist('GET', `${COMMUNITY}/windows/${kind}/${key}`);
  const tables: { category: string; version: number; sha256: string; members: number }[] = json.tables ?? [];
  if (json.status !== 'final' || tables.length !== 3)
    report.faults.push(`${kind} ${key} is ${json.status}, with ${tables.length} tables.`);
  let hasLines = false;
  for (const { category, version, sha256, members } of tables) {
    const path = `${COMMUNITY}/leaderboards/${category}/final?window=${kind}&period=${key}`;
    const { text } = await caller.insist('GET', path);
    const hash = createHash('sha256').update(text).digest('hex');
    if (hash !== sha256)
      report.faults.push(`${category}, ${kind} ${key}: the document has the hash ${hash}, and ${sha256} is recorded.`);
    const handles = text.split('\n').flatMap((line) => line.split('\t')[1] ?? []);
    if (handles.length !== members)
      report.faults.push(`${category}, ${kind} ${key}: ${handles.length} lines for ${members} members.`);
    report.tables.push({ window, category, handles });
    const first = version === 1 ? { text, sha256 } : await readFirst(caller, `${path}&version=1`);
    if (first.text !== '') report.hashes.push(first.sha256);
    hasLines ||= first.text !== '';
  }
  return hasLines;
}

async function readFirst(caller: Checked['caller'], path: string): Promise<{ text: string; sha256: string }> {
  const { text, headers } = await caller.insist('GET', path);
  return { text, sha256: (headers.get('etag') ?? '').replaceAll('"', '') };
}
