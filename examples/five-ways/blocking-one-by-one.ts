/**
 * The plainest way: send, wait, read, and only then send the next request. The thread is blocked meanwhile.
 */

import type { HTTPConnection } from 'dugong';
import type { Save } from './way.ts';

export function blockingOneByOne(connection: HTTPConnection, paths: readonly string[], save: Save): void {
  for (const path of paths) {
    connection.sendRequest('GET', path);
    const { status } = connection.readResponse();
    save(status, connection.readAll());
  }
}
