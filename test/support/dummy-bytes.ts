/** The contents of the dummy server's documents: "0,1,2,...,9999", again and again. */

const dummy = Buffer.from(Array.from({ length: 10_000 }, (_, number) => number).join(','), 'latin1');

/** The first `length` bytes, as the dummy server sends them. */
export function dummyBytes(length: number): Buffer {
  return length <= dummy.length ? Buffer.from(dummy.subarray(0, length)) : Buffer.alloc(length, dummy);
}
