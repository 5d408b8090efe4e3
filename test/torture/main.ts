/** `npm run torture`: 200 rounds, or as many as `-- --rounds N` says. `SEED=N` repeats what was drawn. */
import { parseArgs } from 'node:util';
import { endWhatIsOpen } from '../support/end-with-file.ts';
import { AREAS } from './check.ts';
import { torture } from './torture.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '200' } } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  print('--rounds must be a whole number from 1 on.');
  process.exit(2);
}
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));

let isEnding = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    isEnding = true;
    void endWhatIsOpen().finally(() => process.exit(1));
  });
}

const startedAt = Date.now();
print(`${rounds} rounds, SEED=${seed}`);
const { faults, errors, kills, interrupted, summary } = await torture({
  seed,
  rounds,
  tell: (line) => print(`${String(Math.round((Date.now() - startedAt) / 1_000)).padStart(4)} s  ${line}`),
}).catch(async (error: unknown) => {
  // Cut off by a signal, whose handler ends the process.
  if (isEnding) await new Promise<never>(() => {});
  throw error;
});
print(`${summary}; ${interrupted} of ${kills} kills in the middle of something`);
const all = AREAS.flatMap((area) => faults[area].map((fault) => `${area}: ${fault}`));
for (const fault of all) print(fault);
if (all.length > 0) {
  print(`\n${all.length} faults with SEED=${seed}. What servers have logged as errors at last:`);
  for (const error of errors) print(error);
  process.exitCode = 1;
} else print('Everything is there once, and nothing else.');

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
