/**
 * The first of two styles: each call is wrapped into an AioFuture of its own, within an async function, which can await
 * anything else in between. Here that is a timer: the document is read slowly, 8 KiB at a time with pauses, and its SHA-256
 * printed.
 *
 *     node --import tsx examples/style-await-each-call.ts http://localhost:8080/document
 *
 * The second style is style-wrap-once.ts. Take the one that makes the more readable code.
 */

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AioFuture, HTTPConnection } from 'dugong';

const [url] = process.argv.slice(2);
if (url === undefined) {
  console.error('usage: style-await-each-call.ts URL');
  process.exit(2);
}

async function checksum({ origin, pathname, search }: URL): Promise<string> {
  using connection = new HTTPConnection(origin);
  await new AioFuture(connection.coSendRequest('GET', pathname + search));
  await new AioFuture(connection.coReadResponse());
  const hash = createHash('sha256');
  for (;;) {
    // The short form of the same is `await connection.promises.read(8192)`.
    const part = await new AioFuture(connection.coRead(8192));
    if (part.length === 0) return hash.digest('hex');
    hash.update(part);
    // Any promise can be awaited here.
    await sleep(1);
  }
}

console.log(`${await checksum(new URL(url))}  ${url}`);
