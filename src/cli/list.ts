/**
 * The list of what is to be done: URLs of the command line and lines of --input. It fetches nothing.
 *
 * A line: URL, then fields behind tabs: `out=NAME`, `size=BYTES`, `sha256=HEX` (sha512, sha1, md5), `etag=TAG`,
 * `reason=TEXT` (ignored). Empty lines and lines that begin with # are skipped.
 */

import { createHash } from 'node:crypto';
import type { TransferJob } from '../index.ts';
import { parseURL } from './urls.ts';
import { UsageError } from './usage-error.ts';

/** One document of the list. */
export interface Entry {
  /** Position in the list, from 0. */
  readonly index: number;
  readonly url: URL;
  /** The line as it was given, without a reason. */
  readonly text: string;
  /** The number of the line, from 1; undefined if it is of the command line. */
  readonly line: number | undefined;
  /** The name of the file. */
  readonly out: string | undefined;
  /** What must come. */
  readonly expected: Pick<TransferJob, 'size' | 'digest' | 'etag'>;
}

interface Line {
  readonly text: string;
  readonly line: number | undefined;
}

type Digest = NonNullable<TransferJob['digest']>;

const DIGESTS: ReadonlyMap<string, { readonly algorithm: Digest['algorithm']; readonly length: number }> = new Map([
  ['sha256', { algorithm: 'sha-256', length: 32 }],
  ['sha512', { algorithm: 'sha-512', length: 64 }],
  ['sha1', { algorithm: 'sha-1', length: 20 }],
  ['md5', { algorithm: 'md5', length: 16 }],
]);

/** A checked list. Entries are made when they are asked for, since a list may be long. */
export class List implements Iterable<Entry> {
  readonly #lines: readonly Line[];
  /** The entries that name their files. */
  readonly named: readonly Entry[];

  /** @throws UsageError for the first line that is wrong */
  constructor(urls: readonly string[], inputs: readonly string[] = []) {
    this.#lines = [...urls.map((text) => ({ text, line: undefined })), ...inputs.flatMap(linesOf)];
    const named: Entry[] = [];
    for (const entry of this) if (entry.out !== undefined) named.push(entry);
    this.named = named;
  }

  get length(): number {
    return this.#lines.length;
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (const [index, line] of this.#lines.entries()) yield entryOf(line, index);
  }
}

function linesOf(text: string): Line[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n/);
  return lines
    .map((each, index) => ({ text: each.trimEnd(), line: index + 1 }))
    .filter(({ text: each }) => !/^\s*(?:#|$)/.test(each));
}

function entryOf({ text, line }: Line, index: number): Entry {
  const [first = '', ...fields] = line === undefined ? [text] : text.split('\t');
  try {
    if (line !== undefined && text.includes('\r')) throw new UsageError('it has a CR: lines end with LF or CRLF');
    const read = fieldsOf(fields);
    const kept = fields.filter((field) => !field.startsWith('reason='));
    return { index, url: parseURL(first.trim()), text: [first.trim(), ...kept].join('\t'), line, ...read };
  } catch (error) {
    if (!(error instanceof UsageError) || line === undefined) throw error;
    throw new UsageError(`line ${line} of the list: ${error.message}`);
  }
}

function fieldsOf(fields: readonly string[]): Pick<Entry, 'out' | 'expected'> {
  let out: string | undefined;
  const expected: { -readonly [Name in 'size' | 'digest' | 'etag']?: TransferJob[Name] } = {};
  for (const field of fields) {
    const [, name = field, value = ''] = /^([^=]*)=(.*)$/s.exec(field) ?? [];
    const digest = DIGESTS.get(name);
    if (name === 'out') out = value;
    else if (name === 'size') expected.size = sizeOf(value);
    else if (name === 'etag') expected.etag = value;
    else if (digest !== undefined) expected.digest = digestOf(name, value);
    else if (name !== 'reason' && field !== '') {
      throw new UsageError(`${JSON.stringify(name)} is no field: they are out, size, sha256, sha512, sha1, md5, etag`);
    }
  }
  return { out, expected };
}

function sizeOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`size=${text}: must be a number of bytes`);
}

function digestOf(name: string, hex: string): Digest {
  const { algorithm = 'sha-256', length = 0 } = DIGESTS.get(name) ?? {};
  const value = Buffer.from(hex, 'hex');
  if (value.length === length && hex.length === 2 * length) return { algorithm, value };
  throw new UsageError(`${name}=${hex}: must have ${2 * length} hexadecimal digits`);
}

/** A part of a list. */
export interface Shard {
  /** From 1. */
  readonly part: number;
  readonly of: number;
}

/** Reads "2/5". @throws UsageError */
export function shardOf(text: string): Shard {
  const [, part = 0, of = 0] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
  if (part >= 1 && part <= of) return { part, of };
  throw new UsageError(`--shard ${text}: must be like 1/4, the first of four parts`);
}

/** Whether the URL belongs to the part: all URLs of an origin belong to the same. */
export function isInShard({ origin }: URL, { part, of }: Shard): boolean {
  return createHash('sha256').update(origin).digest().readUInt32BE(0) % of === part - 1;
}
