/**
 * The limits of what a server can make this client hold or skip, and the check of the option `limits`. Each limit has a
 * name, a default with its reason, and an error message of its own where it is checked.
 */

import { ownOptions } from '../options.ts';

/**
 * The most that a server can make this client hold or skip: the option `limits` of connections, which names those that
 * differ from {@link DEFAULT_LIMITS}. A response beyond a limit is an {@link InvalidResponse}; beyond `bodyInMemory`,
 * an {@link UnsupportedResponse}.
 *
 * @example
 * ```js
 * import { HTTPConnection, InvalidResponse } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080', { limits: { fields: 1 } });
 * try {
 *   connection.request('GET', '/a');
 * } catch (error) {
 *   console.log(error instanceof InvalidResponse); // true
 * }
 * connection.disconnect();
 * ```
 */
export interface Limits {
  /** Bytes of the status line with its CRLF. Default 65,535, as in python-dugong: no reason phrase is that long. */
  readonly statusLine: number;
  /**
   * Bytes of the header section, also of a part of a multipart, with its final empty line. Default 65,535, as in
   * python-dugong; servers allow 8 to 32 KiB.
   */
  readonly headerSection: number;
  /** Field lines in a header or trailer section. Default 16,384: 64 KiB of the shortest possible lines ("A:"). */
  readonly fields: number;
  /**
   * Bytes of chunk extensions in one body, all of which are skipped. Default 16 KiB: apart from attacks they hardly
   * occur.
   */
  readonly chunkExtensions: number;
  /** Bytes of the trailer section with its final empty line. Default 65,535, as for the header section. */
  readonly trailerSection: number;
  /**
   * Bytes of informational (1xx) responses before one final response. Default 64 KiB: some hundred of the usual early
   * hints.
   */
  readonly informational: number;
  /** Empty lines before a status line. Default 2: old servers sent one after a body; more is not HTTP. */
  readonly emptyLines: number;
  /** Bytes that `readAll` and `readText` collect. Default 1 GiB: read larger bodies in parts. */
  readonly bodyInMemory: number;
}

/**
 * The limits that apply unless the option `limits` sets others. The object is frozen.
 *
 * @example
 * ```js
 * import { DEFAULT_LIMITS, HTTPConnection } from 'dugong';
 *
 * console.log(DEFAULT_LIMITS.headerSection, DEFAULT_LIMITS.bodyInMemory === 2 ** 30); // 65535 true
 * const limits = { ...DEFAULT_LIMITS, headerSection: 4 * DEFAULT_LIMITS.headerSection };
 * const connection = new HTTPConnection('http://localhost:8080', { limits });
 * console.log(connection.request('GET', '/a').response.status); // 200
 * connection.disconnect();
 * ```
 */
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

/**
 * Fills up `given` with the defaults. @throws TypeError naming a limit that does not exist or is no whole number >= 0
 */
export function withDefaultLimits(given?: Partial<Limits>): Limits {
  if (given === undefined || given === DEFAULT_LIMITS) return DEFAULT_LIMITS;
  const limits = ownOptions<Partial<Limits>>('limits', given, NAMES);
  return Object.fromEntries(NAMES.map((name) => [name, checkedLimit(name, limits[name])])) as unknown as Limits;
}

function checkedLimit(name: keyof Limits, value: number = DEFAULT_LIMITS[name]): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`limits.${name} must be a whole number >= 0, got ${String(value)}`);
}
