/**
 * Bytes that the user gives, or gives room for: that they are bytes, and that their memory is there.
 */

/** @throws TypeError unless `data` is a Uint8Array (a Buffer is one) whose memory is there */
export function checkedBytes(what: string, data: unknown): Uint8Array {
  if (!(data instanceof Uint8Array)) {
    throw new TypeError(
      `${what} needs bytes (a Uint8Array, such as a Buffer), got ${data === null ? 'null' : typeof data}`,
    );
  }
  if (data.length === 0) assertAttached(what, data);
  return data;
}

/** A view whose memory was transferred, or has shrunk away below it, looks like an empty one, which is something else. */
function assertAttached(what: string, empty: Uint8Array): void {
  try {
    // Writes nothing, but looks. (That of a Buffer does not look.)
    Uint8Array.prototype.fill.call(empty, 0);
  } catch (cause) {
    throw new TypeError(`${what}: the memory of the bytes is gone, its buffer is detached or has shrunk`, { cause });
  }
}
