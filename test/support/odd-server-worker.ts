/**
 * The thread behind odd-server.ts: node:http, as clients of all kinds meet it. The response of `/echo` leaves out fields that
 * differ between clients.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { listen } from './listen.ts';
import { answerCalls } from './server-thread.ts';

export interface OddServerCalls {
  start(argument: object): Promise<number>;
  stop(argument: object): Promise<void>;
}

let server: Server | undefined;
let failures = 0;
const OWN = new Set(['connection', 'host', 'user-agent']);

type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;

function coded(coding: string, bytes: Buffer): Answer {
  return (response) => response.writeHead(200, { 'Content-Encoding': coding }).end(bytes);
}

function redirect(status: number, location?: string): Answer {
  return (response) => response.writeHead(status, location === undefined ? {} : { Location: location }).end('moved');
}

const HELLO = Buffer.from('hello world');
const ANSWERS: Readonly<Record<string, Answer>> = {
  '/gzip': coded('gzip', gzipSync(HELLO)),
  '/deflate': coded('deflate', deflateSync(HELLO)),
  '/raw-deflate': coded('deflate', deflateRawSync(HELLO)),
  '/cut-gzip': coded('gzip', gzipSync(HELLO).subarray(0, -8)),
  '/no-gzip': coded('gzip', HELLO),
  '/other-coding': coded('own', HELLO),
  '/reset': (_, { socket }) => socket.destroy(),
  '/never': () => undefined,
  '/begun': (response) => response.writeHead(200, { 'Content-Length': 10 }).write('half'),
  '/cut': (response, { socket }) => response.write('half', () => socket.end()),
  '/json': (response) => response.end('{"a":1}'),
  '/no-json': (response) => response.end('{no'),
  '/fields': (response) => response.setHeader('Set-Cookie', ['a=1', 'b=2']).setHeader('X-A', ['1', '2']).end('x'),
  '/twice': (response) => response.writeHead(200, ['ETag', '1', 'ETag', '2', 'Vary', 'a', 'Vary', 'b']).end('x'),
  '/two-places': (response) => response.writeHead(302, ['Location', '/json', 'Location', '/echo']).end('moved'),
  '/not-found': (response) => response.writeHead(404, 'Not Here').end('nothing'),
  '/no-content': (response) => response.writeHead(204).end(),
  '/nowhere': redirect(302),
  '/bad-place': redirect(302, 'http://['),
  '/loop': redirect(302, '/loop'),
  '/301': redirect(301, '/echo'),
  '/303': redirect(303, '/echo?after=303'),
  '/307': redirect(307, '/echo'),
  '/twice-failing': (response) => response.writeHead(failures++ % 3 < 2 ? 503 : 200).end('at last'),
};

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, rawHeaders } = request;
  const fields = rawHeaders.flatMap((name, index) => {
    const key = name.toLowerCase();
    return index % 2 === 0 && !OWN.has(key) ? [[key, rawHeaders.at(index + 1)]] : [];
  });
  response.end(JSON.stringify({ method, url, fields: Object.fromEntries(fields.sort()), body: await text(request) }));
}

answerCalls<OddServerCalls>({
  async start() {
    server = createServer((request, response) => {
      const answer = ANSWERS[request.url ?? ''];
      if (answer === undefined) return void echo(request, response);
      request.resume();
      answer(response, request);
    });
    return listen(server, { host: '127.0.0.1', port: 0 });
  },
  async stop() {
    const closed = new Promise((resolve) => server?.close(resolve));
    server?.closeAllConnections();
    await closed;
  },
});
