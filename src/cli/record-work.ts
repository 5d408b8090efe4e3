import { randomUUID } from 'node:crypto';
import { address } from './api-client.ts';
import { contributionSchema, importAnswerSchema, readAnswer, whoamiSchema } from './api-shapes.ts';
import { CliError, TemporaryError } from './errors.ts';
import type { Session } from './session.ts';

/** Work as a person reports it on a command line. */
export type Work = {
  category: string;
  amount: string;
  subject: string;
  /** Whose it is; without it, the member that the key is bound to. */
  contributor?: string | undefined;
  /** What the contribution is told apart by; without it, a random one. */
  id?: string | undefined;
  /** When it was done, RFC 3339; without it, now. */
  at?: string | undefined;
};

/** What became of it. */
export type RecordedWork = {
  id: string;
  status: 'accepted' | 'duplicate';
  contributor: string;
  category: string;
  subject: string;
  amount: string;
  occurredAt: string;
  reward: string;
  multiplier: string;
  /** It exceeds a cap, and counts once an admin releases it. */
  held?: true;
};

/**
 * Records one contribution. Safe to repeat with the same `id`: what was recorded under it before, at whatever time, is
 * a duplicate; without `at`, the time is not what tells two apart.
 *
 * @throws CliError when it is refused, or nobody is named whose work it is
 */
export async function recordWork({ api, communityPath }: Session, work: Work): Promise<RecordedWork> {
  const path = await communityPath();
  const who = readAnswer(whoamiSchema, (await api.call(`${path}/whoami`)).body);
  const contributor = work.contributor ?? who.contributor;
  if (contributor === undefined) {
    throw new CliError('wrong-usage', 'Whose work is it? This key writes for everybody: give --contributor HANDLE.');
  }
  const { category, amount, subject, id = randomUUID(), at } = work;
  const entry = { id, contributor, category, amount, subject, occurredAt: at ?? new Date().toISOString() };
  try {
    const first = await send(entry);
    if (at !== undefined || first.reason !== 'conflict') return toRecorded(entry, first);
    // Recorded before, at another time at least. If that is all that differs, it is the same work.
    const recorded = await api.call(`${path}${address`/contributions/${who.source}/${id}`}`);
    const { occurredAt } = readAnswer(contributionSchema, recorded.body);
    return toRecorded({ ...entry, occurredAt }, await send({ ...entry, occurredAt }));
  } catch (error) {
    if (!(error instanceof TemporaryError)) throw error;
    throw new CliError(
      error.failure,
      `${error.message}\nIt may have been recorded. Repeat it with --id ${id}: it counts once.`,
      {
        cause: error,
        problem: error.problem,
      },
    );
  }

  async function send(contribution: typeof entry): Promise<Result> {
    const body = { contributions: [contribution] };
    const answer = await api.call(`${path}/contributions`, { method: 'POST', body });
    const [result] = readAnswer(importAnswerSchema, answer.body).results;
    if (!result) throw new CliError('unreachable', 'The server answered no result for the contribution. Try again.');
    return result;
  }
}

type Result = ReturnType<typeof importAnswerSchema.parse>['results'][number];

function toRecorded(
  entry: Omit<RecordedWork, 'status' | 'reward' | 'multiplier'>,
  { status, reason, detail, reward = '0', multiplier = '1', held }: Result,
): RecordedWork {
  if (status !== 'rejected') return { ...entry, status, reward, multiplier, ...(held ? { held } : {}) };
  // What is mistyped is wrong usage; all else is for the server to refuse.
  const failure = reason?.startsWith('invalid_') ? 'wrong-usage' : 'refused';
  throw new CliError(failure, detail ?? `The contribution was rejected: ${reason ?? 'no reason given'}.`);
}
