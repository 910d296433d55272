/**
 * Configuration files: flags in lines, which are read as text and never run. It knows how a line is written, not what
 * flags mean.
 */

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Flag } from './flag.ts';
import { FLAGS } from './flags.ts';
import { reasonOf, UsageError } from './usage-error.ts';

/** A flag of a file, as words of a command line. */
export interface ConfiguredFlag {
  readonly flag: Flag;
  readonly words: readonly string[];
}

/** Flags that make no sense in a file. */
const NOT_HERE: ReadonlySet<string> = new Set(['config', 'disable-config', 'help', 'version']);

/**
 * The flags of ~/.dugongrc, if it is there, and of the named files, in this order.
 * @throws UsageError, which names file and line and shows no value
 */
export function configured(files: readonly string[], { disableConfig }: { disableConfig: boolean }): ConfiguredFlag[] {
  const own = join(homedir(), '.dugongrc');
  const usual = disableConfig ? undefined : textOf(own, { optional: true });
  const flags = usual === undefined ? [] : parseConfig(usual, own);
  return [...flags, ...files.flatMap((file) => parseConfig(textOf(file, { optional: false }) ?? '', `-K ${file}`))];
}

function textOf(file: string, { optional }: { optional: boolean }): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (optional && missing) return undefined;
    throw new UsageError(`-K ${file}: ${reasonOf(error)}`);
  }
}

/**
 * The flags in `text`, one in a line: `name`, `name value`, `name = value`, `name: "value"`, with dashes or without. A
 * line that begins with # is a comment.
 */
export function parseConfig(text: string, name: string): ConfiguredFlag[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n/);
  return lines.flatMap((line, index) => {
    const bare = line.trim();
    return bare === '' || bare.startsWith('#') ? [] : [flagIn(bare, `${name}, line ${index + 1}`)];
  });
}

function flagIn(line: string, where: string): ConfiguredFlag {
  const [, spelling = '', rest = ''] = /^(-{0,2}[\w-]+)(?:\s*[=:]\s*|\s+|$)(.*)$/s.exec(line) ?? [];
  const name = spelling.replace(/^-{0,2}/, '');
  const flag = FLAGS.find(({ long, short }) => (spelling === `-${short}` ? true : name === long));
  if (flag === undefined || NOT_HERE.has(flag.long)) {
    throw new UsageError(`${where}: ${flag === undefined ? 'no flag' : `--${flag.long}`} can be set by this line`);
  }
  if (flag.value === undefined) {
    if (rest !== '') throw new UsageError(`${where}: ${flag.long} has no value`);
    return { flag, words: [`--${flag.long}`] };
  }
  if (rest === '') throw new UsageError(`${where}: ${flag.long} needs a value, which may be ""`);
  return { flag, words: [`--${flag.long}`, unquoted(rest, where)] };
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/** The value: as it is, or in double quotes with \\, \", \t, \n, \r and \v; a comment may follow the quotes. */
function unquoted(value: string, where: string): string {
  if (!value.startsWith('"')) return value;
  const [whole, content = ''] = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/s.exec(value) ?? [];
  if (whole === undefined) throw new UsageError(`${where}: the value has no quotation mark at its end`);
  return content.replaceAll(/\\(.)/gs, (_, letter: string) => ESCAPES.get(letter) ?? letter);
}
