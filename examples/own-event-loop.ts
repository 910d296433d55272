/**
 * A scheduling loop of one's own for two coroutines on one connection: one sends all requests, the other reads all
 * responses, and select() waits until one of them can go on. The documents that exist are saved as doc_0.dat, doc_1.dat, ...,
 * by their place in the list; the missing ones are reported.
 *
 *     node --import tsx examples/own-event-loop.ts FOLDER http://localhost:8080/a http://localhost:8080/b
 *
 * Node's event loop stands still from the first line to the last: a callback put there at the start has not been called when
 * all documents are there, and the program says so.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Coroutine, HTTPConnection, POLLIN, POLLOUT, select } from 'dugong';

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
// Closes the connection when this program ends, in whichever way.
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

const sender = sendRequests();
const reader = readResponses(folder);
for (;;) {
  // Send requests until that blocks, then read responses until that blocks.
  const sending = sender.next();
  const reading = reader.next();
  if (reading.done) break;

  // Wait for file descriptors to become ready for I/O.
  const waits = sending.done ? [reading.value] : [reading.value, sending.value];
  const readers = waits.filter(({ mask }) => mask & POLLIN);
  const writers = waits.filter(({ mask }) => mask & POLLOUT);
  select(readers, writers);
}

console.log(`saved: ${paths.length - missingDocuments.length}`);
for (const path of missingDocuments) console.log(`missing: ${path}`);
console.log(`turns of Node's event loop meanwhile: ${nodeLoopTurns}`);
