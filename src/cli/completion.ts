/**
 * Completion scripts for shells, from the table of flags. They run nothing of dugong.
 */

import { COMMANDS, type CommandName, type Flag } from './flag.ts';
import { FLAGS, flagsOf } from './flags.ts';
import { COMMAND_TEXTS } from './manual.ts';

/** The shells that there are scripts for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script for a shell. */
export function completion(shell: Shell): string {
  return { bash, zsh, fish }[shell]();
}

function spellings({ short, long }: Flag): string[] {
  return short === undefined ? [`--${long}`] : [`-${short}`, `--${long}`];
}

function takesPath({ kind }: Flag): boolean {
  return kind === 'file' || kind === 'files' || kind === 'folder';
}

function bash(): string {
  const withValue = FLAGS.filter(({ value }) => value !== undefined);
  const choices = withValue.filter(({ kind }) => kind === 'choice');
  const folders = withValue.filter(({ kind }) => kind === 'folder');
  const files = withValue.filter((flag) => takesPath(flag) && !folders.includes(flag));
  const others = withValue.filter((flag) => !takesPath(flag) && !choices.includes(flag));
  const pattern = (flags: readonly Flag[]): string => flags.flatMap(spellings).join('|');
  const flagsFor = (command: CommandName): string => flagsOf(command).flatMap(spellings).join(' ');
  return `# bash completion for dugong: eval "$(dugong completion bash)"
_dugong() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} flags
  COMPREPLY=()
  case $prev in
${choices.map((flag) => `    ${pattern([flag])}) COMPREPLY=($(compgen -W '${flag.choices.join(' ')}' -- "$cur")); return;;`).join('\n')}
    ${pattern(files)}) COMPREPLY=($(compgen -f -- "$cur")); return;;
    ${pattern(folders)}) COMPREPLY=($(compgen -d -- "$cur")); return;;
    ${pattern(others)}) return;;
  esac
  case \${COMP_WORDS[1]} in
${COMMANDS.filter((name) => name !== 'get' && name !== 'completion')
  .map((name) => `    ${name}) flags='${flagsFor(name)}';;`)
  .join('\n')}
    completion) COMPREPLY=($(compgen -W '${SHELLS.join(' ')}' -- "$cur")); return;;
    *) flags='${flagsFor('get')}';;
  esac
  case $cur in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$cur"));;
    *)
      if [ "$COMP_CWORD" = 1 ]; then COMPREPLY=($(compgen -W '${COMMANDS.join(' ')}' -- "$cur"))
      elif [ "\${COMP_WORDS[1]}" = put ]; then COMPREPLY=($(compgen -f -- "$cur")); fi;;
  esac
}
complete -o filenames -F _dugong dugong
`;
}

/** What `_arguments` of zsh takes for the operands. */
const OPERANDS: Partial<Record<CommandName, string>> = {
  get: "'*:URL:_urls'",
  check: "'*:URL:_urls'",
  put: "'*:file:_files'",
};

function zsh(): string {
  const flagsFor = (command: CommandName): string => flagsOf(command).map(zshFlag).join(' \\\n        ');
  const branch = (name: CommandName): string => `    ${name})
      _arguments -s \\
        ${[flagsFor(name), OPERANDS[name] ?? []].flat().join(' \\\n        ')};;
`;
  return `#compdef dugong
# zsh completion for dugong: eval "$(dugong completion zsh)"
_dugong() {
  local command=get
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    local -a commands=(${COMMAND_TEXTS.map(({ name, summary }) => zshQuoted(`${name}:${summary}`)).join(' ')})
    _describe command commands
    _urls
    return
  fi
  if [[ " ${COMMANDS.join(' ')} " == *" $words[2] "* ]]; then
    command=$words[2]
    words=("$words[1]" "\${(@)words[3,-1]}")
    (( CURRENT-- ))
  fi
  case $command in
${COMMANDS.filter((name) => name !== 'completion')
  .map(branch)
  .join('')}    completion) _values shell ${SHELLS.join(' ')};;
  esac
}
# The file itself may be a function that zsh loads with the first completion.
if [[ $funcstack[1] == _dugong ]]; then _dugong "$@"; else compdef _dugong dugong; fi
`;
}

function zshFlag(flag: Flag): string {
  const { value, help, kind, choices } = flag;
  const explained = `[${help.replaceAll(/[[\]\\:]/g, '\\$&')}]`;
  const action =
    kind === 'choice' ? `(${choices.join(' ')})` : kind === 'folder' ? '_files -/' : takesPath(flag) ? '_files' : '';
  const argument = value === undefined ? '' : `:${value.replaceAll(':', '\\:')}:${action}`;
  return spellings(flag)
    .map((spelling) => zshQuoted(`*${spelling}${explained}${argument}`))
    .join(' ');
}

function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fish(): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const commands = COMMAND_TEXTS.map(
    ({ name, summary }) => `complete -c dugong -n __dugong_begins -a ${name} -d ${quoted(summary)}`,
  );
  const flags = FLAGS.map((flag) => {
    const { short, long, value, kind, choices, help, of } = flag;
    const proposals = kind === 'choice' ? choices.join(' ') : kind === 'folder' ? '(__fish_complete_directories)' : '';
    const argument = proposals !== '' ? ` -x -a '${proposals}'` : takesPath(flag) ? ' -r -F' : value ? ' -x' : '';
    const condition = of.length === COMMANDS.length ? '' : ` -n '__dugong_is ${of.join(' ')}'`;
    return `complete -c dugong${condition}${short === undefined ? '' : ` -s ${short}`} -l ${long}${argument} -d ${quoted(help)}`;
  });
  return `# fish completion for dugong: dugong completion fish | source
function __dugong_begins
  test (count (commandline -opc)) -eq 1
end
function __dugong_is
  set -l words (commandline -opc)
  set -l command get
  contains -- "$words[2]" ${COMMANDS.join(' ')}; and set command $words[2]
  contains -- $command $argv
end
complete -c dugong -f
complete -c dugong -n '__dugong_is completion' -a '${SHELLS.join(' ')}'
complete -c dugong -n '__dugong_is put' -F
${[...commands, ...flags].join('\n')}
`;
}
