/**
 * HTTP with no network at all: the sans-I/O core over a pair of in-memory pipes, with a server of a few lines at their other
 * end.
 *
 *     node --import tsx examples/sans-io/pipes.ts
 */

import { PassThrough } from 'node:stream';
import { fetchOverStream } from './fetch-over-stream.ts';

const requests = new PassThrough();
const responses = new PassThrough();

/** Answers each request head with its own request line, in chunks. */
async function serve(): Promise<void> {
  let received = '';
  for await (const bytes of requests) {
    received += (bytes as Buffer).toString('latin1');
    for (let end = received.indexOf('\r\n\r\n'); end >= 0; end = received.indexOf('\r\n\r\n')) {
      const line = received.slice(0, received.indexOf('\r\n'));
      received = received.slice(end + 4);
      responses.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      responses.write(`${line.length.toString(16)}\r\n${line}\r\n0\r\n\r\n`);
    }
  }
  responses.end();
}

const served = serve();
for await (const { path, status, body } of fetchOverStream(responses, requests, 'in-memory', ['/a', '/b?c'])) {
  console.log(`${path}: ${status}, ${body.toString()}`);
}
requests.end();
await served;
