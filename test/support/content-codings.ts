/** Bodies in content codings, and in parts. */

import zlib from 'node:zlib';
import { HTTPHeaders } from 'dugong/http1';
import { type ByteReader, type ContentCoding, contentCodings } from '../../src/fetch/content-coding.ts';

export type Encode = (bytes: Uint8Array) => Buffer;

/** Node's types here are those of Node 20. */
const { zstdCompressSync } = zlib as unknown as { readonly zstdCompressSync?: Encode };
const hasZstd = contentCodings(new HTTPHeaders({ 'Content-Encoding': 'zstd' })) !== undefined;

/** An encoder for each coding that the client decodes. */
export const ENCODERS: ReadonlyMap<ContentCoding, Encode> = new Map<ContentCoding, Encode>([
  ['gzip', (bytes) => zlib.gzipSync(bytes)],
  ['deflate', (bytes) => zlib.deflateSync(bytes)],
  ['br', (bytes) => zlib.brotliCompressSync(bytes)],
  ...(hasZstd && zstdCompressSync ? [['zstd', zstdCompressSync] as const] : []),
]);

/** A source of `bytes` in parts of `size`, which records what was taken and whether it was cancelled. */
export function inPieces(bytes: Uint8Array, size: number): ByteReader & { taken: number; cancelled: boolean } {
  return {
    taken: 0,
    cancelled: false,
    async read() {
      if (this.taken >= bytes.length) return undefined;
      const part = bytes.slice(this.taken, this.taken + size);
      this.taken += part.length;
      return part;
    },
    cancel() {
      this.cancelled = true;
    },
  };
}

/** All bytes that a reader gives. */
export async function allOf(reader: ByteReader): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = await reader.read();
    if (part === undefined) return Buffer.concat(parts);
    parts.push(part);
  }
}
