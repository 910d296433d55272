/**
 * A loop of your own: one coroutine sends all requests, another one reads all responses, and select() says which of them can
 * go on. The thread is blocked in select(); Node's event loop is not involved.
 */

import {
  ConnectionClosed,
  type Coroutine,
  type HTTPConnection,
  POLLIN,
  POLLOUT,
  type PollNeeded,
  select,
} from 'dugong';
import type { Save } from './way.ts';

export function ownSelectLoop(connection: HTTPConnection, paths: readonly string[], save: Save): void {
  const sender = sendRequests(connection, paths);
  const reader = readResponses(connection, paths.length, save);
  for (;;) {
    const sending = sender.next();
    const reading = reader.next();
    if (reading.done) return;
    const waits = sending.done ? [reading.value] : [reading.value, sending.value];
    select(waits.filter(toRead), waits.filter(toWrite));
  }
}

function* sendRequests(connection: HTTPConnection, paths: readonly string[]): Coroutine<void> {
  try {
    for (const path of paths) yield* connection.coSendRequest('GET', path);
  } catch (error) {
    // Responses to earlier requests may have arrived: the reader takes them, and then gets the same error.
    if (!(error instanceof ConnectionClosed)) throw error;
  }
}

function* readResponses(connection: HTTPConnection, count: number, save: Save): Coroutine<void> {
  for (let read = 0; read < count; read++) {
    const { status } = yield* connection.coReadResponse();
    save(status, yield* connection.coReadAll());
  }
}

function toRead({ mask }: PollNeeded): boolean {
  return (mask & POLLIN) !== 0;
}

function toWrite({ mask }: PollNeeded): boolean {
  return (mask & POLLOUT) !== 0;
}
