import type { Command } from 'commander';

type CompletedOption = {
  flag: string;
  description: string;
  takesValue: boolean;
  choices: readonly string[];
};

/** A command as a shell completes it. `path` holds the names below the program: `['keys', 'create']`. */
export type CompletedCommand = {
  path: readonly string[];
  description: string;
  options: readonly CompletedOption[];
  /** The names of commands below it, or the values that its argument may have. */
  words: readonly string[];
  takesFile: boolean;
};

/** Describes the program and every command below it. Options of the program hold for all. */
export function describeCommands(program: Command): CompletedCommand[] {
  const globalOptions = optionsOf(program);
  const inherited = globalOptions.filter(({ flag }) => flag !== '--help' && flag !== '--version');
  const describe = (command: Command, path: readonly string[]): CompletedCommand[] => [
    {
      path,
      description: command.description(),
      options: command === program ? globalOptions : [...optionsOf(command), ...inherited],
      words: [
        ...command.commands.map((child) => child.name()),
        ...command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
      ],
      takesFile: command.registeredArguments.some((argument) => argument.name() === 'file'),
    },
    ...command.commands.flatMap((child) => describe(child, [...path, child.name()])),
  ];
  return describe(program, []);
}

function optionsOf(command: Command): CompletedOption[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, description, required, argChoices }) =>
      long ? [{ flag: long, description, takesValue: required, choices: argChoices ?? [] }] : [],
    );
}

/** Completion for bash. */
export function bashCompletion(name: string, commands: readonly CompletedCommand[]): string {
  const fn = functionName(name);
  const paths = commands.slice(1).map(({ path }) => `'${path.join(' ')}'`);
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(
        ({ flag, choices }) =>
          `    '${path.join(' ')}:${flag}') COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$cur")); return ;;`,
      ),
  );
  const words = commands.map(({ path, options, words, takesFile }) => {
    const files = takesFile ? ` COMPREPLY=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null;` : '';
    return `    '${path.join(' ')}')${files} words='${[...words, ...options.map(({ flag }) => flag)].join(' ')}' ;;`;
  });
  return `# Completion of ${name} for bash.
${fn}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path= words= i
  # The shell takes --window=week for three words.
  if [[ $cur == '=' ]]; then cur=
  elif [[ $prev == '=' ]]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${path:+$path }\${COMP_WORDS[i]}" in
      ${paths.join('|')}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path:$prev" in
${values.join('\n')}
  esac
  case "$path" in
${words.join('\n')}
  esac
  COMPREPLY+=($(compgen -W "$words" -- "$cur"))
}
complete -F ${fn} ${name}
`;
}

/** Completion for zsh, which runs that of bash. */
export function zshCompletion(name: string, commands: readonly CompletedCommand[]): string {
  return `# Completion of ${name} for zsh.
autoload -U +X bashcompinit && bashcompinit
${bashCompletion(name, commands)}`;
}

/** Completion for fish. */
export function fishCompletion(name: string, commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap((command) => {
    const { path } = command;
    const children = commands.filter(
      (child) => child.path.length === path.length + 1 && path.every((part, at) => child.path[at] === part),
    );
    const condition = fishCondition(
      path,
      children.map((child) => child.path.at(-1) ?? ''),
    );
    return [
      ...children.map(
        (child) => `complete -c ${name} -f -n '${condition}' -a ${child.path.at(-1)} -d ${quote(child.description)}`,
      ),
      ...command.words
        .filter((word) => !children.some((child) => child.path.at(-1) === word))
        .map((word) => `complete -c ${name} -f -n '${condition}' -a ${word}`),
      ...(command.takesFile ? [`complete -c ${name} -F -n '${condition}'`] : []),
      ...command.options.map(({ flag, description, takesValue, choices }) => {
        const value = choices.length > 0 ? ` -x -a ${quote(choices.join(' '))}` : takesValue ? ' -x' : '';
        return `complete -c ${name} -n '${condition}' -l ${flag.slice(2)}${value} -d ${quote(description)}`;
      }),
    ];
  });
  return `# Completion of ${name} for fish.\ncomplete -c ${name} -f\n${lines.join('\n')}\n`;
}

/** True where the words of the path stand on the line, and none of those that would lead further. */
function fishCondition(path: readonly string[], children: readonly string[]): string {
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const further = children.length > 0 ? [`not __fish_seen_subcommand_from ${children.join(' ')}`] : [];
  return [...seen, ...further].join('; and ');
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function functionName(name: string): string {
  return `_${name.replaceAll(/\W/g, '_')}`;
}
