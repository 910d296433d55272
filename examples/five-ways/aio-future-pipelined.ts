/**
 * Pipelined on Node's event loop: two async functions on one connection, one sends all requests, the other one reads all
 * responses.
 */

import { ConnectionClosed, type HTTPConnection } from 'dugong';
import type { Save } from './way.ts';

export async function aioFuturePipelined(
  connection: HTTPConnection,
  paths: readonly string[],
  save: Save,
): Promise<void> {
  await Promise.all([sendRequests(connection, paths), readResponses(connection, paths.length, save)]);
}

async function sendRequests({ promises }: HTTPConnection, paths: readonly string[]): Promise<void> {
  try {
    for (const path of paths) await promises.sendRequest('GET', path);
  } catch (error) {
    // Responses to earlier requests may have arrived: the reader takes them, and then gets the same error.
    if (!(error instanceof ConnectionClosed)) throw error;
  }
}

async function readResponses({ promises }: HTTPConnection, count: number, save: Save): Promise<void> {
  for (let read = 0; read < count; read++) {
    const { status } = await promises.readResponse();
    save(status, await promises.readAll());
  }
}
