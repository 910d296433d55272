/**
 * Pipelined, with the thread blocked: requests go out some dozens ahead of the responses that are read, and many of them in
 * one syscall, since the connection is corked while they are made.
 */

import type { HTTPConnection } from 'dugong';
import type { Save } from './way.ts';

/** How many requests may be unanswered. */
const DEPTH = 64;

export function blockingPipelined(connection: HTTPConnection, paths: readonly string[], save: Save): void {
  let sent = 0;
  for (let read = 0; read < paths.length; read++) {
    // Many at a time, once half of them have been answered, rather than one for each response.
    if (sent - read <= DEPTH / 2) {
      const upTo = Math.min(read + DEPTH, paths.length);
      connection.cork();
      for (const path of paths.slice(sent, upTo)) connection.sendRequest('GET', path);
      connection.uncork();
      sent = upTo;
    }
    const { status } = connection.readResponse();
    save(status, connection.readAll());
  }
}
