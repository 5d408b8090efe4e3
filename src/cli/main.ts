import { CommanderError, type Command } from 'commander';
import { safeJson } from './display-text.ts';
import { CliError, EXIT_CODES } from './errors.ts';
import { printError } from './output.ts';
import { createProgram } from './program.ts';

/** Runs one command line and sets the exit code. Nothing is thrown. */
export async function main(args: readonly string[]): Promise<void> {
  endQuietlyWhenNobodyReads();
  const program = createProgram();
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error, program, args);
  }
}

/** Says what went wrong, as JSON where JSON was asked for. Returns the exit code. */
function report(thrown: unknown, program: Command, args: readonly string[]): number {
  // Help and version end by throwing too, and have been printed.
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT_CODES.done;
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') return EXIT_CODES['wrong-usage'];
  const error = toCliError(thrown, program, args);
  // Options may be what is wrong, so they are not asked.
  if (args.includes('--json')) process.stderr.write(`${safeJson(error.problem)}\n`);
  else printError(error.message);
  return EXIT_CODES[error.failure];
}

function toCliError(thrown: unknown, program: Command, args: readonly string[]): CliError {
  if (thrown instanceof CliError) return thrown;
  if (thrown instanceof CommanderError) {
    const said = thrown.message.replace(/^error: /, '');
    return new CliError('wrong-usage', `${said}\nSee: ${nameOf(program, args)} --help`);
  }
  return new CliError('refused', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}

/** The name of the command that was called, as far as there is one: `omnitensor-cli communities create`. */
function nameOf(program: Command, args: readonly string[]): string {
  let command = program;
  let name = program.name();
  for (const arg of args) {
    const next = command.commands.find((candidate) => candidate.name() === arg);
    if (!next) continue;
    command = next;
    name += ` ${arg}`;
  }
  return name;
}

/** When what reads our output ends first, as `| head` does, that is no error. */
function endQuietlyWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    printError(`The output cannot be written: ${error.message}`);
    process.exit(EXIT_CODES.refused);
  });
  // Nobody to tell: what was asked for goes on.
  process.stderr.on('error', () => {});
}
