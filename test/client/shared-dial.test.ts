import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { HTTPConnection, runBlocking } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { coResolve } from '../../src/io/resolver.ts';
import { listen } from '../support/listen.ts';
import { ok, requestHead } from '../support/messages.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { expect, expectEnd, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { startStalledListener } from '../support/stalled-listener.ts';
import { atSomePace, timeLimit } from '../support/time-limit.ts';
import { connectionClosed, connectionTo, suspend, waysOfWaiting } from '../support/waiting.ts';

/** A loopback port on which no server listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('connecting', () => {
  test('does not happen in the constructor, but with connect() or the first request, once', () => {
    using server = startScriptedServer(({ authority }) => [
      [expect(requestHead(authority, 'GET /')), send(ok('x')), expectEnd()],
    ]);
    using connection = connectionTo(server);
    assert.equal(server.connections(), 0);
    connection.connect();
    connection.connect();
    connection.sendRequest('GET', '/');
    connection.readResponse();
    connection.discard();
    connection.connect();
    assert.equal(server.connections(), 1);
  });

  for (const { name, run } of waysOfWaiting) {
    test(`to a port on which no server listens raises the system's error, in Node's shape (${name})`, async () => {
      const port = await closedPort();
      const connection = new HTTPConnection('127.0.0.1', { port });
      const refused = {
        name: 'SystemError',
        code: 'ECONNREFUSED',
        errno: -111,
        syscall: 'connect',
        address: '127.0.0.1',
        port,
      };
      const message = `connect ECONNREFUSED 127.0.0.1:${port}`;
      const server = `http://127.0.0.1:${port}`;
      await assert.rejects(async () => run(connection.coConnect()), { ...refused, message: `${server}: ${message}` });
      const unsent = { ...refused, message: `GET ${server}/: ${message}` };
      await assert.rejects(async () => run(connection.coSendRequest('GET', '/')), unsent);
      await assert.rejects(async () => run(connection.coReadResponse()), unsent);
      assert.equal(connection.responsePending(), false);
    });
  }

  for (const host of ['127.0.0.1', '::1']) {
    test(`to a name of which only ${host} answers`, (context) => {
      // Not found out by connecting: at its other address, another process may listen on a port of the same number.
      if (!runBlocking(coResolve('localhost')).includes(host)) return context.skip(`localhost is not ${host} here`);
      using server = startScriptedServer([[expectHead(), send(ok('x'))]], { host });
      using connection = new HTTPConnection('localhost', { port: server.port });
      connection.sendRequest('GET', '/');
      assert.equal(connection.readResponse().status, 200);
      assert.match(server.heads()[0] ?? '', new RegExp(`\r\nHost: localhost:${server.port}\r\n`));
    });
  }

  test('to an IPv6 address puts it into brackets in Host [RFC 3986 3.2.2]', () => {
    using server = startScriptedServer(
      [
        [expectHead(), send(ok('x'))],
        [expectHead(), send(ok('x'))],
      ],
      { host: '::1' },
    );
    for (const hostname of ['::1', '[::1]']) {
      using connection = new HTTPConnection(hostname, { port: server.port });
      connection.sendRequest('GET', '/');
      connection.readResponse();
    }
    assert.match(server.heads(0)[0] ?? '', new RegExp(`\r\nHost: \\[::1\\]:${server.port}\r\n`));
    assert.match(server.heads(1)[0] ?? '', new RegExp(`\r\nHost: \\[::1\\]:${server.port}\r\n`));
  });

  test('takes no longer than the time limit of a blocking call; the next call tries anew', () => {
    using listener = startStalledListener();
    const before = native.counts();
    const connection = new HTTPConnection('127.0.0.1', { port: listener.port, timeout: 30 });
    const timedOut = { name: 'ConnectionTimedOut', phase: 'connect', timeout: 30 };
    assert.throws(() => connection.connect(), timedOut);
    assert.throws(() => connection.sendRequest('GET', '/'), timedOut);
    assert.deepEqual(native.counts(), before);
    assert.equal(connection.responsePending(), false);
  });

  test('is driven on by each that waits: two coroutines stepped in turn', () => {
    using server = startScriptedServer([[expectHead(), send(ok('x'))]]);
    using connection = connectionTo(server);
    const sender = connection.coSendRequest('GET', '/');
    suspend(sender);
    const reader = connection.coReadResponse();
    suspend(reader);
    let answer = reader.next();
    for (; !answer.done; answer = reader.next()) {
      sender.next();
      assert.ok(answer.value.poll(timeLimit(20_000)));
    }
    assert.equal(answer.value.status, 200);
    assert.equal(connection.readText(), 'x');
    assert.equal(server.connections(), 1);
  });
});

describe('futures that are started before the connection exists', () => {
  test('share the one dialling: a sender and a reader', async () => {
    using server = startScriptedServer([[expectHead(), expectHead(), send(ok('one') + ok('two'))]]);
    using connection = connectionTo(server);
    const { promises } = connection;
    async function sendAll(): Promise<void> {
      await promises.sendRequest('GET', '/1');
      await promises.sendRequest('GET', '/2');
    }
    async function readAll(): Promise<string[]> {
      const texts: string[] = [];
      for (let count = 0; count < 2; count++) {
        await promises.readResponse();
        texts.push(await promises.readText());
      }
      return texts;
    }
    const [, texts] = await Promise.all([sendAll(), readAll()]);
    assert.deepEqual(texts, ['one', 'two']);
    assert.equal(server.connections(), 1);
  });

  test('both reject when the dialling fails', async () => {
    const port = await closedPort();
    const connection = new HTTPConnection('localhost', { port });
    const futures = [connection.promises.sendRequest('GET', '/'), connection.promises.readResponse()];
    for (const result of await Promise.allSettled(futures)) {
      assert.equal(result.status, 'rejected');
      assert.equal((result.reason as { code: string }).code, 'ECONNREFUSED');
    }
  });

  test('go on without one that is cancelled', async () => {
    using server = startScriptedServer([[expectHead(), send(ok('x'))]]);
    using connection = connectionTo(server);
    const connecting = connection.promises.connect();
    const sending = connection.promises.sendRequest('GET', '/');
    assert.equal(connecting.cancel(), true);
    await assert.rejects(connecting, { name: 'AbortError' });
    await sending;
    assert.equal((await connection.promises.readResponse()).status, 200);
  });

  for (const hostname of ['127.0.0.1', 'localhost']) {
    test(`leave no descriptor and no watcher behind when they are cancelled (${hostname})`, async () => {
      using listener = startStalledListener();
      const before = native.counts();
      const connection = new HTTPConnection(hostname, { port: listener.port });
      const first = connection.promises.sendRequest('GET', '/');
      const second = connection.promises.readResponse();
      assert.ok(native.counts().owned > before.owned);
      first.cancel();
      assert.ok(native.counts().owned > before.owned);
      second.cancel(new Error('enough'));
      await assert.rejects(first, { name: 'AbortError' });
      await assert.rejects(second, { message: 'enough' });
      assert.deepEqual(native.counts(), before);
      assert.throws(() => connection.readResponse(), connectionClosed({ phase: 'receive', lost: ['!GET /'] }));
    });
  }

  test('time out while connecting, each by its own limit', () =>
    atSomePace(async (factor) => {
      using listener = startStalledListener();
      const before = native.counts();
      const connection = new HTTPConnection('127.0.0.1', { port: listener.port });
      const [soon, later] = [20 * factor, 60 * factor];
      const sender = connection.promises.sendRequest('GET', '/', { timeout: soon });
      const reader = connection.promises.readResponse({ timeout: later });
      const timedOut = { name: 'ConnectionTimedOut', phase: 'connect' };
      const read = assert.rejects(reader, { ...timedOut, timeout: later });
      await assert.rejects(sender, { ...timedOut, timeout: soon });
      const inTime = !reader.done();
      await read;
      assert.ok(inTime);
      assert.deepEqual(native.counts(), before);
    }));

  test('reject with ConnectionClosed when the connection is closed while it is being made', async () => {
    using listener = startStalledListener();
    const before = native.counts();
    const connection = new HTTPConnection('127.0.0.1', { port: listener.port });
    const future = connection.promises.connect();
    connection.disconnect();
    assert.equal(native.counts().owned, before.owned);
    await assert.rejects(future, connectionClosed({ phase: 'connect', lost: [] }));
    assert.deepEqual(native.counts(), before);
  });
});

describe('a connection that was made in time', () => {
  test('counts although no coroutine looked before the time was over', async () => {
    using server = startScriptedServer([[expectHead(), send(ok('x'))]]);
    using connection = connectionTo(server, { connectTimeout: 50 });
    const connecting = connection.promises.connect();
    // The event loop stands still.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    await connecting;
    connection.sendRequest('GET', '/');
    assert.equal(connection.readResponse().status, 200);
  });
});

describe('200 cycles of connections', () => {
  test('that end in every way leave no descriptor behind', () => {
    const cycles = 200;
    const scripts = Array.from({ length: cycles }, (_, index) => {
      if (index % 4 === 0) return [expectHead(), send(ok('whole')), expectEnd()];
      if (index % 4 === 1) return [expectHead(), send(ok('cut').slice(0, -1)), { do: 'close' } as const];
      if (index % 4 === 2) return [expectHead(), { do: 'reset' } as const];
      return [expectEnd()];
    });
    using server = startScriptedServer(scripts);
    const before = native.counts();
    const socketsBefore = openDescriptors('socket:');
    for (let index = 0; index < cycles; index++) {
      const connection = connectionTo(server);
      if (index % 4 === 3) {
        connection.connect();
      } else {
        connection.sendRequest('GET', '/');
        const read = () => {
          connection.readResponse();
          connection.readAll();
        };
        if (index % 4 === 0) read();
        else assert.throws(read, { name: 'ConnectionClosed' });
      }
      connection.disconnect();
    }
    server.check();
    assert.deepEqual(native.counts(), before);
    // The server's ends are in this process, too.
    server.stop();
    const sockets = openDescriptors('socket:');
    assert.ok(!(sockets > socketsBefore), `${sockets} sockets are open, ${socketsBefore} were`);
  });
});
