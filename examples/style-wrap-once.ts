/**
 * The second of two styles: a coroutine that delegates to this library's coroutines with `yield*`, wrapped into an AioFuture
 * once, at the end. It prints the SHA-256 of a document, read 8 KiB at a time.
 *
 *     node --import tsx examples/style-wrap-once.ts http://localhost:8080/document
 *
 * The coroutine does not know what will run it: `runBlocking(coChecksum(url))` would do as well, and so would a loop of your
 * own. The first style is style-await-each-call.ts.
 */

import { createHash } from 'node:crypto';
import { AioFuture, type Coroutine, HTTPConnection } from 'dugong';

const [url] = process.argv.slice(2);
if (url === undefined) {
  console.error('usage: style-wrap-once.ts URL');
  process.exit(2);
}

function* coChecksum({ origin, pathname, search }: URL): Coroutine<string> {
  using connection = new HTTPConnection(origin);
  yield* connection.coSendRequest('GET', pathname + search);
  yield* connection.coReadResponse();
  const hash = createHash('sha256');
  for (;;) {
    const part = yield* connection.coRead(8192);
    if (part.length === 0) return hash.digest('hex');
    hash.update(part);
    // A promise is no coroutine (in an AioFuture, coAwait() waits for one), so that this does not compile:
    // yield* sleep(1);
  }
}

const future = new AioFuture(coChecksum(new URL(url)));
console.log(`${await future}  ${url}`);
