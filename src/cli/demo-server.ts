/**
 * The server of the demo. In a process of its own it tells its parent where it listens, and ends with it.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { demoAnswer, echo } from './demo-answers.ts';
import { demoDocuments } from './demo-documents.ts';

/** A list of all documents, for a human and for --input. */
const INDEX = '/list.txt';

/** Serves the documents on a port of the loopback address, 0 for a free one. Resolves when it listens. */
export function serveDocuments(count: number, port: number): Promise<{ server: Server; origin: string }> {
  const contents = new Map(demoDocuments(count).map(({ path, content }) => [path, content]));
  // No time limits and no limit of requests per connection: pipelines of any length.
  const server = createServer({ noDelay: true, requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
  let origin = '';
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const special = demoAnswer(request);
    if (special !== undefined) {
      // A client that goes away in the middle of its body ends only its own request.
      Promise.resolve(special(request, response)).catch(() => request.destroy());
      return;
    }
    request.resume();
    const list =
      request.url === INDEX
        ? Buffer.from([...contents.keys()].map((path) => `${origin}${path}\n`).join(''))
        : undefined;
    const content = list ?? contents.get(request.url ?? '');
    const body = content ?? Buffer.from('nothing here');
    const type = list !== undefined || content === undefined ? 'text/plain' : 'application/octet-stream';
    response.writeHead(content === undefined ? 404 : 200, { 'Content-Type': type, 'Content-Length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  server.on('request', answer);
  server.on('upgrade', echo);
  // Refused before its body is sent.
  server.on('checkContinue', (request, response) => {
    if (request.url !== '/too-large') response.writeContinue();
    answer(request, response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      resolve({ server, origin });
    });
  });
}
