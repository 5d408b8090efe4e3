import { Option, type Command } from 'commander';
import { safeJson } from '../display-text.ts';
import { EXIT_CODES } from '../errors.ts';
import type { Format, Rejection } from '../import/entry.ts';
import { FORMAT_NAMES, openFormat, type FormatName } from '../import/format.ts';
import { BrokenInputError } from '../import/gunzip.ts';
import { openInput, type Chunks } from '../import/input.ts';
import { ProgressBar } from '../../progress-bar.ts';
import { importProgress } from '../import/progress.ts';
import { RecordSplitter, type RawRecord } from '../import/records.ts';
import { Sender, type Counts } from '../import/sender.ts';
import { note, print, printJson } from '../output.ts';
import { openSession } from '../session.ts';
import { wholeNumber } from './options.ts';

const GIVE_UP_AFTER_S = 120;
const DAY_S = 24 * 60 * 60;
/** What a shell reports for a command that Ctrl-C ended. */
const INTERRUPTED = 130;

const NOTES = `
The file holds one contribution a line as JSON (NDJSON), or CSV with a header:
  {"id":"run-1","contributor":"user123","category":"gpu-contributors","amount":"12.5","occurredAt":"2026-08-22T15:53:42Z"}
  id,contributor,category,amount,occurredAt,subject,displayName
Either may be packed with gzip. Running it again is safe: what was recorded counts once.

Examples:
  $ omnitensor-cli import contributions.ndjson.gz
  $ omnitensor-cli import july.csv --community berlin
  $ zcat *.ndjson.gz | omnitensor-cli import -
`;

type ImportOptions = { format?: FormatName; giveUpAfter: number };

/** `import`: sends a file of contributions. */
export function importCommand(program: Command): void {
  program
    .command('import')
    .argument('<file>', 'the file, or - for standard input')
    .description('send a file of contributions')
    .addOption(new Option('--format <format>', "what is in it (default: by the file's name)").choices(FORMAT_NAMES))
    .option(
      '--give-up-after <seconds>',
      'how long to wait for a server that goes away meanwhile',
      wholeNumber(0, DAY_S),
      GIVE_UP_AFTER_S,
    )
    .addHelpText('after', NOTES)
    .action(importContributions);
}

async function importContributions(file: string, options: ImportOptions, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const input = await openInput(file);
  const bar = new ProgressBar(process.stderr);
  const sender = new Sender(api, `${await communityPath()}/contributions`, {
    giveUpAfterMs: options.giveUpAfter * 1000,
    onRejected: (rejection) => bar.above(() => note(formatRejection(rejection, json))),
    onWait: (reason, waitMs) =>
      bar.above(() => note(`${reason}; trying again in ${Math.ceil(waitMs / 1000)} s. Nothing is lost.`)),
    onSent: () => bar.update(importProgress(input, total(sender.counts))),
  });
  const onInterrupt = () => {
    bar.clear();
    note(`Stopped at ${formatCounts(sender.counts)}. Run it again to go on: nothing counts twice.`);
    process.exit(INTERRUPTED);
  };
  process.once('SIGINT', onInterrupt);
  const warn = (message: string) => bar.above(() => note(message));
  let isWorthTelling = false;
  try {
    await sendAll(await openFormat(input.chunks, file, options.format, warn), sender);
    isWorthTelling = true;
  } catch (error) {
    isWorthTelling = sender.hasAnswered || error instanceof BrokenInputError;
    throw error;
  } finally {
    process.off('SIGINT', onInterrupt);
    bar.clear();
    if (isWorthTelling) {
      if (json) printJson(sender.counts);
      else print(formatCounts(sender.counts));
    }
  }
  if (sender.counts.rejected > 0) process.exitCode = EXIT_CODES.refused;
}

async function sendAll({ format, chunks }: { format: Format; chunks: Chunks }, sender: Sender): Promise<void> {
  const splitter = new RecordSplitter(format.findEnd);
  const send = async (records: Iterable<RawRecord>) => {
    for (const record of records) {
      const entry = format.read(record);
      if (entry) await sender.add(entry);
    }
  };
  try {
    for await (const chunk of chunks) await send(splitter.push(chunk));
  } catch (error) {
    // The record that it is broken in may look whole and not be: an amount of 12 that was to be 125.
    if (error instanceof BrokenInputError) await sender.flush();
    throw error;
  }
  await send(splitter.end());
  await sender.flush();
}

function formatRejection({ line, id, reason, detail }: Rejection, json: boolean): string {
  if (json) return safeJson({ line, id, reason, detail });
  return [`line ${line}`, reason, detail].filter((part) => part !== undefined).join(': ');
}

function formatCounts({ accepted, duplicates, rejected }: Counts): string {
  return `accepted ${accepted}, duplicates ${duplicates}, rejected ${rejected}`;
}

function total({ accepted, duplicates, rejected }: Counts): number {
  return accepted + duplicates + rejected;
}
