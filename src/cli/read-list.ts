/**
 * Reads the list that a command is about: its operands, and the files of --input.
 */

import { statSync } from 'node:fs';
import { COMMANDS } from './flag.ts';
import type { CommandLine, Given } from './given.ts';
import type { Interruption } from './interruption.ts';
import type { Item } from './item.ts';
import { type Entry, isInShard, List, shardOf } from './list.ts';
import { contentOf, standardInput } from './request.ts';
import { UsageError } from './usage-error.ts';

/** The list. @throws UsageError, also if it is empty and may not be */
export async function readList(
  { given, operands }: Pick<CommandLine, 'given' | 'operands'>,
  interruption: Interruption,
): Promise<List> {
  assertNoCommand(operands);
  if (given.remoteName) assertNoFolder(operands);
  if (given.continue && operands.includes('-')) throw new UsageError('-C takes no value: the partial file is measured');
  const { input = [], allowEmpty } = given;
  const list = new List(operands, await textsOfLists(input, interruption));
  if (list.length > 0 || allowEmpty) return list;
  if (input.length === 0) throw new UsageError('there is no URL');
  throw new UsageError(`--input ${input.join(', ')}: there is no URL in it (--allow-empty takes that)`);
}

/** The texts of the lists that --input names. @throws UsageError */
export async function textsOfLists(input: readonly string[], interruption: Interruption): Promise<string[]> {
  const texts: string[] = [];
  for (const file of input) {
    const bytes = file === '-' ? await standardInput('--input -', interruption) : contentOf(file, `--input ${file}`);
    texts.push(bytes.toString('utf8'));
  }
  return texts;
}

function assertNoCommand(operands: readonly string[]): void {
  const command = COMMANDS.find((name) => operands.includes(name));
  if (command !== undefined) throw new UsageError(`the command comes first: dugong ${command} ...`);
}

/** Once, -O had a folder for its value. */
function assertNoFolder(operands: readonly string[]): void {
  const folder = operands.find((each) => !/^https?:/i.test(each) && (isFolder(each) || !/[.:]|^localhost/i.test(each)));
  if (folder !== undefined) throw new UsageError(`-O takes no value: -P ${folder} names the folder`);
}

function isFolder(path: string): boolean {
  return /^\.{0,2}\//.test(path) || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Tells whether the run is about an entry. */
export function selection({ shard }: Pick<Given, 'shard'>): (entry: Entry) => boolean {
  if (shard === undefined) return () => true;
  const part = shardOf(shard);
  return ({ url }) => isInShard(url, part);
}

/** The entries of a list that the run is about. */
export function* entriesOf(list: List, given: Pick<Given, 'shard'>): Generator<Entry> {
  const isWanted = selection(given);
  for (const entry of list) if (isWanted(entry)) yield entry;
}

/** The items of the entries, without paths. */
export function* itemsOf(entries: Iterable<Entry>): Generator<Item> {
  let position = 0;
  for (const { url, text, line } of entries) yield { position: position++, url: url.href, text, line, path: undefined };
}
