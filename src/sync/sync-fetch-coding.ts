/**
 * Decodes content codings as node-fetch 2 does: one of gzip, deflate and br. gzip that is cut short is decoded as far
 * as it goes.
 */

import { Buffer } from 'node:buffer';
import { UNSET } from '../fetch/codec.ts';
import { bare } from '../options.ts';

/** Whether node-fetch would decode this coding. */
export function isCoded(coding: string | null): coding is string {
  return coding !== null && /^(?:x-)?(?:gzip|deflate)$|^br$/.test(coding);
}

/** Decodes bytes. @throws the error of node:zlib; ERR_BUFFER_TOO_LARGE for more than `most` bytes */
export function decoded(bytes: Buffer, coding: string, most: number): Buffer {
  if (bytes.length === 0) return bytes;
  const { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } =
    process.getBuiltinModule('node:zlib');
  const limit = bare({ ...UNSET, maxOutputLength: most });
  if (coding === 'br') return Buffer.from(brotliDecompressSync(bytes, limit));
  if (coding.endsWith('gzip')) {
    const { Z_SYNC_FLUSH } = constants;
    return Buffer.from(gunzipSync(bytes, bare({ ...limit, flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH })));
  }
  // Some servers send raw deflate data without the zlib header (RFC 1950 2.2; its low bits are 8).
  const raw = ((bytes.at(0) ?? 0) & 0x0f) !== 8;
  return Buffer.from(raw ? inflateRawSync(bytes, limit) : inflateSync(bytes, limit));
}
