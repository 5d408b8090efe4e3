import { violatedConstraint } from '../db/errors.ts';
import { DomainError } from '../errors.ts';

/**
 * Does work that fails when a name is taken, and turns the broken unique constraint into a refusal.
 *
 * @throws DomainError `name-taken`
 */
export async function refusingTakenNames<Result>(message: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (violatedConstraint(error)) throw new DomainError('name-taken', message, { cause: error });
    throw error;
  }
}
