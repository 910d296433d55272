/**
 * Many connections at once from one blocked thread, with no loop to write: coAll waits for all of them by one epoll descriptor.
 *
 *     node --import tsx examples/many-connections-blocked.ts http://localhost:8080/document 500
 *
 * Node's event loop stands still meanwhile: a callback queued at the start has not run when all responses have arrived.
 */

import { type Coroutine, coAll, HTTPConnection, runBlocking } from 'dugong';

const [url, count] = process.argv.slice(2);
if (url === undefined || !(Number(count) > 0)) {
  console.error('usage: many-connections-blocked.ts URL COUNT');
  process.exit(2);
}

let nodeLoopTurns = 0;
setImmediate(() => nodeLoopTurns++);

/** One exchange on a connection of its own. Returns the number of bytes of the body. */
function* coGet({ origin, pathname, search }: URL): Coroutine<number> {
  using connection = new HTTPConnection(origin);
  yield* connection.coSendRequest('GET', pathname + search);
  const { status } = yield* connection.coReadResponse();
  if (status !== 200) throw new Error(`status ${status}`);
  return (yield* connection.coReadAll()).length;
}

const coroutines = Array.from({ length: Number(count) }, () => coGet(new URL(url)));
const lengths = runBlocking(coAll(coroutines));

console.log(`${lengths.length} answers, ${lengths.reduce((sum, length) => sum + length, 0)} bytes`);
console.log(`turns of Node's event loop meanwhile: ${nodeLoopTurns}`);
