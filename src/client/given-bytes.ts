/**
 * Bytes that the user gives, or gives room for: that they are bytes, and that their memory is there.
 */

import { types } from 'node:util';
import { isCoroutine } from '../schedule/run-blocking.ts';

/** The memory that `data` is or shows, of whatever realm it comes from; undefined if it is none. */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return types.isAnyArrayBuffer(data) ? new Uint8Array(data) : undefined;
}

/** @throws TypeError unless `data` is an ArrayBuffer or a view of one (a Buffer is one) whose memory is there */
export function checkedBytes(what: string, data: unknown): Uint8Array {
  const bytes = attached(what, () => bytesOf(data));
  if (bytes === undefined) {
    throw new TypeError(`${what} needs bytes (a Uint8Array, such as a Buffer), got ${kindOf(data)}`);
  }
  // A view whose memory was transferred, or has shrunk away below it, looks like an empty one, which is something else. To fill
  // it writes nothing, but looks. (That of a Buffer does not look.)
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
