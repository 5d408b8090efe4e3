import type { Command } from 'commander';
import { address } from '../api-client.ts';
import { failedJobListSchema, readAnswer } from '../api-shapes.ts';
import { CliError } from '../errors.ts';
import { print, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';

const EXAMPLES = `
Examples:
  $ omnitensor-cli jobs
  $ omnitensor-cli jobs retry repeat:clean-up:1787400000000
  $ omnitensor-cli jobs retry --all
`;

/** `jobs`: what failed and rests, and having it done again. */
export function jobsCommand(program: Command): void {
  const jobs = program
    .command('jobs')
    .description('list the jobs that failed; have them done again')
    .addHelpText('after', EXAMPLES)
    .action(listJobs);
  jobs.command('list', { hidden: true }).description('list the jobs that failed').action(listJobs);
  jobs
    .command('retry')
    .argument('[id]', 'as the list shows it')
    .option('--all', 'all of them')
    .description('have a failed job done again')
    .addHelpText('after', EXAMPLES)
    .action(retryJobs);
}

async function listJobs(_options: object, command: Command): Promise<void> {
  const { api, json } = await openSession(command);
  const { body } = await api.call('/v1/jobs');
  if (json) return printJson(body);
  const { jobs } = readAnswer(failedJobListSchema, body);
  if (jobs.length === 0) return print('No job has failed.');
  printTable(
    ['Id', 'Job', 'Tries', 'Failed', 'Reason'],
    jobs.map(({ id, name, attempts, failedAt, reason }) => [id, name, String(attempts), failedAt, reason]),
  );
}

async function retryJobs(id: string | undefined, { all }: { all?: true }, command: Command): Promise<void> {
  if ((id === undefined) === (all === undefined)) {
    throw new CliError('wrong-usage', 'Name the job by its id, or all of them with --all.');
  }
  const { api, json } = await openSession(command);
  const ids =
    id === undefined
      ? readAnswer(failedJobListSchema, (await api.call('/v1/jobs')).body).jobs.map((job) => job.id)
      : [id];
  for (const one of ids) await api.call(address`/v1/jobs/${one}/retry`, { method: 'POST' });
  if (json) printJson({ retried: ids });
  else print(ids.length === 1 ? `Job ${ids[0]} is done again.` : `${ids.length} jobs are done again.`);
}
