/**
 * Configuration files: flags in lines, which are read as text and never run. It knows how a line is written, not what
 * flags mean.
 */

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Flag } from './flag.ts';
import { FLAGS } from './flags.ts';
import type { Interruption } from './interruption.ts';
import { standardInput } from './request.ts';
import { reasonOf, UsageError } from './usage-error.ts';
import { readValue } from './values.ts';

/** A flag of a file, as words of a command line. */
export interface ConfiguredFlag {
  readonly flag: Flag;
  readonly words: readonly string[];
  /** File and line. */
  readonly where: string;
}

/** Flags that make no sense in a file. */
const NOT_HERE: ReadonlySet<string> = new Set(['config', 'disable-config', 'help', 'version']);

/**
 * The flags of ~/.dugongrc, if it is there, and of the named files (-: standard input), in this order.
 * @throws UsageError, which names file and line and shows no value
 */
export async function configured(
  { files, disableConfig }: { files: readonly string[]; disableConfig: boolean },
  interruption: Interruption,
): Promise<ConfiguredFlag[]> {
  const own = join(homedir(), '.dugongrc');
  const flags = disableConfig ? [] : parseConfig(textOf(own, { optional: true }), own);
  for (const file of files) {
    const name = `-K ${file}`;
    const text = file === '-' ? String(await standardInput(name, interruption)) : textOf(file, { optional: false });
    flags.push(...parseConfig(text, name));
  }
  return flags;
}

/** The text of a file; empty if an optional one is not there. */
function textOf(file: string, { optional }: { optional: boolean }): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (optional && missing) return '';
    throw new UsageError(`-K ${file}: ${reasonOf(error)}`);
  }
}

/**
 * The flags in `text`, one in a line: `name`, `name value`, `name = value`, `name: "value"`, with dashes or without;
 * `no-name` switches a flag off. A line that begins with # is a comment.
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
  const off = FLAGS.find(({ long, kind }) => kind === 'switch' && name === `no-${long}`);
  const flag = off ?? FLAGS.find(({ long, short }) => (spelling === `-${short}` ? true : name === long));
  if (flag === undefined || NOT_HERE.has(flag.long)) {
    const fault = flag === undefined ? 'no flag can be set by this line' : `--${flag.long} cannot be set in a file`;
    throw new UsageError(`${where}: ${fault}`);
  }
  if (flag.value === undefined) {
    if (rest !== '') throw new UsageError(`${where}: ${flag.long} has no value`);
    return { flag, words: [off === undefined ? `--${flag.long}` : `--${name}`], where };
  }
  if (rest === '') throw new UsageError(`${where}: ${flag.long} needs a value, which may be ""`);
  const value = unquoted(rest, where);
  assertValue(flag, value, where);
  return { flag, words: [`--${flag.long}`, value], where };
}

function assertValue(flag: Flag, value: string, where: string): void {
  try {
    readValue(flag, value);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${where}: ${error.message}`);
    throw error;
  }
}

/** The error, with the places of those of `flags` that its message names. */
export function withPlaces(error: unknown, flags: readonly ConfiguredFlag[]): unknown {
  if (!(error instanceof UsageError)) return error;
  const named = new Set(error.message.split(/[^\w-]+/));
  const places = flags
    .filter(({ flag: { long, short } }) => named.has(`--${long}`) || named.has(`-${short}`))
    .map(({ flag, where }) => `--${flag.long}: ${where}`);
  return places.length === 0 ? error : new UsageError(`${error.message} (${places.join('; ')})`);
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
  const [, content, rest = ''] = /^"((?:[^"\\]|\\.)*)"\s*(.*)$/s.exec(value) ?? [];
  if (content === undefined) throw new UsageError(`${where}: the value has no quotation mark at its end`);
  if (!/^(#|$)/.test(rest))
    throw new UsageError(`${where}: only a comment (#) may follow the value in quotation marks`);
  return content.replaceAll(/\\(.)/gs, (_, letter: string) => ESCAPES.get(letter) ?? letter);
}
