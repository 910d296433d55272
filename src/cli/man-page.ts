/**
 * The man page, dugong(1), in roff, from the same tables as the help.
 */

import { EXIT_MEANINGS } from './exit-codes.ts';
import type { Flag } from './flag.ts';
import { FLAG_GROUPS } from './flags.ts';
import { COMMAND_TEXTS, EXAMPLES, EXIT_RULE, SECTIONS, TITLE } from './manual.ts';

/** The page for this version. */
export function manPage(version: string): string {
  const lines = [
    `.TH DUGONG 1 "" "dugong ${plain(version)}" "User Commands"`,
    '.SH NAME',
    `dugong \\- ${plain(TITLE)}`,
    '.SH SYNOPSIS',
    ...COMMAND_TEXTS.flatMap(({ usage }, index) => [...(index === 0 ? [] : ['.br']), plain(usage)]),
    '.SH COMMANDS',
    ...COMMAND_TEXTS.flatMap(({ name, summary }) => ['.TP', `.B ${plain(name)}`, `${plain(summary)}.`]),
    '.SH OPTIONS',
    ...FLAG_GROUPS.flatMap(({ heading, flags }) => [`.SS ${plain(heading)}`, ...flags.flatMap(flagLines)]),
    ...SECTIONS.flatMap(({ heading, paragraphs }) => [
      `.SH ${plain(heading.toUpperCase())}`,
      ...paragraphs.flatMap((each) => ['.PP', plain(each)]),
    ]),
    '.SH EXIT STATUS',
    ...EXIT_MEANINGS.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, plain(meaning)]),
    '.PP',
    plain(EXIT_RULE),
    '.SH EXAMPLES',
    ...EXAMPLES.flatMap(([command, does]) => ['.PP', `${plain(does)}:`, '.PP', '.nf', `    ${plain(command)}`, '.fi']),
    '.SH SEE ALSO',
    '.BR curl (1),',
    '.BR wget (1)',
  ];
  return `${lines.join('\n')}\n`;
}

function flagLines({ short, long, value, help, of }: Flag): string[] {
  const spellings = [...(short === undefined ? [] : [`-${short}`]), `--${long}`].map(
    (each) => `\\fB${plain(each)}\\fR`,
  );
  const name = value === undefined ? '' : ` \\fI${plain(value)}\\fR`;
  const commands = of.length > 3 ? '' : ` (${of.join(', ')})`;
  return ['.TP', `${spellings.join(', ')}${name}`, `${plain(help)}.${commands}`];
}

/** Text without anything that roff would obey; a hyphen is the ASCII one, so that command lines can be copied. */
function plain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
}
