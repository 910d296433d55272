/**
 * Decodes content codings with node:zlib (RFC 9110 8.4.1, RFC 8878 for zstd) and converts its failures. It knows no
 * header fields and no limits of its own.
 *
 * It is as lenient as the platform's fetch: gzip data may have several members (RFC 1952 2.2) and zeros behind them,
 * "deflate" may lack the zlib wrapper, and bytes behind the end of the other codings are ignored. It is stricter in one
 * point: data that ends before its coding does is an error.
 */

import { constants } from 'node:buffer';
import type { Transform } from 'node:stream';
import { advising, InvalidResponse } from '../errors.ts';
import { builtin } from '../io/builtin.ts';
import { bare, own } from '../options.ts';

/** The content codings that can be decoded. */
export type ContentCoding = 'gzip' | 'deflate' | 'br' | 'zstd';

/** The options of node:zlib that the decoders use. */
interface CodecOptions {
  readonly chunkSize: number;
  readonly highWaterMark?: number;
  readonly maxOutputLength?: number;
  readonly flush?: number;
  readonly params?: Readonly<Record<number, number>>;
}

/** The two forms of a decoder: for all bytes at once, and as a stream. */
interface Codec {
  readonly whole: (bytes: Uint8Array, options: CodecOptions) => Buffer;
  readonly streamed: (options: CodecOptions) => Transform;
}

/** The functions for zstd, which node:zlib has from Node 22.15 on. */
interface ZstdZlib {
  readonly createZstdDecompress: Codec['streamed'];
  readonly zstdDecompressSync: Codec['whole'];
}

/** ZSTD_d_windowLogMax = 23: RFC 9659 3 allows windows of 8 MB at most, so that a server cannot demand more memory. */
const ZSTD_WINDOW: Readonly<Record<number, number>> = bare({ 100: 23 });

/**
 * Decodes `bytes`, which must not be empty, at once. Undefined if the result has more than `most` bytes.
 * @throws InvalidResponse, with `advice`, for data that is corrupt or cut short
 */
export function decodedBy(
  coding: ContentCoding,
  bytes: Uint8Array,
  { most, advice }: { most: number; advice: string },
): Buffer | undefined {
  const chunkSize = Math.min(Math.max(4 * bytes.length, 1024), 262_144);
  try {
    const maxOutputLength = Math.min(Math.max(most, 1), constants.MAX_LENGTH);
    const decoded = codecOf(coding, bytes.at(0)).whole(bytes, optionsFor(coding, { chunkSize, maxOutputLength }));
    return decoded.length > most ? undefined : decoded;
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw explained(coding, error, advice);
  }
}

/**
 * Makes a stream that decodes data whose first byte is `first`. It gives about `size` bytes at a time and holds back no
 * more.
 */
export function decoderOf(coding: ContentCoding, first: number | undefined, size: number): Transform {
  return codecOf(coding, first).streamed(optionsFor(coding, { chunkSize: size, highWaterMark: size }));
}

/**
 * Options that Node's streams look up. As own properties with the value undefined they are not looked up on
 * Object.prototype.
 */
export const UNSET: Readonly<Record<string, undefined>> = Object.fromEntries(
  [
    ...['allowHalfOpen', 'captureRejections', 'construct', 'decodeStrings', 'defaultEncoding', 'destroy', 'emitClose'],
    ...['encoding', 'final', 'flush', 'highWaterMark', 'objectMode', 'read', 'readable', 'readableHighWaterMark'],
    ...['readableObjectMode', 'signal', 'transform', 'writable', 'writableHighWaterMark', 'writableObjectMode'],
    ...['write', 'writev'],
  ].map((name) => [name, undefined]),
);

/**
 * The options of a decoder. Flushing makes it return at once what the server has flushed, as for server-sent events.
 * Data that is cut short remains an error.
 */
function optionsFor(coding: ContentCoding, sizes: CodecOptions): CodecOptions {
  const options = { ...UNSET, ...sizes };
  if (coding === 'br') return bare(options);
  const more = coding === 'zstd' ? { params: ZSTD_WINDOW } : { flush: builtin.zlib.constants.Z_SYNC_FLUSH };
  return bare({ ...options, ...more });
}

function codecOf(coding: ContentCoding, first: number | undefined): Codec {
  const { zlib } = builtin;
  switch (coding) {
    case 'gzip':
      return { whole: zlib.gunzipSync, streamed: zlib.createGunzip };
    case 'deflate':
      return isWrapped(first)
        ? { whole: zlib.inflateSync, streamed: zlib.createInflate }
        : { whole: zlib.inflateRawSync, streamed: zlib.createInflateRaw };
    case 'br':
      return { whole: zlib.brotliDecompressSync, streamed: zlib.createBrotliDecompress };
    case 'zstd': {
      const { zstdDecompressSync, createZstdDecompress } = zlib as unknown as ZstdZlib;
      return { whole: zstdDecompressSync, streamed: createZstdDecompress };
    }
  }
}

/**
 * Whether the data has the zlib wrapper: the first byte holds the method (RFC 1950 2.2). Some servers send raw deflate
 * data; no encoder begins it with such a byte.
 */
function isWrapped(first: number | undefined): boolean {
  return ((first ?? 0) & 0x0f) === 8;
}

let zstd: boolean | undefined;

/**
 * Whether node:zlib has a decoder for zstd that notices data cut short. Node 22's does not: it returns a part as if it
 * were the whole.
 */
export function hasZstd(): boolean {
  zstd ??= own(process.versions, 'zstd') !== undefined && noticesCutData();
  return zstd;
}

/** A frame with one empty block (RFC 8878 3.1.1) that lacks the last block. */
const CUT_FRAME = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x00, 0x00, 0x00);

function noticesCutData(): boolean {
  const { zstdDecompressSync } = builtin.zlib as unknown as Partial<ZstdZlib>;
  try {
    zstdDecompressSync?.(CUT_FRAME, optionsFor('zstd', { chunkSize: 64 }));
    return false;
  } catch {
    return true;
  }
}

/**
 * Makes the error for data that cannot be decoded; its message ends with `advice`. Returns `cause` itself if it is not
 * about the data.
 */
export function explained(coding: ContentCoding, cause: unknown, advice: string): unknown {
  if (!(cause instanceof Error && Object.hasOwn(cause, 'errno'))) return cause;
  const message = `the body cannot be decoded from ${coding} (${cause.message}, ${codeOf(cause)})`;
  return advising(new InvalidResponse(message, { cause }), advice);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? own(error as NodeJS.ErrnoException, 'code') : undefined;
}
