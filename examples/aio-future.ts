/**
 * One coroutine on Node's event loop, as a promise: writes the document at a URL to standard output. The same as
 * select-loop.ts, with Node's loop instead of your own.
 *
 *     node --import tsx examples/aio-future.ts http://localhost:8080/document
 */

import { AioFuture, HTTPConnection } from 'dugong';

const [url] = process.argv.slice(2);
if (url === undefined) {
  console.error('usage: aio-future.ts URL');
  process.exit(2);
}

// Establish the connection, send the request, read the response's head.
const { origin, pathname, search } = new URL(url);
using connection = new HTTPConnection(origin);
connection.sendRequest('GET', pathname + search);
connection.readResponse();

// Create the coroutine, and a future, which schedules it on the event loop.
const coroutine = connection.coReadAll();
const future = new AioFuture(coroutine);

// Let the event loop run until the coroutine has completed. `connection.promises.readAll()` does both at once.
await future;
process.stdout.write(future.result());
