import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Coroutine, type HTTPConnection, type HTTPResponse, runBlocking } from '../../src/index.ts';
import { chunkedResponse, ok, requestHead, response } from '../support/messages.ts';
import {
  close,
  expect,
  expectEnd,
  expectHead,
  gate,
  mark,
  type Script,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { connectionTo, finish, suspendForGood, thrownBy } from '../support/waiting.ts';

/** What can become of a coroutine that is suspended. Each returns what then reads on: the same coroutine, or another one. */
const interruptions: readonly {
  name: string;
  interrupt<T>(first: Coroutine<T>, again: () => Coroutine<T>): Coroutine<T>;
}[] = [
  { name: 'resumed', interrupt: (first) => first },
  {
    name: 'resumed too early',
    interrupt: (first) => {
      for (let count = 0; count < 3; count++) first.next();
      return first;
    },
  },
  {
    name: 'ended by an error thrown in',
    interrupt: (first, again) => {
      const error = new Error('time is up');
      assert.equal(
        thrownBy(() => first.throw(error)),
        error,
      );
      return again();
    },
  },
  {
    name: 'returned from',
    interrupt: (first, again) => {
      first.return(undefined as never);
      return again();
    },
  },
  { name: 'dropped', interrupt: (_, again) => again() },
];

const text = 'hello, world';
const messages: readonly { name: string; bytes: string; leave?: Script }[] = [
  { name: 'length', bytes: ok(text) },
  { name: 'chunked', bytes: chunkedResponse(['hello', ', ', 'world'], ['X-T: 1']) },
  { name: 'close-delimited', bytes: response('200 OK', ['X: y'], text), leave: [close()] },
];

const operations: readonly { name: string; coRead(connection: HTTPConnection, got: Buffer[]): Coroutine<void> }[] = [
  {
    name: 'readAll',
    *coRead(connection, got) {
      got.push(yield* connection.coReadAll());
    },
  },
  {
    name: 'read(n)',
    *coRead(connection, got) {
      for (;;) {
        const part = yield* connection.coRead(3);
        if (part.length === 0) return;
        got.push(part);
      }
    },
  },
  {
    name: 'readInto',
    *coRead(connection, got) {
      for (;;) {
        const buffer = Buffer.alloc(5);
        const count = yield* connection.coReadInto(buffer);
        if (count === 0) return;
        got.push(buffer.subarray(0, count));
      }
    },
  },
];

/** One exchange as a coroutine, whatever part of it has been done before. */
function* coExchange(
  connection: HTTPConnection,
  state: { response?: HTTPResponse; got: Buffer[] },
  coRead: (typeof operations)[0]['coRead'],
): Coroutine<string> {
  state.response ??= yield* connection.coReadResponse();
  yield* coRead(connection, state.got);
  return Buffer.concat(state.got).toString();
}

describe('a coroutine that is suspended after any byte of a response', () => {
  for (const { name: message, bytes, leave = [] } of messages) {
    for (const { name: operation, coRead } of operations) {
      test(`(${message}) in readResponse and ${operation} loses nothing, whatever becomes of it`, () => {
        const cases = Array.from({ length: bytes.length }, (_, length) => length).flatMap((length) =>
          interruptions.map((interruption) => ({ length, ...interruption })),
        );
        using server = startScriptedServer(
          cases.map(({ length }, index) => [
            expectHead(),
            send(bytes.slice(0, length)),
            mark(`sent ${index}`),
            gate(`go ${index}`),
            send(bytes.slice(length)),
            ...leave,
          ]),
        );
        for (const [index, { name, length, interrupt }] of cases.entries()) {
          using connection = connectionTo(server);
          connection.sendRequest('GET', '/');
          const state = { got: [] };
          const again = () => coExchange(connection, state, coRead);
          const first = again();
          server.waitFor(`sent ${index}`);
          suspendForGood(first);
          const next = interrupt(first, again);
          server.open(`go ${index}`);
          assert.equal(finish(next), text, `${name} after ${length} bytes`);
          assert.equal(connection.responsePending(), false);
        }
      });
    }
  }
});

describe('readAll that was interrupted', () => {
  const start = ok('0123456789').slice(0, -4);

  /** The body's first six bytes have been collected by a readAll that was given up. */
  function interrupted(connection: HTTPConnection, end: 'throw' | 'drop'): void {
    connection.sendRequest('GET', '/');
    connection.readResponse();
    const reader = connection.coReadAll();
    suspendForGood(reader);
    if (end === 'throw') assert.throws(() => reader.throw(new Error('enough')), /enough/);
  }

  test('is gone on with by any other way of reading', () => {
    const ways: ((connection: HTTPConnection) => string)[] = [
      (connection) => connection.readText(),
      (connection) => `${connection.read(4)}${connection.read(1)}${connection.readText()}`,
      (connection) => `${connection.read(6)}${connection.readAll()}`,
      (connection) => {
        const buffer = Buffer.alloc(10);
        let end = 0;
        for (let count = -1; count !== 0; end += count) count = connection.readInto(buffer.subarray(end));
        return buffer.toString();
      },
      (connection) => {
        connection.discard();
        return '0123456789';
      },
    ];
    using server = startScriptedServer(
      ways.map((_, index) => [
        expectHead(),
        send(start),
        gate(`rest ${index}`),
        send('6789'),
        expectHead(),
        send(ok('next')),
      ]),
    );
    for (const [index, read] of ways.entries()) {
      using connection = connectionTo(server);
      interrupted(connection, index % 2 === 0 ? 'throw' : 'drop');
      server.open(`rest ${index}`);
      assert.equal(read(connection), '0123456789');
      assert.equal(connection.read().length, 0);
      connection.sendRequest('GET', '/next');
      connection.readResponse();
      assert.equal(connection.readText(), 'next');
    }
  });

  test('never takes its part for the whole when the server leaves, or we do', () => {
    using server = startScriptedServer([
      [expectHead(), send(start), gate('leave'), close()],
      [expectHead(), send(start), expectEnd()],
    ]);
    using connection = connectionTo(server);
    interrupted(connection, 'throw');
    server.open('leave');
    assert.throws(() => connection.readAll(), { name: 'ConnectionClosed' });
    connection.disconnect();
    interrupted(connection, 'drop');
    connection.disconnect();
    assert.throws(() => connection.read(4), { name: 'ConnectionClosed' });
    assert.throws(() => connection.readAll(), { name: 'ConnectionClosed' });
    assert.equal(server.connections(), 2);
  });

  test('ends with a StateError if it is resumed after another call has read its body', () => {
    using server = startScriptedServer([[expectHead(), send(start), gate('rest'), send('6789')]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    const reader = connection.coReadAll();
    suspendForGood(reader);
    server.open('rest');
    assert.equal(connection.readText(), '0123456789');
    assert.throws(() => reader.next(), { name: 'StateError', message: /another call has read this body/ });
  });
});

describe('sending that is interrupted', () => {
  const upload = Buffer.alloc(MORE_THAN_FITS, 'abcdefghijklmnopqrstuvwxyz0123456789');

  for (const end of ['throw', 'return'] as const) {
    test(`by ${end}() sends the rest with the next call, in order, from memory of its own`, () => {
      using server = startScriptedServer(({ authority }) => [
        [
          stopReading(),
          gate('read on'),
          expect(requestHead(authority, 'PUT /1', { framing: [`Content-Length: ${upload.length}`] })),
          expect(upload),
          expect(requestHead(authority, 'GET /2')),
          send(ok('one') + ok('two')),
        ],
      ]);
      using connection = connectionTo(server);
      const body = Buffer.from(upload);
      const sender = connection.coSendRequest('PUT', '/1', { body });
      suspendForGood(sender);
      if (end === 'throw') assert.throws(() => sender.throw(new Error('enough')), /enough/);
      else sender.return();
      body.fill(0);
      server.open('read on');
      connection.sendRequest('GET', '/2');
      for (const answer of ['one', 'two']) {
        connection.readResponse();
        assert.equal(connection.readText(), answer);
      }
      connection.disconnect();
      server.check();
    });
  }

  test('sends the rest while a response is read', () => {
    using server = startScriptedServer([
      [stopReading(), gate('read on'), expectHead(), expect(upload), send(ok('got it'))],
    ]);
    using connection = connectionTo(server);
    const sender = connection.coSendRequest('PUT', '/1', { body: upload });
    suspendForGood(sender);
    sender.return();
    server.open('read on');
    assert.equal(runBlocking(connection.coReadResponse()).status, 200);
    assert.equal(connection.readText(), 'got it');
    connection.disconnect();
    server.check();
  });
});
