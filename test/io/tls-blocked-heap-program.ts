/**
 * Shakes hands with a port that speaks no TLS, often, and keeps what that takes of the heap. Prints which errors there were, as JSON.
 *
 *     tls-blocked-heap-program.ts PORT
 */

import { HTTPConnection } from '../../src/index.ts';

const port = Number(process.argv[2]);
const codes = new Set<unknown>();
const kept: HTTPConnection[] = [];
for (let count = 0; count < 300; count++) {
  const connection = new HTTPConnection('127.0.0.1', { port, tls: true });
  try {
    connection.connect();
  } catch (error) {
    codes.add((error as Error & { code?: string }).code);
  }
  kept.push(connection);
}
process.stdout.write(JSON.stringify([...codes]));
for (const connection of kept) connection.disconnect();
