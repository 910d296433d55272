/**
 * One coroutine, driven by a select loop: writes the document at a URL to standard output.
 *
 *     node --import tsx examples/select-loop.ts http://localhost:8080/document
 *
 * The loop does exactly what `const body = connection.readAll()` does. Loops like it become worth their lines when there is
 * more than one coroutine to drive: see own-event-loop.ts.
 */

import { HTTPConnection, POLLIN, POLLOUT, select } from 'dugong';

const [url] = process.argv.slice(2);
if (url === undefined) {
  console.error('usage: select-loop.ts URL');
  process.exit(2);
}

// Establish the connection, send the request, read the response's head.
const { origin, pathname, search } = new URL(url);
using connection = new HTTPConnection(origin);
connection.sendRequest('GET', pathname + search);
connection.readResponse();

// Create the coroutine, and resume it until it has completed.
const coroutine = connection.coReadAll();
let step = coroutine.next();
while (!step.done) {
  // The coroutine has suspended because I/O is not ready: wait until it is.
  const { fd, mask } = step.value;
  select(mask & POLLIN ? [fd] : [], mask & POLLOUT ? [fd] : []);
  step = coroutine.next();
}

process.stdout.write(step.value);
