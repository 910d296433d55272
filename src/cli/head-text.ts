/**
 * The head of a response as text, as -i and -I write it.
 */

import type { HTTPResponse } from '../index.ts';
import { printable } from './printable.ts';

/** The head as it came, with an empty line at its end. For a terminal, control characters of the server are escaped. */
export function headOf(response: HTTPResponse, { terminal }: { terminal: boolean }): Buffer {
  const lines = headLines(response);
  if (!terminal) return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const shown = lines.map((line) => printable(Buffer.from(line, 'latin1').toString('utf8')));
  return Buffer.from(`${shown.join('\r\n')}\r\n\r\n`);
}

function headLines({ httpVersion, status, reason, headers }: HTTPResponse): string[] {
  return [`HTTP/${httpVersion} ${status} ${reason}`, ...[...headers].map(([name, value]) => `${name}: ${value}`)];
}
