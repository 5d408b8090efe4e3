import { Option, type Command } from 'commander';
import { print, printJson } from '../output.ts';
import { recordWork, type Work } from '../record-work.ts';
import { openSession } from '../session.ts';

const SHARE_EXAMPLES = `
Examples:
  $ omnitensor-cli share-gpu --gpu-type "NVIDIA RTX 3080" --hours 24
  $ omnitensor-cli share-gpu --gpu-type H100 --hours 1.5 --contributor user123 --id node7-2026-08-22
`;
const DATA_EXAMPLES = `
Examples:
  $ omnitensor-cli contribute-data --dataset common-voice-21 --validation
  $ omnitensor-cli contribute-data --dataset common-voice-21 --validation --amount 3 --contributor user123
`;
const MODEL_EXAMPLES = `
Examples:
  $ omnitensor-cli test-model --model llama-4-scout
  $ omnitensor-cli test-model --model llama-4-scout --amount 3 --contributor user123
`;

/** The options that all of them take. */
type WorkOptions = Pick<Work, 'contributor' | 'id' | 'at'>;

/** `share-gpu`: records GPU-hours. */
export function shareGpuCommand(program: Command): void {
  workCommand(program, 'share-gpu', 'record hours that a GPU was shared')
    .requiredOption('--gpu-type <type>', 'such as "NVIDIA RTX 3080"; some types have a rate of their own')
    .requiredOption('--hours <hours>', 'how long, with at most 3 places')
    .addHelpText('after', SHARE_EXAMPLES)
    .action(({ gpuType, hours, ...options }: WorkOptions & { gpuType: string; hours: string }, command) =>
      recordAndTell(
        { category: 'gpu-contributors', subject: gpuType, amount: hours, ...options },
        `Shared ${hours} h of ${gpuType}`,
        command,
      ),
    );
}

/** `contribute-data`: records datasets that were validated. */
export function contributeDataCommand(program: Command): void {
  workCommand(program, 'contribute-data', 'record datasets that were validated')
    .requiredOption('--dataset <dataset>', 'which one')
    .addOption(new Option('--validation', 'it was validated: the work with data that is counted').makeOptionMandatory())
    .option('--amount <n>', 'how many', '1')
    .addHelpText('after', DATA_EXAMPLES)
    .action(({ dataset, amount, contributor, id, at }: WorkOptions & { dataset: string; amount: string }, command) =>
      recordAndTell(
        { category: 'data-validators', subject: dataset, amount, contributor, id, at },
        `Validated ${dataset}${times(amount)}`,
        command,
      ),
    );
}

/** `test-model`: records tests of a model. */
export function testModelCommand(program: Command): void {
  workCommand(program, 'test-model', 'record tests of a model')
    .requiredOption('--model <model>', 'which one')
    .option('--amount <n>', 'how many tests', '1')
    .addHelpText('after', MODEL_EXAMPLES)
    .action(({ model, amount, ...options }: WorkOptions & { model: string; amount: string }, command) =>
      recordAndTell(
        { category: 'model-testers', subject: model, amount, ...options },
        `Tested ${model}${times(amount)}`,
        command,
      ),
    );
}

function workCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--contributor <handle>', 'whose work it is; needed unless the key is bound to a member')
    .option(
      '--id <id>',
      'makes it safe to repeat: under one id it counts once (default: a random one, which is printed)',
    )
    .option('--at <time>', 'when it was done, RFC 3339 (default: now)');
}

async function recordAndTell(work: Work, sentence: string, command: Command): Promise<void> {
  const session = await openSession(command);
  const recorded = await recordWork(session, work);
  if (session.json) return printJson(recorded);
  const { status, reward, multiplier, id, held } = recorded;
  print(`${sentence}: ${reward} OMNIT${multiplier === '1' ? '' : `, multiplied by ${multiplier}`}`);
  if (held) print('It exceeds what counts a day, and is held until an admin has looked at it.');
  print(
    status === 'duplicate'
      ? `It was recorded before under the id ${id}, and counts once.`
      : `Recorded under the id ${id}. To repeat it safely, add: --id ${shellWord(id)}`,
  );
}

function times(amount: string): string {
  return Number(amount) === 1 ? '' : ` ${amount} times`;
}

/** A word as a shell takes it. */
function shellWord(text: string): string {
  return /^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
