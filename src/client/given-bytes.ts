/**
 * Checks memory that the caller gives, to send from or to read into: that it is bytes, and that it is not detached.
 */

import { types } from 'node:util';
import { isCoroutine } from '../schedule/stepper.ts';

/** The bytes of an ArrayBuffer or a view, of any realm; undefined for other values. */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return types.isAnyArrayBuffer(data) ? new Uint8Array(data) : undefined;
}

/**
 * Returns the bytes. @throws TypeError unless `data` is an ArrayBuffer or a view of one (as a Buffer is), and its
 * memory is there
 */
export function checkedBytes(what: string, data: unknown): Uint8Array {
  const bytes = attached(what, () => bytesOf(data));
  if (bytes === undefined) {
    throw new TypeError(`${what} needs bytes (a Uint8Array, such as a Buffer), got ${kindOf(data)}`);
  }
  // A view whose memory was transferred, or shrunk, looks like an empty one. fill() writes nothing here, but throws for
  // such a view. (The fill() of Buffer does not.)
  if (bytes.length === 0) attached(what, () => Uint8Array.prototype.fill.call(bytes, 0));
  return bytes;
}

function kindOf(value: unknown): string {
  if (isCoroutine(value)) return 'a coroutine: give what it returns, by yield*';
  return value === null ? 'null' : typeof value;
}

function attached<T>(what: string, look: () => T): T {
  try {
    return look();
  } catch (cause) {
    throw new TypeError(`${what}: the memory of the bytes is gone, its buffer is detached or has shrunk`, { cause });
  }
}
