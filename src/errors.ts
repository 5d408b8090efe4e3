/** Everything that can be refused. Each adapter maps every code in one exhaustive table, so a new code does not compile until all know it. */
export type ErrorCode =
  | 'invalid-parameter'
  | 'unauthenticated'
  | 'forbidden'
  | 'unknown-community'
  | 'unknown-category'
  | 'unknown-member'
  | 'unknown-contribution'
  | 'unknown-key'
  | 'unknown-exclusion'
  | 'unknown-cap'
  | 'unknown-job'
  | 'unknown-announcement'
  | 'unknown-multiplier'
  | 'unknown-quest'
  | 'unknown-proof'
  | 'unknown-grant'
  | 'unknown-badge'
  | 'unknown-live-board'
  | 'unknown-season'
  | 'unknown-prize'
  | 'not-final'
  | 'unknown-version'
  | 'superseded'
  | 'window-not-begun'
  | 'no-earlier-window'
  | 'no-standing'
  | 'name-taken'
  | 'state-conflict'
  | 'unavailable';

/**
 * A refusal in the words of the domain. `message` says what happened, to what, and what to do next; it is shown to
 * people as it stands, so it never holds a secret or an internal detail.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: ErrorCode;
  /** What a program needs to go on, beside the words. */
  readonly facts: Readonly<Record<string, string | number>>;

  constructor(
    code: ErrorCode,
    message: string,
    { facts = {}, ...options }: ErrorOptions & { facts?: Readonly<Record<string, string | number>> } = {},
  ) {
    super(message, options);
    this.code = code;
    this.facts = facts;
  }
}
