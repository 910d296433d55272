/**
 * What the server of the demo answers beside its documents: each path of the examples in the documentation, so that
 * each example runs. Nothing here listens or fetches.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';

/** Answers one request; what it returns may be a promise. */
type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

const TEXT = { 'Content-Type': 'text/plain; charset=utf-8' };
const DIGITS = Buffer.from('0123456789'.repeat(100));
const BOUNDARY = 'a-part-of-digits';
/** The most paths whose storing is remembered. */
const MOST_STORED = 10_000;

const ANSWERS: Readonly<Record<string, { readonly says: string; readonly answer: Answer }>> = {
  '/': { says: 'this list', answer: (_, response) => text(response, listOfAnswers()) },
  '/a': { says: '"document a"', answer: (_, response) => text(response, 'document a') },
  '/b': { says: '"document b"', answer: (_, response) => text(response, 'document b') },
  '/hello': { says: 'a line with the path', answer: ({ url }, response) => response.end(`hello from ${url}\n`) },
  '/status': {
    says: 'JSON',
    answer: (_, response) => text(response, '{"version":"1.0","healthy":true}', 'application/json'),
  },
  '/large': { says: 'a megabyte of zeros', answer: (_, response) => response.end(Buffer.alloc(1_000_000)) },
  '/digits': { says: 'a thousand digits, also in byte ranges', answer: digits },
  '/gzip': {
    says: '"document in gzip", compressed',
    answer: (_, response) =>
      response.writeHead(200, { ...TEXT, 'Content-Encoding': 'gzip' }).end(gzipSync('document in gzip')),
  },
  '/trailers': { says: '"ten bytes." with a trailer field', answer: trailers },
  '/old': {
    says: 'a redirect to /hello',
    answer: (_, response) => response.writeHead(302, { Location: '/hello' }).end(),
  },
  '/download': {
    says: 'a file with a name',
    answer: (_, response) =>
      response.writeHead(200, { 'Content-Disposition': 'attachment; filename="report.csv"' }).end('a,b\n'),
  },
  '/login': {
    says: 'a cookie',
    answer: (_, response) => response.writeHead(200, { 'Set-Cookie': 'session=1' }).end('welcome\n'),
  },
  '/account': {
    says: 'the cookies that came',
    answer: ({ headers }, response) => response.end(`cookies: ${headers.cookie ?? 'none'}\n`),
  },
  '/private': { says: 'for the user ann with the password secret', answer: onlyForAnn },
  '/form': { says: 'what was sent to it', answer: form },
  '/too-large': {
    says: '413, without reading the body',
    answer: (_, response) => response.writeHead(413).end('too large'),
  },
  '/lost': { says: 'no response: the connection ends', answer: ({ socket }) => void socket.destroy() },
  '/never': { says: 'no response, ever', answer: () => {} },
};

/** What `ANSWERS` cannot list by a path, and what the server answers by itself. */
const OTHERS: readonly [string, string][] = [
  ['/list.txt', 'the URLs of all documents'],
  ['/documents/0', 'the first of the documents, of which some are missing'],
  ['PUT', '"N bytes taken"; 412 for a path that has been taken, if If-None-Match is *'],
  ['Upgrade', 'sends back what comes, to a request with this field'],
];

const stored = new Set<string>();

/** What a server answers to the request, other than documents; undefined if this knows nothing of it. */
export function demoAnswer({ method, url = '' }: IncomingMessage): Answer | undefined {
  // A proxy gets the whole URL.
  const { pathname } = new URL(url, 'http://localhost');
  if (pathname === '/too-large') return ANSWERS[pathname]?.answer;
  if (method === 'PUT') return take;
  return Object.hasOwn(ANSWERS, pathname) ? ANSWERS[pathname]?.answer : undefined;
}

/** One line for each path. */
export function listOfAnswers(): string {
  return Object.entries(ANSWERS)
    .map(([path, { says }]): [string, string] => [path, says])
    .concat(OTHERS)
    .map(([path, says]) => `${path.padEnd(14)}${says}\n`)
    .join('');
}

/** Answers a request for another protocol: sends back what comes. */
export function echo({ headers }: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => socket.destroy());
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${headers.upgrade}\r\n\r\n`);
  socket.write(head);
  socket.pipe(socket);
}

function text(response: ServerResponse, content: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(content) }).end(content);
}

/** A thousand digits; with the field Range, those of its ranges (RFC 9110 14). */
function digits({ headers }: IncomingMessage, response: ServerResponse): void {
  const ranges = [...(headers.range ?? '').matchAll(/(\d+)-(\d+)/g)]
    .map(([, first, last]) => ({ first: Number(first), last: Math.min(Number(last), DIGITS.length - 1) }))
    .filter(({ first, last }) => first <= last);
  const [only] = ranges;
  if (only === undefined) return void response.writeHead(200, TEXT).end(DIGITS);
  if (ranges.length === 1) {
    const field = { 'Content-Range': contentRange(only) };
    return void response.writeHead(206, { ...TEXT, ...field }).end(DIGITS.subarray(only.first, only.last + 1));
  }
  const parts = ranges.map(
    (range) =>
      `--${BOUNDARY}\r\nContent-Range: ${contentRange(range)}\r\n\r\n${DIGITS.subarray(range.first, range.last + 1)}\r\n`,
  );
  response
    .writeHead(206, { 'Content-Type': `multipart/byteranges; boundary=${BOUNDARY}` })
    .end(`${parts.join('')}--${BOUNDARY}--\r\n`);
}

function contentRange({ first, last }: { readonly first: number; readonly last: number }): string {
  return `bytes ${first}-${last}/${DIGITS.length}`;
}

function trailers(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { ...TEXT, Trailer: 'X-Length' });
  response.write('ten bytes.');
  response.addTrailers({ 'X-Length': '10' });
  response.end();
}

function onlyForAnn({ headers }: IncomingMessage, response: ServerResponse): void {
  const expected = `Basic ${Buffer.from('ann:secret').toString('base64')}`;
  if (headers.authorization === expected) response.end('only for Ann\n');
  else response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="a"' }).end();
}

async function form(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  response.end(`${request.method} ${request.headers['content-type']} ${body}\n`);
}

/** Takes a body, and says how long it was. */
async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url = '', headers } = request;
  let length = 0;
  for await (const part of request) length += (part as Buffer).length;
  if (headers['if-none-match'] === '*' && stored.has(url)) return void response.writeHead(412).end();
  if (stored.size < MOST_STORED) stored.add(url);
  text(response, `${length} bytes taken`);
}
