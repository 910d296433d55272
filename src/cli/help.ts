/**
 * The text of --help, from the table of flags. It writes nothing.
 */

import { EXIT_MEANINGS } from './exit-codes.ts';
import { type CommandName, type Flag, spellingOf } from './flag.ts';
import { FLAG_GROUPS } from './flags.ts';
import { COMMAND_TEXTS, EXAMPLES, EXIT_RULE, SECTIONS, TITLE } from './manual.ts';

const WIDTH = 100;
/** The column in which explanations begin. */
const COLUMN = 32;

/** What to show: the flags that most need, or all, with all texts; of one command, or of get and the others. */
export interface HelpTopic {
  readonly command: CommandName | undefined;
  readonly all: boolean;
}

/** The help. */
export function help({ command, all }: HelpTopic): string {
  const parts = [command === undefined ? introduction() : usageOf(command)];
  const shown = ({ of, rare }: Flag): boolean => (command === undefined || of.includes(command)) && (all || !rare);
  for (const { heading, flags } of FLAG_GROUPS) {
    const listed = flags.filter(shown).filter(({ of }) => command !== undefined || all || of.includes('get'));
    if (listed.length > 0) parts.push(`${heading}:\n${listed.map(flagLine).join('')}`);
  }
  if (all) for (const { heading, paragraphs } of SECTIONS) parts.push(section(heading, paragraphs));
  if (command === undefined) parts.push(`Examples:\n${EXAMPLES.map(example).join('')}`);
  parts.push(`Exit codes:\n${EXIT_MEANINGS.map(exitLine).join('')}${wrapped(EXIT_RULE, 2)}`);
  if (!all) parts.push('dugong --help all shows every flag, and how lists and configuration files look.\n');
  return parts.join('\n');
}

function introduction(): string {
  const [first, ...others] = COMMAND_TEXTS.map(({ usage }) => usage);
  const usage = [`Usage: ${first}`, ...others.map((each) => `       ${each}`)].join('\n');
  const commands = COMMAND_TEXTS.map(({ name, summary }) => row(name, summary)).join('');
  return `${usage}\n\ndugong ${TITLE}.\n\nCommands:\n${commands}`;
}

function usageOf(command: CommandName): string {
  const text = COMMAND_TEXTS.find(({ name }) => name === command);
  return text === undefined ? '' : `Usage: ${text.usage}\n\n${text.name} ${text.summary}.\n`;
}

function flagLine(flag: Flag): string {
  const indented = flag.short === undefined ? `    ${spellingOf(flag)}` : spellingOf(flag);
  return row(flag.value === undefined ? indented : `${indented} ${flag.value}`, flag.help);
}

function exitLine([code, meaning]: readonly [number, string]): string {
  return row(String(code), meaning, 8);
}

function example([command, does]: readonly [string, string]): string {
  return row(command, does, 62);
}

function section(heading: string, paragraphs: readonly string[]): string {
  return `${heading}:\n${paragraphs.map((each) => wrapped(each, 2)).join('\n')}`;
}

/** A name and, from `column` on, its explanation. */
function row(name: string, text: string, column: number = COLUMN): string {
  const start = `  ${name}`;
  const lines = wrapped(text, column);
  return start.length < column - 1 ? start + lines.slice(start.length) : `${start}\n${lines}`;
}

/** `text` in lines, each `indent` columns from the left. */
function wrapped(text: string, indent: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    const fits = indent + last.length + 1 + word.length <= WIDTH;
    if (last === '') lines[lines.length - 1] = word;
    else if (fits) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => `${' '.repeat(indent)}${line}\n`).join('');
}
