/**
 * Requests that this client encodes are read by Node's own server parser (llhttp, strict) as what they were: method, target,
 * fields, body and trailers. Nothing is sent: both ends are in memory.
 */

import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { ClientProtocol, type RequestFraming } from 'dugong/http1';
import fc from 'fast-check';
import { fieldName, fieldValue, octets } from './messages.ts';
import { checkAsync } from './property.ts';

/** What a server has read. */
interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly rawTrailers: readonly string[];
}

/** Feeds `bytes` to a server and gives the requests that it sees. @rejects if its parser refuses one */
function received(bytes: Buffer, count: number): Promise<Received[]> {
  return new Promise((resolve, reject) => {
    const bodies: Promise<Received>[] = [];
    const server = createServer({ insecureHTTPParser: false, requireHostHeader: true }, (request, response) => {
      bodies.push(whole(request));
      response.end();
      if (bodies.length === count) Promise.all(bodies).then(resolve, reject);
    });
    server.on('clientError', reject);
    const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    server.emit('connection', stream);
    stream.push(bytes);
  });
}

async function whole(request: IncomingMessage): Promise<Received> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { method, url, rawHeaders, rawTrailers } = request;
  return { method, url, rawHeaders, body: Buffer.concat(parts).toString('latin1'), rawTrailers };
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly chunks: readonly string[];
  readonly kind: RequestFraming['kind'];
  readonly trailers: readonly (readonly [string, string])[];
}

/** Fields that this client writes itself, or that mean something else to a server than themselves. */
const RESERVED =
  /^(host|content-length|transfer-encoding|expect|upgrade|te|connection|accept-encoding|keep-alive|trailer|proxy-connection)$/i;
const field = fc.tuple(
  fieldName.filter((name) => !RESERVED.test(name)),
  fieldValue,
);
const PATH = [...'abzABZ019/?&=%;:@!$\'()*+,-._~[]{}|\\^`"<>'];

const sent: fc.Arbitrary<Sent> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'),
  path: fc.string({ unit: fc.constantFrom(...PATH), maxLength: 40 }).map((path) => `/${path}`),
  headers: fc.array(field, { maxLength: 5 }),
  chunks: fc.array(octets, { maxLength: 4 }),
  kind: fc.constantFrom('none', 'length', 'chunked'),
  trailers: fc.array(field, { maxLength: 3 }),
});

/** The bytes of some requests, encoded by one protocol. */
function encoded(requests: readonly Sent[]): Buffer {
  const protocol = new ClientProtocol({ host: 'origin.example' });
  for (const { method, path, headers, chunks, kind, trailers } of requests) {
    const length = chunks.join('').length;
    const framing: RequestFraming = kind === 'length' ? { kind, length } : { kind };
    protocol.sendRequest(method, path, { headers, framing });
    if (kind === 'none') continue;
    for (const chunk of chunks) protocol.sendData(Buffer.from(chunk, 'latin1'));
    if (kind === 'chunked') protocol.endBody(trailers);
  }
  return Buffer.concat(protocol.output.take());
}

/** What the server must see. */
function expected({ method, path, headers, chunks, kind, trailers }: Sent): Received {
  const body = kind === 'none' ? '' : chunks.join('');
  const announcesNothing = kind === 'none' && ['POST', 'PUT', 'PATCH'].includes(method);
  const framing: string[] = {
    none: announcesNothing ? ['Content-Length', '0'] : [],
    length: ['Content-Length', String(body.length)],
    chunked: ['Transfer-Encoding', 'chunked'],
  }[kind];
  return {
    method,
    url: path,
    rawHeaders: ['Host', 'origin.example', ...headers.flat(), 'Accept-Encoding', 'identity', ...framing],
    body,
    rawTrailers: kind === 'chunked' ? trailers.flat() : [],
  };
}

test('a server reads from our bytes the requests that were made, one after the other [RFC 9112 3, 6, 7.1]', async () => {
  await checkAsync(
    fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 3 }), async (requests) => {
      assert.deepEqual(await received(encoded(requests), requests.length), requests.map(expected));
    }),
    80,
  );
});

test('whatever is given for a request, it is refused or it is one request, and that one [RFC 9112 3.2, 11.1]', async () => {
  const anything = fc.string({ unit: 'binary', maxLength: 12 });
  const hostile = fc.oneof(
    anything,
    fc.constantFrom('a\r\nB: c', 'a\nb', '\0', ' ', '/ HTTP/1.1\r\n\r\nGET /', '\u010a', '\u2028', ''),
  );
  await checkAsync(
    fc.asyncProperty(hostile, hostile, hostile, hostile, async (method, path, name, value) => {
      let bytes: Buffer;
      try {
        const protocol = new ClientProtocol({ host: 'origin.example' });
        // Tokens that are no method of Node's would be refused by its parser, not by us.
        protocol.sendRequest(/^\w+$/.test(method) ? 'GET' : method, path, { headers: [[name, value]] });
        bytes = Buffer.concat(protocol.output.take());
      } catch (error) {
        assert.ok(error instanceof TypeError, String(error));
        return;
      }
      const text = bytes.toString('latin1');
      assert.equal(text.indexOf('\r\n\r\n'), text.length - 4);
      assert.equal(text.replaceAll('\r\n', '').search(/[\r\n\0]/), -1);
    }),
    500,
  );
});
