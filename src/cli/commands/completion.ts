import { Argument, type Command } from 'commander';
import { bashCompletion, describeCommands, fishCompletion, zshCompletion } from '../completion/scripts.ts';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
type Shell = keyof typeof SCRIPTS;

const EXAMPLES = `
Examples:
  $ source <(omnitensor-cli completion bash)      # in ~/.bashrc
  $ source <(omnitensor-cli completion zsh)       # in ~/.zshrc, after compinit
  $ omnitensor-cli completion fish | source       # in ~/.config/fish/config.fish
`;

/** `completion`: prints what a shell needs to complete this command, made from its own tree of commands. */
export function completionCommand(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS)))
    .description('print a script that completes commands and options in a shell')
    .addHelpText('after', EXAMPLES)
    .action((shell: Shell) => {
      process.stdout.write(SCRIPTS[shell](program.name(), describeCommands(program)));
    });
}
