/** The exit codes that scripts may rely on. */
export const EXIT_CODES = { done: 0, refused: 1, 'wrong-usage': 2, unreachable: 3 } as const;
/** How a call can fail: refused or not found; called wrongly; no server there. */
export type Failure = Exclude<keyof typeof EXIT_CODES, 'done'>;

const TITLES: Record<Failure, string> = {
  refused: 'This was refused',
  'wrong-usage': 'The command was not called as it must be',
  unreachable: 'The server cannot be reached',
};

/**
 * What ends the command. `message` is shown as it stands: what happened and what to do, in one or two lines.
 * `problem` is the server's own RFC 9457 body, where there is one.
 */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly failure: Failure;
  readonly problem: object;

  constructor(failure: Failure, message: string, options: ErrorOptions & { problem?: object } = {}) {
    super(message, options);
    this.failure = failure;
    this.problem = options.problem ?? {
      type: `urn:omnitensor:cli:${failure}`,
      title: TITLES[failure],
      detail: message,
    };
  }
}

/** A request that may go through later. `answered` tells a server that is busy from none at all. */
export class TemporaryError extends CliError {
  override readonly name = 'TemporaryError';
  readonly answered: boolean;
  /** How long the server asked to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(
    failure: Failure,
    message: string,
    options: ErrorOptions & { problem?: object; answered: boolean; retryAfterMs?: number | undefined },
  ) {
    super(failure, message, options);
    this.answered = options.answered;
    this.retryAfterMs = options.retryAfterMs;
  }
}
