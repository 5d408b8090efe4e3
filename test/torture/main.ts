/** `npm run torture`: 200 rounds, or as many as `-- --rounds N` says. `SEED=N` repeats what was drawn. */
import { parseArgs } from 'node:util';
import { endWhatIsOpen } from '../support/end-with-file.ts';
import { torture } from './torture.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '200' } } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error('--rounds must be a whole number from 1 on.');
  process.exit(2);
}
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void endWhatIsOpen().finally(() => process.exit(1)));
}

const startedAt = Date.now();
console.log(`${rounds} rounds, SEED=${seed}`);
const { faults, errors, summary } = await torture({
  seed,
  rounds,
  onRound({ number, at, what }) {
    const seconds = String(Math.round((Date.now() - startedAt) / 1_000)).padStart(4);
    console.log(
      `${seconds} s  ${String(number).padStart(String(rounds).length)}/${rounds}  ${at.toISOString().slice(0, 16)}  ${what}`,
    );
  },
});
console.log(summary);
for (const fault of faults) console.error(fault);
if (faults.length > 0) {
  console.error(`\n${faults.length} faults with SEED=${seed}. What servers have logged as errors at last:`);
  for (const error of errors) console.error(error);
  process.exitCode = 1;
} else console.log('Everything is there once, and nothing else.');
