/**
 * The usual way in Node: send, await, read, and only then send the next request. The event loop runs meanwhile. Each call of
 * `connection.promises` is an AioFuture over the coroutine of the same name.
 */

import type { HTTPConnection } from 'dugong';
import type { Save } from './way.ts';

export async function aioFutureOneByOne(
  connection: HTTPConnection,
  paths: readonly string[],
  save: Save,
): Promise<void> {
  for (const path of paths) {
    await connection.promises.sendRequest('GET', path);
    const { status } = await connection.promises.readResponse();
    save(status, await connection.promises.readAll());
  }
}
