/**
 * Content codings (RFC 9110 8.4): the value of Accept-Encoding for a request, the codings of a response, and its
 * decoded body, at once or as it arrives. As in fetch, the fields stay as they were received. A body without bytes is
 * valid; the caller knows whether there is a body.
 *
 * Against decompression bombs, the size of the decoded body is limited by the number of received bytes: up to 64 MiB
 * are always allowed, beyond that 1,100 times the received bytes. zlib cannot expand data by more than 1,032 times, so
 * that a single gzip or deflate coding is never refused. Several codings are measured as one.
 */

import { advising, UnsupportedResponse } from '../errors.ts';
import { trimOWS } from '../http1/grammar.ts';
import type { HTTPHeaders } from '../http1/headers.ts';
import { type ContentCoding, decodedBy, hasZstd } from './codec.ts';
import { type ByteReader, CodingReader } from './coding-reader.ts';

export type { ByteReader, ContentCoding };

/** Decoded bytes that are always allowed. */
const ALLOWANCE = 64 * 1024 * 1024;
const RATIO = 1100;
/** The limit of the platform's fetch. */
const MOST_CODINGS = 5;
const ADVICE = 'decompress: false gives it as it came';

const NAMES: ReadonlyMap<string, ContentCoding> = new Map([
  ['gzip', 'gzip'],
  // RFC 9110 8.4.1.3
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
  ['zstd', 'zstd'],
]);
const NONE: readonly ContentCoding[] = [];

/**
 * The value of Accept-Encoding for a request; undefined if its fields have one. With Range it is "identity", because a
 * part of encoded data cannot be decoded (Fetch, "HTTP-network-or-cache fetch").
 */
export function acceptEncoding(headers: HTTPHeaders): string | undefined {
  if (headers.has('Accept-Encoding')) return undefined;
  if (headers.has('Range')) return 'identity';
  return hasZstd() ? 'gzip, deflate, br, zstd' : 'gzip, deflate, br';
}

/**
 * The codings of a body in the order of their application; undefined if one of them is unknown: then, as in fetch, the
 * body stays encoded.
 * @throws UnsupportedResponse for more than five; the message ends with `advice`
 */
export function contentCodings(headers: HTTPHeaders, advice: string = ADVICE): readonly ContentCoding[] | undefined {
  const value = headers.get('Content-Encoding');
  if (value === undefined) return NONE;
  const names = value.toLowerCase().split(',').map(trimOWS);
  const codings: ContentCoding[] = [];
  for (const name of names) {
    // Empty elements are ignored (RFC 9110 5.6.1.2). "identity" is not allowed here (8.4.1), but has a clear meaning.
    if (name === '' || name === 'identity') continue;
    const coding = NAMES.get(name);
    if (coding === undefined || (coding === 'zstd' && !hasZstd())) return undefined;
    codings.push(coding);
  }
  if (codings.length <= MOST_CODINGS) return codings;
  throw advised(`the body has ${codings.length} content codings, of which ${MOST_CODINGS} are undone at most`, advice);
}

/** The limit of decodeWhole. */
export interface DecodeLimits {
  /** Most bytes of the decoded body. Between two codings there may be as many, or 64 MiB if that is more. */
  readonly maxSize: number;
}

/**
 * Decodes `bytes` at once; the thread is blocked meanwhile.
 * @throws InvalidResponse for data that is corrupt or cut short, with zlib's error as its `cause`; UnsupportedResponse
 * for more than `maxSize` bytes, and for a bomb
 */
export function decodeWhole(bytes: Uint8Array, codings: readonly ContentCoding[], { maxSize }: DecodeLimits): Buffer {
  let decoded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const plausible = mostOf(bytes.length);
  for (const [index, coding] of codings.toReversed().entries()) {
    if (decoded.length === 0) break;
    const allowed = index === codings.length - 1 ? maxSize : Math.max(maxSize, ALLOWANCE);
    const next = decodedBy(coding, decoded, { most: Math.min(allowed, plausible), advice: ADVICE });
    if (next === undefined) throw plausible < allowed ? bomb(bytes.length, ADVICE) : tooLarge(allowed);
    decoded = next;
  }
  return decoded;
}

/**
 * Decodes the parts of `source`. It reads a part from `source` only when it has no decoded bytes left, and decodes no
 * further ahead than 64 KiB for each coding. Data that the server has flushed is returned at once. The result ends when
 * `source` ends.
 *
 * `read` throws InvalidResponse for data that is corrupt or cut short, with zlib's error as its `cause`;
 * UnsupportedResponse for a bomb; and any error of `source`. The messages end with `advice`.
 */
export function decodingReader(
  source: ByteReader,
  codings: readonly ContentCoding[],
  advice: string = ADVICE,
): ByteReader {
  return codings.length === 0 ? source : new MeasuredReader(source, codings, advice);
}

/** Counts the bytes that enter the decoders and those that leave the last one. */
class MeasuredReader implements ByteReader {
  readonly #decoded: ByteReader;
  readonly #advice: string;
  #received = 0;
  #given = 0;

  constructor(source: ByteReader, codings: readonly ContentCoding[], advice: string) {
    const measured: ByteReader = {
      read: async () => {
        const part = await source.read();
        this.#received += part?.length ?? 0;
        return part;
      },
      cancel: () => source.cancel(),
    };
    this.#decoded = codings.reduceRight((reader: ByteReader, each) => new CodingReader(reader, each, advice), measured);
    this.#advice = advice;
  }

  async read(): Promise<Uint8Array | undefined> {
    const part = await this.#decoded.read();
    this.#given += part?.length ?? 0;
    if (this.#given <= mostOf(this.#received)) return part;
    this.cancel();
    throw bomb(this.#received, this.#advice);
  }

  cancel(): void {
    this.#decoded.cancel();
  }
}

/** Most decoded bytes for so many received bytes. */
function mostOf(received: number): number {
  return Math.max(ALLOWANCE, RATIO * received);
}

function bomb(received: number, advice: string): UnsupportedResponse {
  const most = mostOf(received);
  return advised(
    `the body becomes more than ${most} bytes when it is decoded, of ${received}: it may be a bomb`,
    advice,
  );
}

function tooLarge(most: number): UnsupportedResponse {
  return advised(`the body is larger than ${most} bytes when it is decoded`, `Allow more; ${ADVICE}`);
}

function advised(message: string, advice: string): UnsupportedResponse {
  return advising(new UnsupportedResponse(message), advice);
}
