/**
 * A scheduling loop of your own for two coroutines on one connection: one sends all requests, the other reads all
 * responses, and select() waits until one of them can go on. It is the loop of python-dugong's documentation, line by line: a
 * sender waits for POLLOUT and a reader for POLLIN, at every turn, on an established connection, or on the way to a numeric
 * address. (While a name is resolved, both wait for a pipe: POLLIN.) The documents that exist are saved as doc_0.dat,
 * doc_1.dat, ..., by their place in the list; the missing ones are reported.
 *
 *     node --import tsx examples/own-event-loop.ts FOLDER http://127.0.0.1:8080/a http://127.0.0.1:8080/b
 *
 * Node's event loop stands still from the first line to the last: a callback queued at the start has not run when
 * all documents have arrived, and the program says so.
 */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Coroutine, HTTPConnection, POLLIN, POLLOUT, type PollNeeded, select } from 'dugong';

const [folder, ...args] = process.argv.slice(2);
const urls = args.map((url) => new URL(url));
const [first] = urls;
if (folder === undefined || first === undefined || urls.some(({ origin }) => origin !== first.origin)) {
  console.error('usage: own-event-loop.ts FOLDER URL... (all of one server)');
  process.exit(2);
}

let nodeLoopTurns = 0;
setImmediate(() => nodeLoopTurns++);

const paths = urls.map(({ pathname, search }) => pathname + search);
const missingDocuments: string[] = [];
// Closes the connection when this module ends, also by an error.
using connection = new HTTPConnection(first.origin);

/** Sends all requests. */
function* sendRequests(): Coroutine<void> {
  for (const path of paths) yield* connection.coSendRequest('GET', path);
}

/** Reads all responses. */
function* readResponses(target: string): Coroutine<void> {
  for (const [index, path] of paths.entries()) {
    const { status } = yield* connection.coReadResponse();
    if (status !== 200) {
      missingDocuments.push(path);
      yield* connection.coDiscard();
      continue;
    }
    writeFileSync(join(target, `doc_${index}.dat`), yield* connection.coReadAll());
  }
}

if (isIP(connection.hostname) === 0) connection.connect();

let sender: Coroutine<void> | undefined = sendRequests();
const reader = readResponses(folder);
let sending: PollNeeded | undefined;
for (;;) {
  // Send requests until that blocks.
  const sent = sender?.next();
  if (sent?.done) sender = undefined;
  sending = sent?.done ? undefined : sent?.value;

  // Read responses until that blocks.
  const { done, value: reading } = reader.next();
  if (done) break;

  // Wait for the descriptors to become ready for I/O.
  if (sending !== undefined) assert.equal(sending.mask, POLLOUT);
  assert.equal(reading.mask, POLLIN);
  select([reading], sending === undefined ? [] : [sending]);
}

console.log(`saved: ${paths.length - missingDocuments.length}`);
for (const path of missingDocuments) console.log(`missing: ${path}`);
console.log(`turns of Node's event loop meanwhile: ${nodeLoopTurns}`);
