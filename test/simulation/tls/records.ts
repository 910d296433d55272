/**
 * The records of the simulated TLS: their framing is that of TLS (a type, a length, up to 16 KiB), nothing is encrypted, and the
 * messages of a handshake are words. A handshake: the client's `hello NAME PROTOCOLS SESSION`; the server's `server NAMES FLIGHTS
 * FAULT PROTOCOL RESUMED`, padded, then `done`; the client's `finished`; with four flights the server's `finished`. After it the
 * server may send `ticket SESSION`, `update`, to which `update requested` wants an `update`, and `again`, which asks for another
 * handshake.
 */

import type { ByteQueue } from '../network/byte-queue.ts';

export const ALERT = 21;
export const HANDSHAKE = 22;
export const CONTENT = 23;

/** Alerts. */
export const CLOSE_NOTIFY = 0;
export const HANDSHAKE_FAILURE = 40;
export const BAD_CERTIFICATE = 42;
export const NO_APPLICATION_PROTOCOL = 120;

export const LARGEST = 16384;
const HEADER = 3;

export interface TLSRecord {
  readonly type: number;
  readonly payload: Buffer;
}

export function record(type: number, payload: Uint8Array | string): Buffer {
  const bytes = Buffer.from(payload as Uint8Array);
  const whole = Buffer.allocUnsafe(HEADER + bytes.length);
  whole[0] = type;
  whole.writeUInt16BE(bytes.length, 1);
  whole.set(bytes, HEADER);
  return whole;
}

export function alert(description: number): Buffer {
  return record(ALERT, Buffer.of(description === CLOSE_NOTIFY ? 1 : 2, description));
}

/** The first record in `bytes`, which stays there; undefined if it is not complete. */
export function firstRecord(bytes: ByteQueue): TLSRecord | undefined {
  const all = bytes.peek();
  if (all.length < HEADER) return undefined;
  const length = all.readUInt16BE(1);
  if (all.length < HEADER + length) return undefined;
  return { type: all[0] as number, payload: Buffer.from(all.subarray(HEADER, HEADER + length)) };
}

export function dropRecord(bytes: ByteQueue, { payload }: TLSRecord): void {
  bytes.drop(HEADER + payload.length);
}

/** Whether this is the beginning of no record at all, such as a response in clear. */
export function isForeign(bytes: ByteQueue): boolean {
  const [type] = bytes.peek();
  return type !== undefined && (type < ALERT || type > CONTENT);
}

/** Stands for an empty part of a message. */
const NONE = '-';

export function message(...words: readonly (string | number)[]): Buffer {
  return record(HANDSHAKE, words.map((word) => (word === '' ? NONE : word)).join(' '));
}

export function wordsOf(payload: Buffer): string[] {
  return payload
    .toString('latin1')
    .split(' ')
    .map((word) => (word === NONE ? '' : word));
}
