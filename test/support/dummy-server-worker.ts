/**
 * The thread behind dummy-server.ts: a real HTTP/1.1 server (node:http) with a handful of resources. Every request's
 * body is read before it is answered, but for `/stream`. Nothing is ever closed by a timeout or after a number of requests.
 */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { dummyBytes } from './dummy-bytes.ts';
import { listen } from './listen.ts';
import { answerCalls } from './server-thread.ts';

/** The request as `/echo` returns it. */
export interface EchoedRequest {
  method: string;
  path: string;
  httpVersion: string;
  /** In the order and case received. */
  headers: [string, string][];
  trailers: [string, string][];
  /** base64 */
  body: string;
}

/** The calls into the thread; `id` is the one that `start` returned. */
export interface DummyServerCalls {
  start(argument: { host: string }): Promise<{ id: number; port: number }>;
  stop(argument: { id: number }): Promise<void>;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/stream') return void request.pipe(response);
  const body = await buffer(request);
  const { method = '', url = '' } = request;
  const { pathname, searchParams } = new URL(url, 'http://dummy');
  const [, kind, argument] = /^\/(send_chunked|send|status|echo)(?:[_/](\d+)(?:_bytes)?)?$/.exec(pathname) ?? [];
  if (kind === 'echo') return sendJson(response, echoed(request, body));
  if (method === 'PUT' || method === 'POST') return answerUpload(request, response, body);
  if (kind === 'send') return sendBytes(response, 200, dummyBytes(Number(argument)));
  if (kind === 'send_chunked') return sendChunked(response, (searchParams.get('sizes') ?? '').split(',').map(Number));
  if (kind === 'status') return sendBytes(response, Number(argument), Buffer.from(`status ${argument}`));
  return sendBytes(response, 404, Buffer.from(`nothing at ${pathname}`));
}

function sendBytes(response: ServerResponse, status: number, bytes: Buffer): void {
  const bodyless = status === 204 || status === 304;
  response.writeHead(status, bodyless ? {} : { 'Content-Type': 'text/plain', 'Content-Length': bytes.length });
  response.end(bodyless ? undefined : bytes);
}

async function sendChunked(response: ServerResponse, sizes: readonly number[]): Promise<void> {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const bytes = dummyBytes(total);
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Transfer-Encoding': 'chunked' });
  let offset = 0;
  for (const size of sizes) {
    const chunk = bytes.subarray(offset, offset + size);
    // Node 26 makes one chunk of all writes in one turn.
    await new Promise((resolve) => response.write(chunk, resolve));
    offset += size;
  }
  response.end();
}

function answerUpload(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const announced = request.headers['content-md5'];
  const md5 = createHash('md5').update(body).digest('base64');
  if (announced === undefined) response.writeHead(204, 'Ok, but no MD5', { 'Content-Length': 0 });
  else if (announced === md5) response.writeHead(204, 'MD5 matched', { 'Content-Length': 0 });
  else response.writeHead(400, `MD5 mismatch: ${md5} vs ${announced}`, { 'Content-Length': 0 });
  response.end();
}

function echoed(request: IncomingMessage, body: Buffer): EchoedRequest {
  const { method = '', url = '', httpVersion, rawHeaders, rawTrailers } = request;
  const base64 = body.toString('base64');
  return { method, path: url, httpVersion, headers: pairs(rawHeaders), trailers: pairs(rawTrailers), body: base64 };
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : []));
}

function sendJson(response: ServerResponse, value: unknown): void {
  const text = Buffer.from(JSON.stringify(value));
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': text.length });
  response.end(text);
}

const servers = new Map<number, Server>();
let lastId = 0;

answerCalls<DummyServerCalls>({
  async start({ host }) {
    const server = createServer({ noDelay: true, requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
    server.on('request', (request, response) => {
      answer(request, response).catch(() => response.destroy());
    });
    const port = await listen(server, { host, port: 0 });
    servers.set(++lastId, server);
    return { id: lastId, port };
  },
  async stop({ id }) {
    const server = servers.get(id);
    servers.delete(id);
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  },
});
