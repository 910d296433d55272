/**
 * What node:zlib has for each content coding (RFC 9110 8.4.1, RFC 8878 for zstd), and what its failures are to a caller. It knows
 * no fields and no limits.
 *
 * What is lenient here is so in the platform's fetch, too: gzip data may have several members (RFC 1952 2.2) and zeros behind
 * them, "deflate" may lack the zlib wrapper, and what follows the end of the other codings is not looked at. What is stricter:
 * data that ends before its coding does is an error.
 */

import { constants } from 'node:buffer';
import type { Transform } from 'node:stream';
import { advising, InvalidResponse } from '../errors.ts';
import { builtin } from '../io/builtin.ts';
import { bare, own } from '../options.ts';

export type ContentCoding = 'gzip' | 'deflate' | 'br' | 'zstd';

/** What the constructors of node:zlib understand, of which a decoder uses this. */
interface CodecOptions {
  readonly chunkSize: number;
  readonly highWaterMark?: number;
  readonly maxOutputLength?: number;
  readonly flush?: number;
  readonly params?: Readonly<Record<number, number>>;
}

/** The two forms of a decoder. */
interface Codec {
  readonly whole: (bytes: Uint8Array, options: CodecOptions) => Buffer;
  readonly streamed: (options: CodecOptions) => Transform;
}

/** The part of node:zlib that came with Node 22.15. */
interface ZstdZlib {
  readonly createZstdDecompress: Codec['streamed'];
  readonly zstdDecompressSync: Codec['whole'];
}

/** ZSTD_d_windowLogMax: RFC 9659 3 has 8 MB at most, so that no server decides about the memory of its clients. */
const ZSTD_WINDOW: Readonly<Record<number, number>> = bare({ 100: 23 });

/**
 * Decodes `bytes`, which are not empty, at once; undefined if there are more than `most` bytes in them.
 * @throws InvalidResponse, with `advice`, for data that is corrupt or cut
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

/** A decoder for data that begins with the byte `first`, which gives about `size` bytes at a time and holds no more back. */
export function decoderOf(coding: ContentCoding, first: number | undefined, size: number): Transform {
  return codecOf(coding, first).streamed(optionsFor(coding, { chunkSize: size, highWaterMark: size }));
}

/** What the streams of Node look for besides: theirs to be found, and not on Object.prototype. */
export const UNSET: Readonly<Record<string, undefined>> = Object.fromEntries(
  [
    ...['allowHalfOpen', 'captureRejections', 'construct', 'decodeStrings', 'defaultEncoding', 'destroy', 'emitClose'],
    ...['encoding', 'final', 'flush', 'highWaterMark', 'objectMode', 'read', 'readable', 'readableHighWaterMark'],
    ...['readableObjectMode', 'signal', 'transform', 'writable', 'writableHighWaterMark', 'writableObjectMode'],
    ...['write', 'writev'],
  ].map((name) => [name, undefined]),
);

/** With the flushing that gives at once what the server has flushed, as events. Cut data remains an error. */
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

/** By the method in the first byte (RFC 1950 2.2). Servers send bare deflate, too; no encoder begins it with such a byte. */
function isWrapped(first: number | undefined): boolean {
  return ((first ?? 0) & 0x0f) === 8;
}

let zstd: boolean | undefined;

/** Whether there is a decoder for zstd here that notices cut data: that of Node 22 gives a part for the whole. */
export function hasZstd(): boolean {
  zstd ??= own(process.versions, 'zstd') !== undefined && noticesCutData();
  return zstd;
}

/** A frame with one empty block (RFC 8878 3.1.1), of which only the last block is missing. */
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

/** The error for a caller, its message ends with `advice`, if it is the data that `cause` is about; otherwise `cause`. */
export function explained(coding: ContentCoding, cause: unknown, advice: string): unknown {
  if (!(cause instanceof Error && Object.hasOwn(cause, 'errno'))) return cause;
  const message = `the body cannot be decoded from ${coding} (${cause.message}, ${codeOf(cause)})`;
  return advising(new InvalidResponse(message, { cause }), advice);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? own(error as NodeJS.ErrnoException, 'code') : undefined;
}
