/** One thing wrong in a form: where (keys and indexes from the top of the body), Discord's code and its message. */
export type FormProblem = { path: readonly (string | number)[]; code: string; message: string };

const UNKNOWN = {
  channel: [10003, 'Unknown Channel'],
  guild: [10004, 'Unknown Guild'],
  member: [10007, 'Unknown Member'],
  message: [10008, 'Unknown Message'],
  role: [10011, 'Unknown Role'],
  user: [10013, 'Unknown User'],
  emoji: [10014, 'Unknown Emoji'],
  webhook: [10015, 'Unknown Webhook'],
  interaction: [10062, 'Unknown interaction'],
  command: [10063, 'Unknown application command'],
  scheduledEvent: [10070, 'Unknown Guild Scheduled Event'],
} as const;

/** A refusal as Discord makes it: an HTTP status, its own code, a message, and for forms what is wrong where. */
export class DiscordError extends Error {
  override readonly name = 'DiscordError';
  readonly status: number;
  readonly code: number;
  readonly problems: readonly FormProblem[];

  constructor(status: number, code: number, message: string, problems: readonly FormProblem[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.problems = problems;
  }

  /** The body of the answer. */
  body(): Record<string, unknown> {
    const body = { code: this.code, message: this.message };
    return this.problems.length === 0 ? body : { ...body, errors: nest(this.problems) };
  }

  /** The same for people: a line for each thing that is wrong. */
  lines(): string[] {
    if (this.problems.length === 0) return [`${this.code} ${this.message}`];
    return this.problems.map(({ path, code, message }) => `${path.join('.') || '(body)'}: ${message} (${code})`);
  }
}

/** 404: there is no such thing, or the bot cannot know of it. */
export function unknown(what: keyof typeof UNKNOWN): DiscordError {
  const [code, message] = UNKNOWN[what];
  return new DiscordError(404, code, message);
}

/** 403: the bot cannot see it (a channel it may not view, a guild it left). */
export function missingAccess(): DiscordError {
  return new DiscordError(403, 50001, 'Missing Access');
}

/** 403: the bot sees it but may not do this. */
export function missingPermissions(): DiscordError {
  return new DiscordError(403, 50013, 'Missing Permissions');
}

/** 400: the form is wrong in the places named. */
export function invalidForm(problems: readonly FormProblem[]): DiscordError {
  return new DiscordError(400, 50035, 'Invalid Form Body', problems);
}

type ErrorTree = { [key: string]: ErrorTree | { code: string; message: string }[] };

function nest(problems: readonly FormProblem[]): ErrorTree {
  const root: ErrorTree = {};
  for (const { path, code, message } of problems) {
    let node = root;
    for (const key of path) {
      const next = node[key];
      node = node[key] = next === undefined || Array.isArray(next) ? {} : next;
    }
    const errors = node['_errors'];
    node['_errors'] = [...(Array.isArray(errors) ? errors : []), { code, message }];
  }
  return root;
}
