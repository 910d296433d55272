/**
 * Writes short texts to standard output at once, before the program ends: the help, the version, a report. Streams cost start-up
 * time, so it uses the descriptor.
 */

import { writeSync } from 'node:fs';

/** Writes all of `text`. @throws the system's error */
export function print(text: string | Uint8Array): void {
  let rest = typeof text === 'string' ? Buffer.from(text) : text;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      // A pipe whose other end made it non-blocking, and that is full.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}
