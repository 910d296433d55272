/**
 * Names of files for URLs and for Content-Disposition fields. It plans names; it does not touch the file system.
 *
 * - The name is the last segment of the URL's path, decoded once, after splitting; `index.html` if it is empty.
 * - A query belongs to the name, before the extension: `/download?id=1` is `download_id=1`, `/a.jpg?w=9` is `a_w=9.jpg`.
 * - Names are safe on all systems, so that a folder can be copied: no reserved names, no separators, no control or bidirectional
 *   characters, no leading dot or hyphen, NFC, at most {@link LONGEST_NAME} bytes.
 * - A name that is taken gets a number before the extension, by the order of the calls. Names are compared without case and in
 *   NFC, as some file systems do.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { decodeExtended, parse } from 'content-disposition';
import filenamify from 'filenamify';

/** Most bytes of a name. File systems allow 255; {@link companion} of file-sink.ts appends up to 24. */
export const LONGEST_NAME = 231;

/** Name without extension, and extension with its dot. `.tar` belongs to the extension. */
const PARTS = /^(.+?)((?:\.tar)?\.[a-z0-9]{1,16})$/is;
const DEFAULT = 'index.html';

/** Plans the names of a run. */
export class Names {
  readonly #directory: string;
  /** Planned names, as {@link folded}, each with the last number that was tried for it. */
  readonly #taken = new Map<string, number>();
  readonly #numbered = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The path for a URL. Each call gives another path, so that the same URL given twice has two. */
  pathFor(url: URL): string {
    return join(this.#directory, this.unused(nameFromURL(url)));
  }

  /** `name`, which is safe, or `name` with a number, and takes it. */
  unused(name: string): string {
    const key = folded(name);
    const last = this.#taken.get(key);
    if (last === undefined) {
      this.#taken.set(key, 1);
      return name;
    }
    for (let number = last + 1; ; number++) {
      const numbered = withNumber(name, number);
      const other = folded(numbered);
      if (this.#taken.has(other)) continue;
      this.#taken.set(key, number).set(other, 1);
      this.#numbered.add(numbered);
      return numbered;
    }
  }

  /** Whether `name` has got its number here. */
  isNumbered(name: string): boolean {
    return this.#numbered.has(name);
  }
}

function nameFromURL({ pathname, search }: URL): string {
  const segment = decoded(pathname.slice(pathname.lastIndexOf('/') + 1));
  const query = decoded(search.slice(1));
  // Separators of the segment are not those of a path any more: `..%2fx` is a name.
  const name = segment === '' ? DEFAULT : segment;
  if (query === '') return safeName(name);
  const [stem, extension] = split(name);
  return safeName(`${stem}_${query}${extension}`);
}

/** Decodes percent-encoded UTF-8; text that is not UTF-8 stays encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A name that is safe on all systems; the same for the same text. */
export function safeName(text: string): string {
  const bounded = boundedText(text);
  // The library merges adjacent separators, which would merge names.
  const apart = bounded.replace(/[<>:"/\\|?*\p{Cs}]/gu, '_');
  const unhidden = filenamify(apart, { replacement: '_', maxLength: Number.POSITIVE_INFINITY });
  // A leading dot hides a file or configures a program; a leading hyphen looks like an option.
  const name = unhidden.replace(/^[.-]+/, (leading) => '_'.repeat(leading.length));
  if (bounded === text && Buffer.byteLength(name) <= LONGEST_NAME) return name;
  // The hash keeps names with a common beginning apart.
  return withSuffix(name, `-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`);
}

/** The text without its middle if it is much too long: the library takes a time that grows with the square of it. */
function boundedText(text: string): string {
  if (text.length <= 1000) return text;
  const [stem, extension] = split(text);
  return `${cut(stem, 1000)}${extension}`;
}

function withNumber(name: string, number: number): string {
  return withSuffix(name, `-${number}`);
}

/** Puts `suffix` before the extension. The part before it is cut if the result is too long. */
function withSuffix(name: string, suffix: string): string {
  const [stem, extension] = split(name);
  return `${cut(stem, LONGEST_NAME - suffix.length - extension.length)}${suffix}${extension}`;
}

function split(name: string): [stem: string, extension: string] {
  const [, stem = name, extension = ''] = PARTS.exec(name) ?? [];
  return [stem, extension];
}

/** The beginning of `text` of at most `limit` bytes in UTF-8, cut between characters. */
export function cut(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return text;
  let end = limit;
  // A byte 10xxxxxx continues a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

/** The form in which names are compared. Upper case first, since the upper case of sharp s is SS. */
function folded(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

/**
 * The safe name that a Content-Disposition field (RFC 6266) suggests: the last part of a path, without leading dots. undefined if
 * there is none. `filename*` comes first; one in an unknown character set counts for nothing.
 * @param value as in HTTPHeaders: a character for each byte
 */
export function nameFromDisposition(value: string): string | undefined {
  const { parameters } = parse(value, { extended: false });
  const extended = parameters['filename*'];
  const given = (extended === undefined ? undefined : decodeExtended(extended)) ?? utf8(parameters['filename'] ?? '');
  const name =
    given
      .split(/[/\\]/)
      .at(-1)
      ?.replace(/^[\s.]+/, '') ?? '';
  return name === '' ? undefined : safeName(name);
}

/** Servers send UTF-8 in `filename`, though RFC 6266 has ISO-8859-1. */
function utf8(bytes: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return bytes;
  }
}
