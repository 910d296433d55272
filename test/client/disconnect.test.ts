import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { AioFuture, BodyFollowing, type Coroutine, type HTTPConnection } from '../../src/index.ts';
import { chunkedResponse, ok } from '../support/messages.ts';
import {
  expectAnything,
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
import { connectionClosed, connectionTo, finish, suspendForGood } from '../support/waiting.ts';

const large = Buffer.alloc(MORE_THAN_FITS);

/** Operations that cannot go on: what is done before, and on what connection. */
const operations: readonly {
  name: string;
  phase: string;
  lost: string[];
  script: Script;
  prepare(connection: HTTPConnection): void;
  start(connection: HTTPConnection): Coroutine<unknown>;
}[] = [
  {
    name: 'readResponse',
    phase: 'receive',
    lost: ['GET /'],
    script: [expectHead(), expectEnd()],
    prepare: (connection) => connection.sendRequest('GET', '/'),
    start: (connection) => connection.coReadResponse(),
  },
  ...(['coRead', 'coReadAll', 'coDiscard', 'coReadText'] as const).map((operation) => ({
    name: operation,
    phase: 'receive',
    lost: ['GET /'],
    script: [expectHead(), send(chunkedResponse(['some']).slice(0, -5)), mark('sent'), expectEnd()],
    prepare(connection: HTTPConnection) {
      connection.sendRequest('GET', '/');
      connection.readResponse();
      if (operation === 'coRead') connection.read(4);
    },
    start: (connection: HTTPConnection) => connection[operation](),
  })),
  {
    name: 'readInto',
    phase: 'receive',
    lost: ['GET /'],
    script: [expectHead(), send(ok('x'.repeat(50_000)).slice(0, -40_000)), expectEnd()],
    prepare(connection) {
      connection.sendRequest('GET', '/');
      connection.readResponse();
      for (let left = 10_000; left > 0; ) left -= connection.read(left).length;
    },
    start: (connection) => connection.coReadInto(Buffer.alloc(40_000)),
  },
  {
    name: 'sendRequest',
    phase: 'send',
    lost: ['PUT /'],
    script: [stopReading(), mark('stopped'), gate('never')],
    prepare: (connection) => connection.connect(),
    start: (connection) => connection.coSendRequest('PUT', '/', { body: large }),
  },
  {
    name: 'write',
    phase: 'send',
    lost: ['PUT /'],
    script: [expectHead(), stopReading(), mark('stopped'), gate('never')],
    prepare: (connection) => connection.sendRequest('PUT', '/', { body: new BodyFollowing(large.length) }),
    start: (connection) => connection.coWrite(large),
  },
  {
    name: 'the wait for 100 (Continue)',
    phase: 'continue',
    lost: ['PUT /'],
    script: [expectHead(), expectEnd()],
    prepare: (connection) => connection.sendRequest('PUT', '/', { body: new BodyFollowing(4), expect100: true }),
    start: (connection) => connection.coReadResponse(),
  },
];

function descriptors(): string[] {
  return readdirSync('/proc/self/fd');
}

describe('disconnect() under a suspended coroutine', () => {
  for (const { name, phase, lost, script, prepare, start } of operations) {
    test(`makes the next step of ${name} raise ConnectionClosed`, () => {
      using server = startScriptedServer([script]);
      using connection = connectionTo(server, { continueTimeout: 20_000 });
      prepare(connection);
      const coroutine = start(connection);
      const need = suspendForGood(coroutine);
      connection.disconnect();
      assert.equal(need.poll(0), true);
      assert.throws(() => coroutine.next(), connectionClosed({ phase, lost }));
    });

    test(`makes an AioFuture of ${name} reject with ConnectionClosed`, { timeout: 20_000 }, async () => {
      using server = startScriptedServer([script]);
      using connection = connectionTo(server, { continueTimeout: 20_000 });
      prepare(connection);
      const future = new AioFuture(start(connection));
      setImmediate(() => connection.disconnect());
      await assert.rejects(future, connectionClosed({ phase, lost }));
    });
  }

  test('tells requests that were sent, in part at least, from those of which no byte was', () => {
    using server = startScriptedServer([[stopReading(), mark('stopped'), gate('never')]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    const second = connection.coSendRequest('PUT', '/2', { body: large });
    suspendForGood(second);
    second.return();
    const third = connection.coSendRequest('GET', '/3');
    suspendForGood(third);
    connection.disconnect();
    const lost = ['GET /1', 'PUT /2', '!GET /3'];
    assert.throws(() => third.next(), connectionClosed({ phase: 'send', lost }));
    assert.throws(() => connection.readResponse(), connectionClosed({ phase: 'receive', lost, bytesReceived: 0 }));
  });

  test('never lets it touch the connection that comes after', () => {
    using server = startScriptedServer([
      [expectHead(), expectEnd()],
      [expectHead(), send(ok('anew')), expectEnd()],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    const reader = connection.coReadResponse();
    suspendForGood(reader);
    connection.disconnect();
    connection.sendRequest('GET', '/2');
    assert.throws(() => reader.next(), connectionClosed({ phase: 'receive', lost: ['GET /1'] }));
    connection.readResponse();
    assert.equal(connection.readText(), 'anew');
    connection.disconnect();
    server.check();
  });
});

describe('after disconnect()', () => {
  test('the rest of a body cannot be read, nor written; nothing is pending; a request connects anew', () => {
    using server = startScriptedServer([
      [expectHead(), send(chunkedResponse(['x'.repeat(300)])), expectHead(), expectAnything()],
      [expectHead(), send(ok('anew'))],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    connection.readResponse();
    connection.sendRequest('PUT', '/2', { body: new BodyFollowing(42) });
    connection.write(Buffer.from('four'));
    assert.equal(connection.read(200).length, 200);
    connection.disconnect();
    const closed = connectionClosed({ phase: 'receive', lost: ['GET /1', 'PUT /2'] });
    assert.equal(connection.responsePending(), false);
    assert.throws(() => connection.read(200), closed);
    assert.throws(() => connection.readAll(), closed);
    assert.throws(() => connection.readInto(Buffer.alloc(10)), closed);
    assert.throws(() => connection.discard(), closed);
    assert.throws(() => connection.readText(), closed);
    assert.throws(() => connection.readResponse(), closed);
    assert.throws(
      () => connection.write(Buffer.from('x')),
      connectionClosed({ phase: 'send', lost: ['GET /1', 'PUT /2'] }),
    );
    assert.equal(server.connections(), 1);
    connection.sendRequest('GET', '/3');
    assert.equal(connection.readResponse().path, '/3');
    assert.equal(connection.readText(), 'anew');
  });

  for (const leave of ['disconnect', 'reset', Symbol.dispose] as const) {
    test(`(${String(leave)}) the descriptor is closed, and doing it again does nothing`, () => {
      using server = startScriptedServer([[expectHead(), send(ok('x')), expectEnd()]]);
      const connection = connectionTo(server);
      connection[leave]();
      connection.sendRequest('GET', '/');
      connection.readResponse();
      connection.discard();
      const before = descriptors().length;
      connection[leave]();
      // The server's end is in this process, too, and may be closed by now.
      assert.ok(descriptors().length < before);
      connection[leave]();
      server.check();
    });
  }

  test('an operation that is done stays done: a coroutine never started begins on a new connection', () => {
    using server = startScriptedServer([
      [expectHead(), expectEnd()],
      [expectHead(), send(ok('anew'))],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    const later = connection.coSendRequest('GET', '/2');
    connection.disconnect();
    finish(later);
    assert.equal(connection.readResponse().path, '/2');
  });
});
