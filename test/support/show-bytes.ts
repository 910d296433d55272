/** Bytes for a test report: printable ASCII as it is, other bytes escaped. */

const named: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 92: '\\\\' };

/** `bytes` as one quoted line, e.g. `"GET / HTTP/1.1\r\n"`. */
export function showBytes(bytes: Uint8Array): string {
  let shown = '';
  for (const byte of bytes) {
    const printable = byte >= 0x20 && byte < 0x7f;
    shown += named[byte] ?? (printable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`);
  }
  return `"${shown}"`;
}

/** The last `count` bytes at most, with a note of how many are not shown. */
export function showTail(bytes: Uint8Array, count: number = 200): string {
  if (bytes.length <= count) return showBytes(bytes);
  return `(${bytes.length - count} bytes) ... ${showBytes(bytes.subarray(-count))}`;
}

/** Two lines that show both around the first different byte, and a third that points at it. */
export function showDifference(expected: Uint8Array, received: Uint8Array): string {
  const offset = firstDifference(expected, received);
  const from = Math.max(0, offset - 60);
  const lead = showBytes(expected.subarray(from, offset)).length - 1;
  return [
    `bytes differ at offset ${offset}${from > 0 ? ` (shown from ${from})` : ''}:`,
    `  expected ${showBytes(expected.subarray(from, offset + 60))}`,
    `  received ${showBytes(received.subarray(from, offset + 60))}`,
    `           ${' '.repeat(lead)}^`,
  ].join('\n');
}

/** The offset of the first different byte, or the end of the shorter one. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let offset = 0; offset < shorter; offset++) if (a[offset] !== b[offset]) return offset;
  return shorter;
}
