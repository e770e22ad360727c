/** `millrace completion bash|zsh|fish`: what completes the commands in a shell, from the table of commands. */
import type { Argument, Command } from 'commander';

/** Pipelines are the folders of `pipelines`, as somebody types. */
const pipelines = 'ls pipelines 2>/dev/null';

const flagsOf = (command: Command): string[] => [
  ...command.options.flatMap(({ short, long }) => [long, short].filter((flag) => flag !== undefined)),
  '--help',
];

/** Words that an argument may be; undefined where they are pipelines, which are not known before. */
const wordsOf = (argument: Argument): string[] | undefined =>
  argument.name() === 'pipeline' ? undefined : (argument.argChoices ?? []);

export function completionOf(program: Command, shell: 'bash' | 'zsh' | 'fish'): string {
  if (shell === 'fish') return fish(program);
  // zsh reads completions that are written for bash.
  return `${shell === 'zsh' ? 'autoload -U +X compinit bashcompinit && compinit && bashcompinit\n' : ''}${bash(program)}`;
}

function bash({ commands }: Command): string {
  const cases = commands.map((command) => {
    const [argument] = command.registeredArguments;
    const words = argument ? (wordsOf(argument) ?? [`$(${pipelines})`]) : [];
    return `    ${command.name()}) words="${[...words, ...flagsOf(command)].join(' ')}" ;;`;
  });
  return `# Completes "millrace" and "npx millrace".
_millrace() {
  local at=0 words
  if [ "\${COMP_WORDS[0]}" = npx ]; then
    at=1
    if [ "$COMP_CWORD" -lt 2 ]; then COMPREPLY=($(compgen -W millrace -- "\${COMP_WORDS[COMP_CWORD]}")); return; fi
    if [ "\${COMP_WORDS[1]}" != millrace ]; then return; fi
  fi
  case "$([ "$COMP_CWORD" -gt $((at + 1)) ] && echo "\${COMP_WORDS[at + 1]}")" in
    "") words="${commands.map((command) => command.name()).join(' ')} --help --version" ;;
${cases.join('\n')}
    *) words="--help" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _millrace millrace npx
`;
}

function fish({ commands }: Command): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap((command) => {
    const within = `complete -c millrace -n ${quoted(`__fish_seen_subcommand_from ${command.name()}`)}`;
    const options = command.options.map(({ long = '', short, description, required }) => {
      const words = [...(short ? ['-s', short.slice(1)] : []), '-l', long.slice(2), ...(required ? ['-r'] : [])];
      return `${within} ${words.join(' ')} -d ${quoted(description)}`;
    });
    const [argument] = command.registeredArguments;
    const words = argument && (wordsOf(argument)?.join(' ') ?? `(${pipelines})`);
    return [
      `complete -c millrace -f -n __fish_use_subcommand -a ${command.name()} -d ${quoted(command.description())}`,
      ...(words ? [`${within} -f -a ${quoted(words)}`] : []),
      ...options,
    ];
  });
  return `# Completes "millrace" and "npx millrace".
${lines.join('\n')}
function __millrace_behind_npx
  set -l words (commandline -opc) (commandline -ct)
  complete -C (string join -- ' ' $words[2..])
end
complete -c npx -n 'test (count (commandline -opc)) -eq 1' -a millrace
complete -c npx -n 'test "$(commandline -opc)[2]" = millrace' -f -a '(__millrace_behind_npx)'
`;
}
