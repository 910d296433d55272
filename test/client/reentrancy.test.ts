/**
 * What the user's own code may do while the client calls it: `lookup`, `onInformational`, and what gives the pieces of a body.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BodyFollowing, type Coroutine, coAwait, coRace, coSleep, HTTPConnection, PollLoop } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { opensslMissing } from '../support/certificates.ts';
import { HTTPSServer, TestTrust } from '../support/https.ts';
import { ok, response } from '../support/messages.ts';
import { plainAndTLS } from '../support/plain-and-tls.ts';
import { close, expect, expectEnd, expectHead, mark, send, startScriptedServer } from '../support/scripted-server.ts';
import { connectionClosed, connectionTo } from '../support/waiting.ts';

const answering = [expectHead(), send(ok('x')), expectEnd()];

describe('lookup()', () => {
  test('may disconnect: the call raises ConnectionClosed, and nothing stays open', () => {
    using server = startScriptedServer([answering]);
    const before = native.counts();
    let leave = true;
    const connection: HTTPConnection = new HTTPConnection('x.example', {
      port: server.port,
      lookup: () => {
        if (leave) connection.disconnect();
        return [server.hostname];
      },
    });
    assert.throws(() => connection.connect(), { name: 'ConnectionClosed', message: /disconnect\(\)/ });
    assert.deepEqual(native.counts(), before);
    leave = false;
    connection.sendRequest('GET', '/');
    assert.equal(connection.readResponse().status, 200);
    connection.disconnect();
    server.check();
  });

  test('cannot use the connection that it is to make', () => {
    const connection: HTTPConnection = new HTTPConnection('x.example', {
      lookup: () => {
        connection.sendRequest('GET', '/');
        return [];
      },
    });
    assert.throws(() => connection.connect(), { name: 'StateError', message: /lookup\(\)/ });
  });

  test('may be made of combinators, in a loop of many tasks', () => {
    using server = startScriptedServer([[expectEnd()], answering]);
    function* coFind(): Coroutine<string[]> {
      using other = connectionTo(server);
      yield* other.coConnect();
      return [server.hostname];
    }
    function* coNever(): Coroutine<string[]> {
      yield* coSleep(1_000_000);
      return [];
    }
    const lookup = (): Coroutine<string[]> => coRace([coFind(), coNever()]);
    using connection = new HTTPConnection('x.example', { port: server.port, lookup });
    using loop = new PollLoop();
    const sender = loop.createTask(connection.coSendRequest('GET', '/'));
    const reader = loop.createTask(connection.coReadResponse());
    assert.equal(loop.runUntilComplete(reader).status, 200);
    assert.equal(loop.runUntilComplete(sender), undefined);
  });

  for (const cancelled of [false, true]) {
    const title = cancelled ? 'is gone on with when the first of them is cancelled' : 'wakes all waiters for it';
    test(`that awaits a promise ${title}`, { timeout: 20_000 }, async () => {
      using server = startScriptedServer([answering]);
      let settle = (): void => {};
      const settled = new Promise<void>((resolve) => {
        settle = resolve;
      });
      function* lookup(): Coroutine<string[]> {
        yield* coAwait(settled);
        return [server.hostname];
      }
      using connection = new HTTPConnection('x.example', { port: server.port, lookup });
      const first = connection.promises.connect();
      const second = connection.promises.sendRequest('GET', '/');
      const third = connection.promises.readResponse();
      if (cancelled) first.cancel();
      settle();
      const [connected, sent, read] = await Promise.allSettled([first, second, third]);
      assert.equal(connected.status, cancelled ? 'rejected' : 'fulfilled');
      assert.equal(sent.status, 'fulfilled');
      assert.equal(read.status, 'fulfilled');
    });
  }

  test('that yields something else gets the TypeError of a forgotten asterisk', () => {
    function* lookup(): Coroutine<string[]> {
      yield coSleep(1) as never;
      return [];
    }
    const connection = new HTTPConnection('x.example', { lookup });
    assert.throws(() => connection.connect(), { name: 'TypeError', message: /did you mean yield\*/ });
  });
});

describe('onInformational()', () => {
  test('may read responses: each goes to its own request', () => {
    const early = response('103 Early Hints');
    using server = startScriptedServer([
      [expectHead(), expectHead(), send(early + ok('', 'X-N: 1') + ok('', 'X-N: 2')), expectEnd()],
    ]);
    const inside: unknown[] = [];
    using connection: HTTPConnection = connectionTo(server, {
      onInformational: () => {
        const { path, headers } = connection.readResponse();
        inside.push([path, headers.get('X-N')]);
      },
    });
    connection.sendRequest('GET', '/1');
    connection.sendRequest('GET', '/2');
    const { path, headers } = connection.readResponse();
    assert.deepEqual(inside, [['/1', '1']]);
    assert.deepEqual([path, headers.get('X-N')], ['/2', '2']);
  });

  test('may leave a body to be read, which is never taken for a head', () => {
    using server = startScriptedServer([[expectHead(), send(response('103 Early Hints') + ok('body')), expectEnd()]]);
    using connection: HTTPConnection = connectionTo(server, { onInformational: () => connection.readResponse() });
    connection.sendRequest('GET', '/');
    assert.throws(() => connection.readResponse(), { name: 'StateError', message: /has not been read/ });
    assert.equal(connection.readText(), 'body');
  });
});

