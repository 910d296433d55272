/**
 * Many documents from different servers at once: one coroutine for each, all waiting at the same time, in one thread. What
 * happens within each of them is strictly sequential.
 *
 *     node --import tsx examples/many-servers.ts http://localhost:8080/a http://localhost:8081/b
 */

import { AioFuture, type Coroutine, HTTPConnection } from 'dugong';

const urls = process.argv.slice(2);
if (urls.length === 0) {
  console.error('usage: many-servers.ts URL...');
  process.exit(2);
}

function* getURL(url: URL): Coroutine<Buffer> {
  using connection = new HTTPConnection(url.origin);
  yield* connection.coSendRequest('GET', url.pathname + url.search);
  const response = yield* connection.coReadResponse();
  if (response.status !== 200) throw new Error(`${url} has status ${response.status}`);
  return yield* connection.coReadAll();
}

// Create a coroutine and a future for each URL.
const futures = urls.map((url) => new AioFuture(getURL(new URL(url))));

// Let the event loop run them all.
const bodies = await Promise.all(futures);

for (const [index, body] of bodies.entries()) console.log(`${body.length} bytes from ${urls[index]}`);
