/**
 * The HTTP server of the five-ways example, a process of its own, since a client that blocks its thread cannot serve
 * itself. It serves made-up documents from memory on a free loopback port, until its parent disconnects:
 *
 * ```ts
 * const server = fork(new URL('./document-server.ts', import.meta.url), ['3000']);
 * const [{ port, documents }] = await once(server, 'message');   // an Announcement
 * ...
 * server.disconnect();   // ends it
 * ```
 *
 * Started by hand it prints the announcement as one line of JSON and runs until it is interrupted.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Announcement, announce, type Document, defaultCount, makeDocuments } from './documents.ts';

const hostname = '127.0.0.1';
const chunkSize = 16 * 1024;

const documents = makeDocuments(Number(process.argv[2] ?? defaultCount));
const byPath = new Map(documents.map((document) => [document.path, document]));

// No time limits and no limit of requests per connection: pipelines of any length.
const server = createServer({ noDelay: true, requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
server.on('request', (request: IncomingMessage, response: ServerResponse) => {
  request.resume();
  const document = byPath.get(request.url ?? '');
  if (document?.content === undefined) sendMissing(response);
  else if (document.chunked) sendChunked(response, document.content);
  else sendWhole(response, 200, document.content);
});
server.listen(0, hostname, () => announceAll(documents));

function announceAll(served: readonly Document[]): void {
  const { port } = server.address() as AddressInfo;
  const announcement: Announcement = { hostname, port, documents: served.map(announce) };
  if (process.send === undefined) {
    console.log(JSON.stringify(announcement));
    return;
  }
  process.once('disconnect', () => process.exit());
  process.send(announcement);
}

function sendMissing(response: ServerResponse): void {
  sendWhole(response, 404, Buffer.from('no such document\n'));
}

function sendWhole(response: ServerResponse, status: number, content: Buffer): void {
  response.writeHead(status, { 'Content-Type': 'application/octet-stream', 'Content-Length': content.length });
  response.end(content);
}

function sendChunked(response: ServerResponse, content: Buffer): void {
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Transfer-Encoding': 'chunked' });
  for (let offset = 0; offset < content.length; offset += chunkSize) {
    response.write(content.subarray(offset, offset + chunkSize));
  }
  response.end();
}