describe('disconnect() in onInformational()', () => {
  for (const { name, skip, serve } of plainAndTLS) {
    test(`ends the call: what came behind is not handed out (${name})`, { skip }, () => {
      const early = response('103 Early Hints');
      using server = serve([
        [expectHead(), send(early + ok('old')), expectEnd()],
        [expectHead(), send(ok('new')), expectEnd()],
      ]);
      let requestAgain = false;
      using connection: HTTPConnection = server.connect({
        onInformational: () => {
          connection.disconnect();
          if (requestAgain) connection.sendRequest('GET', '/new');
        },
      });
      connection.sendRequest('GET', '/old');
      const closed = connectionClosed({ phase: 'receive', lost: ['GET /old'] });
      requestAgain = true;
      assert.throws(() => connection.readResponse(), { ...closed, message: /disconnect\(\)/ });
      assert.equal(connection.readResponse().path, '/new');
      assert.equal(connection.readText(), 'new');
    });
  }
});

describe('checkServerIdentity()', () => {
  const trust = { skip: opensslMissing() };

  test('cannot use the connection that it checks, but end it; nothing stays open', trust, () => {
    const { ca, certificate } = new TestTrust();
    using server = new HTTPSServer([[expectEnd()], [expectEnd()], [expectEnd()], [expectEnd()]], certificate);
    const before = native.counts();
    const uses: [(connection: HTTPConnection) => unknown, object][] = [
      [(connection) => connection.connect(), { name: 'StateError', message: /checkServerIdentity\(\)/ }],
      [(connection) => connection.sendRequest('GET', '/'), { name: 'StateError' }],
      [(connection) => connection.disconnect(), { name: 'ConnectionClosed' }],
      [() => assert.fail('out of the function'), { name: 'AssertionError', message: 'out of the function' }],
    ];
    for (const [use, error] of uses) {
      const connection: HTTPConnection = connectionTo(server.front, {
        tls: { ca, checkServerIdentity: () => void use(connection) },
      });
      assert.throws(() => connection.sendRequest('GET', '/'), error);
      assert.deepEqual(native.counts(), before);
    }
  });
});

describe('a request body in pieces', () => {
  test('never gets into the request of a later connection', async () => {
    using server = startScriptedServer([
      [expectHead(), expect('1\r\na\r\n'), mark('begun'), expectEnd()],
      [expectHead(), expect('1\r\nb\r\n0\r\n\r\n'), send(ok('x')), expectEnd()],
    ]);
    let goOn = (): void => {};
    const gone = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    async function* pieces(): AsyncGenerator<string> {
      yield 'a';
      await gone;
      yield 'secret';
    }
    const connection = connectionTo(server);
    const sending = connection.promises.sendRequest('PUT', '/a', { body: pieces() });
    const rejected = assert.rejects(sending, { name: 'ConnectionClosed', message: /disconnect\(\)/ });
    await server.reached('begun');
    connection.disconnect();
    await connection.promises.sendRequest('PUT', '/b', { body: new BodyFollowing() });
    goOn();
    await rejected;
    await connection.promises.write(Buffer.from('b'));
    await connection.promises.endBody();
    assert.equal((await connection.promises.readResponse()).status, 200);
    connection.disconnect();
  });

  test('lets no other call send between them; a body that was broken off can be gone on with', async () => {
    using server = startScriptedServer([
      [expectHead(), expect('1\r\na\r\n'), mark('begun'), expect('1\r\nb\r\n0\r\n\r\n'), send(ok('x')), expectEnd()],
    ]);
    async function* pieces(): AsyncGenerator<string> {
      yield 'a';
      await new Promise(() => undefined);
    }
    using connection = connectionTo(server);
    const sending = connection.promises.sendRequest('PUT', '/', { body: pieces() });
    await server.reached('begun');
    const refused = { name: 'StateError', message: /still sending/ };
    await assert.rejects(connection.promises.write(Buffer.from('x')), refused);
    await assert.rejects(connection.promises.endBody(), refused);
    await assert.rejects(connection.promises.sendRequest('GET', '/'), refused);
    sending.cancel();
    await assert.rejects(sending, { name: 'AbortError' });
    connection.write(Buffer.from('b'));
    connection.endBody();
    assert.equal(connection.readResponse().status, 200);
  });

  test('whose source fails when it learns of the end: the error of the connection counts', async () => {
    using server = startScriptedServer([[expectHead(), close()]]);
    async function* pieces(): AsyncGenerator<Buffer> {
      try {
        for (;;) {
          await new Promise(setImmediate);
          yield Buffer.alloc(100_000);
        }
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: this is what is tested
        throw new Error('unasked');
      }
    }
    const connection = connectionTo(server);
    // An unhandled rejection of the other one is what the test runner would report.
    await assert.rejects(connection.promises.sendRequest('PUT', '/', { body: pieces() }), { name: 'ConnectionClosed' });
    await sleep(5);
    connection.disconnect();
  });
});
