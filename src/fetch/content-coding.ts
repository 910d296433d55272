/**
 * Content codings (RFC 9110 8.4): what a request asks for, what a response says, and its body without them, at once or as it
 * comes. The fields stay as they came, as in fetch. Whether there is a body, the caller knows: one without bytes is fine.
 *
 * Against bombs, the decoded bytes of a body are limited by what was received: up to 64 MiB are always fine; beyond, they may be
 * 1,100 times as many. One gzip or deflate coding cannot make more of it than 1,032 times (zlib's own bound), so that data
 * with these is never refused. Codings one on top of the other are measured as one.
 */

import { advising, UnsupportedResponse } from '../errors.ts';
import { trimOWS } from '../http1/grammar.ts';
import type { HTTPHeaders } from '../http1/headers.ts';
import { type ContentCoding, decodedBy, hasZstd } from './codec.ts';
import { type ByteReader, CodingReader } from './coding-reader.ts';

export type { ByteReader, ContentCoding };

/** Always fine. */
const ALLOWANCE = 64 * 1024 * 1024;
const RATIO = 1100;
/** As in the platform's fetch. */
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
 * The value of Accept-Encoding that a request with these fields gets; undefined if it has one. With a Range it is "identity",
 * since a part of encoded data cannot be decoded (fetch, HTTP-network-or-cache fetch).
 */
export function acceptEncoding(headers: HTTPHeaders): string | undefined {
  if (headers.has('Accept-Encoding')) return undefined;
  if (headers.has('Range')) return 'identity';
  return hasZstd() ? 'gzip, deflate, br, zstd' : 'gzip, deflate, br';
}

/**
 * The codings of a body with these fields, in the order in which they were applied; undefined if there is one that is not
 * known here: then none can be undone, and fetch leaves the body as it is.
 * @throws UnsupportedResponse for more than five; the message ends with `advice`
 */
export function contentCodings(headers: HTTPHeaders, advice: string = ADVICE): readonly ContentCoding[] | undefined {
  const value = headers.get('Content-Encoding');
  if (value === undefined) return NONE;
  const names = value.toLowerCase().split(',').map(trimOWS);
  const codings: ContentCoding[] = [];
  for (const name of names) {
    // RFC 9110 5.6.1.2 for empty elements; "identity" does not belong here (8.4.1), but says what is the case.
    if (name === '' || name === 'identity') continue;
    const coding = NAMES.get(name);
    if (coding === undefined || (coding === 'zstd' && !hasZstd())) return undefined;
    codings.push(coding);
  }
  if (codings.length <= MOST_CODINGS) return codings;
  throw advised(`the body has ${codings.length} content codings, of which ${MOST_CODINGS} are undone at most`, advice);
}

export interface DecodeLimits {
  /** Bytes of the decoded body. Between two codings there may be as many, or 64 MiB. */
  readonly maxSize: number;
}

/**
 * `bytes` without the codings, at once: the thread is blocked meanwhile.
 * @throws InvalidResponse for data that is corrupt or cut, its `cause` is zlib's error; UnsupportedResponse for more than
 * `maxSize` bytes, and for a bomb
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
 * What `source` gives, without the codings. It is read from when more is asked for than is there, a part at a time; no more is
 * decoded ahead than a part of 64 KiB for each coding. What the server has flushed is given as soon as it is there. The end comes
 * with that of `source`.
 *
 * `read` throws InvalidResponse for data that is corrupt or cut, its `cause` is zlib's error, UnsupportedResponse for a bomb, and
 * what `source` throws. The messages end with `advice`.
 */
export function decodingReader(
  source: ByteReader,
  codings: readonly ContentCoding[],
  advice: string = ADVICE,
): ByteReader {
  return codings.length === 0 ? source : new MeasuredReader(source, codings, advice);
}

/** Counts what goes into the decoders and what comes out of the last one. */
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

/** Bytes that so many received ones may become. */
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
