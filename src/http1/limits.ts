/**
 * The bounds of what a server can make this client hold or skip. Each has a name, a default with its reason, and a message
 * of its own where it is checked.
 */

import { ownOptions } from '../options.ts';

/** What a server can make this client hold or skip, at most. */
export interface Limits {
  /** Bytes of the status line with its CRLF. Default 65,535: python-dugong's; no reason phrase is that long. */
  readonly statusLine: number;
  /** Bytes of the header section with its final empty line. Default 65,535: python-dugong's; servers stop at 8 to 32 KiB. */
  readonly headerSection: number;
  /** Field lines in a header or trailer section. Default 16,384: as many as the shortest ones that fill 64 KiB ("A:"). */
  readonly fields: number;
  /** Bytes of chunk extensions in one body, all skipped. Default 16 KiB: nobody sends any, attackers excepted. */
  readonly chunkExtensions: number;
  /** Bytes of the trailer section with its final empty line. Default 65,535: as the header section. */
  readonly trailerSection: number;
  /** Bytes of informational (1xx) responses before one final response. Default 64 KiB: some hundred early hints. */
  readonly informational: number;
  /** Empty lines before a status line. Default 2: old servers sent one after a body; more is no HTTP. */
  readonly emptyLines: number;
  /** Bytes that `readAll` and `readText` collect. Default 1 GiB: what is larger is better read in parts. */
  readonly bodyInMemory: number;
}

/** What holds unless an option `limits` says otherwise. */
export const DEFAULT_LIMITS: Limits = Object.freeze({
  statusLine: 65_535,
  headerSection: 65_535,
  fields: 16_384,
  chunkExtensions: 16_384,
  trailerSection: 65_535,
  informational: 65_536,
  emptyLines: 2,
  bodyInMemory: 2 ** 30,
});

const NAMES = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];

/** `given` filled up with the defaults. @throws TypeError naming the limit that does not exist or is no whole number >= 0 */
export function withDefaultLimits(given?: Partial<Limits>): Limits {
  if (given === undefined || given === DEFAULT_LIMITS) return DEFAULT_LIMITS;
  const limits = ownOptions<Partial<Limits>>('limits', given, NAMES);
  return Object.fromEntries(NAMES.map((name) => [name, checkedLimit(name, limits[name])])) as unknown as Limits;
}

function checkedLimit(name: keyof Limits, value: number = DEFAULT_LIMITS[name]): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`limits.${name} must be a whole number >= 0, got ${String(value)}`);
}
