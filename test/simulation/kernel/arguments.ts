/** The checks that the addon makes of its arguments (native/arguments.h, native/buffer-list.h), as far as callers may get them wrong. */

/** IOV_MAX (native/buffer-list.h). */
export const MOST_VECTORS = 1024;

/** The part of a buffer that a call uses. @throws RangeError as native/arguments.h */
export function range(call: string, buffer: Uint8Array, offset: number, length: number): Uint8Array {
  if (!isCount(offset)) throw new RangeError(`${call}: offset must be a non-negative integer`);
  if (!isCount(length)) throw new RangeError(`${call}: length must be a non-negative integer`);
  if (offset + length > buffer.length)
    throw new RangeError(`${call}: offset + length is outside the buffer (detached, shrunk, or too short)`);
  return buffer.subarray(offset, offset + length);
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

/** The error for a receiver without room. */
export function empty(call: string): RangeError {
  return new RangeError(`${call}: length must not be 0: the result would look like the end of the stream`);
}

/** @throws RangeError */
export function assertTime(call: string, timeoutMs: number): void {
  if (Number.isNaN(timeoutMs)) throw new RangeError(`${call}: timeoutMs must not be NaN`);
}

/** @throws RangeError */
export function assertSkip(call: string, buffers: readonly Uint8Array[], skip: number): void {
  if (Number.isInteger(skip) && skip >= 0 && skip <= (buffers[0]?.length ?? 0)) return;
  throw new RangeError(`${call}: skip must be an integer within the first buffer`);
}
