/** Bodies in pieces whose length the caller says: they go out with it, and have to keep to it. */

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import type { SendRequestOptions } from 'dugong';
import { ok, requestHead } from '../support/messages.ts';
import { expect, expectAnything, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { connectionTo } from '../support/waiting.ts';

type Pieces = NonNullable<SendRequestOptions['body']>;

async function* generated(parts: readonly string[]): AsyncGenerator<string> {
  yield* parts;
}

function* made(parts: readonly string[]): Generator<string> {
  yield* parts;
}

const bytes = (parts: readonly string[]): Uint8Array[] => parts.map((part) => Buffer.from(part));

const forms: readonly [name: string, make: (parts: readonly string[]) => Pieces][] = [
  ['an array', (parts) => parts],
  ['a generator', made],
  ['an async generator', generated],
  ['a Readable', (parts) => Readable.from(bytes(parts))],
  ['a ReadableStream', (parts) => ReadableStream.from(bytes(parts)) as ReadableStream<Uint8Array>],
];
const announced = { 'Content-Length': '6' };

describe('a body in pieces with a Content-Length [RFC 9112 6.2]', () => {
  for (const [name, make] of forms) {
    test(`goes out with it, not chunked, and another request can follow: ${name}`, async () => {
      using server = startScriptedServer(({ authority }) => [
        [
          expect(`${requestHead(authority, 'PUT /', { framing: ['Content-Length: 6'] })}abcdef`),
          ...[send(ok('1')), expectHead(), send(ok('2'))],
        ],
      ]);
      using connection = connectionTo(server);
      const { promises } = connection;
      await promises.sendRequest('PUT', '/', { headers: announced, body: make(['abc', 'def']) });
      await promises.readResponse();
      assert.equal(await promises.readText(), '1');
      await promises.sendRequest('GET', '/');
      assert.equal((await promises.readResponse()).status, 200);
      server.check();
    });

    for (const [error, parts] of [
      ['MissingBodyData', ['abc']],
      ['MissingBodyData', []],
      ['ExcessBodyData', ['abc', 'defg']],
    ] as const) {
      test(`that is another length than [${parts}] is a ${error} at once, and the end of the connection: ${name}`, async () => {
        using server = startScriptedServer([[expectHead(), expectAnything()]]);
        using connection = connectionTo(server);
        const { promises } = connection;
        await assert.rejects(promises.sendRequest('PUT', '/', { headers: announced, body: make(parts) }), {
          name: error,
        });
        await assert.rejects(promises.sendRequest('GET', '/'), { name: 'StateError' });
      });
    }
  }

  test('takes none of the bytes behind it', async () => {
    using server = startScriptedServer([[expectHead(), expect('abcdef'), send(ok('x'))]]);
    using connection = connectionTo(server);
    const body = ['abc', 'def', 'g'];
    assert.throws(() => connection.sendRequest('PUT', '/', { headers: announced, body }), { name: 'ExcessBodyData' });
    assert.equal(connection.readResponse().status, 200);
    server.check();
  });

  for (const value of ['x', '', '-1', '6, 6', '1e3', '9'.repeat(16)]) {
    test(`that is none is a TypeError, and nothing is sent: ${JSON.stringify(value)}`, () => {
      using server = startScriptedServer([]);
      using connection = connectionTo(server);
      assert.throws(() => connection.sendRequest('PUT', '/', { headers: { 'Content-Length': value }, body: ['a'] }), {
        name: 'TypeError',
        message: /Content-Length/,
      });
      assert.equal(server.connections(), 0);
    });
  }
});
