/**
 * The server of the demo. In a process of its own it tells its parent where it listens, and ends with it.
 */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { demoDocuments } from './demo-documents.ts';

/** A list of all documents, for a human and for --input. */
const INDEX = '/list.txt';

/** Serves the documents on a port of the loopback address, 0 for a free one. Resolves when it listens. */
export function serveDocuments(count: number, port: number): Promise<{ server: Server; origin: string }> {
  const contents = new Map(demoDocuments(count).map(({ path, content }) => [path, content]));
  // No time limits and no limit of requests per connection: pipelines of any length.
  const server = createServer({ noDelay: true, requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
  let origin = '';
  server.on('request', (request, response) => {
    request.resume();
    const list =
      request.url === INDEX
        ? Buffer.from([...contents.keys()].map((path) => `${origin}${path}\n`).join(''))
        : undefined;
    const content = list ?? contents.get(request.url ?? '');
    const body = content ?? Buffer.from('no such document\n');
    const type = list === undefined ? 'application/octet-stream' : 'text/plain';
    response.writeHead(content === undefined ? 404 : 200, { 'Content-Type': type, 'Content-Length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      resolve({ server, origin });
    });
  });
}
