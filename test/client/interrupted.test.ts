/** Blocking calls of a connection that a signal ends (SIGALRM, which this process listens for): what is left of the connection. */

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type Coroutine, HTTPConnection, Interrupted } from '../../src/index.ts';
import { TestTrust } from '../support/https.ts';
import { type Killer, startKiller } from '../support/killer.ts';
import { ok } from '../support/messages.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import {
  expectBytes,
  expectEnd,
  expectHead,
  gate,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { startStalledListener } from '../support/stalled-listener.ts';
import { connectionTo, thrownBy } from '../support/waiting.ts';

describe('a signal with a listener', () => {
  let killer: Killer;
  let heard = 0;

  function interrupted(call: () => unknown): void {
    killer.whenBlocked('SIGALRM');
    const error = thrownBy(call);
    assert.ok(error instanceof Interrupted, String(error));
  }

  before(async () => {
    killer = await startKiller();
    process.on('SIGALRM', () => {
      heard++;
    });
  });
  after(() => {
    process.removeAllListeners('SIGALRM');
    killer[Symbol.dispose]();
  });
  afterEach(async () => {
    for (let turns = 0; turns < 3; turns++) await turn();
    assert.ok(heard > 0);
    heard = 0;
  });

  test('that ends the wait for a response loses nothing: the next call reads it', () => {
    const [head, body] = ok('hello, world').split('world') as [string, string];
    using server = startScriptedServer([
      [
        expectHead(),
        gate('head'),
        send(head),
        gate('body'),
        send(`world${body}`),
        expectHead(),
        send(ok('2')),
        expectEnd(),
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    interrupted(() => connection.readResponse());
    server.open('head');
    assert.equal(connection.readResponse().status, 200);
    interrupted(() => connection.readAll());
    server.open('body');
    assert.equal(connection.readText(), 'hello, world');
    connection.sendRequest('GET', '/2');
    assert.equal(connection.readResponse().length, 1);
    assert.equal(connection.readText(), '2');
    connection.disconnect();
    server.check();
  });

  test('that ends sending leaves the request under way', () => {
    const body = Buffer.alloc(MORE_THAN_FITS, 'x');
    using server = startScriptedServer([[expectHead(), stopReading(), gate('never')]]);
    using connection = connectionTo(server);
    interrupted(() => connection.sendRequest('PUT', '/', { body }));
    assert.deepEqual(
      connection.pendingRequests().map(({ path }) => path),
      ['/'],
    );
  });

  test('that comes between two calls ends the next one that would wait', () => {
    using server = startScriptedServer([[expectHead(), gate('go'), send(ok('x')), expectEnd()]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    process.kill(process.pid, 'SIGALRM');
    assert.ok(thrownBy(() => connection.readResponse()) instanceof Interrupted);
    server.open('go');
    assert.equal(connection.readResponse().status, 200);
    assert.equal(connection.readText(), 'x');
    connection.disconnect();
    server.check();
  });

  test('that comes into connecting gives it up, and the next call connects', () => {
    using stalled = startStalledListener();
    using connection = new HTTPConnection('127.0.0.1', { port: stalled.port });
    const listening = openDescriptors();
    interrupted(() => connection.connect());
    interrupted(() => connection.sendRequest('GET', '/'));
    assert.equal(openDescriptors(), listening);
    assert.deepEqual(connection.pendingRequests(), []);
  });

  test('that comes into a TLS handshake gives it up, and the next call shakes hands', () => {
    // No server answers the ClientHello.
    using silent = startScriptedServer([
      [expectBytes(1), gate('never')],
      [expectBytes(1), gate('never')],
    ]);
    const trust = new TestTrust();
    using connection = connectionTo(silent, { tls: trust.context });
    interrupted(() => connection.connect());
    interrupted(() => connection.sendRequest('GET', '/'));
  });

  test('that comes into a body over TLS loses nothing', () => {
    const trust = new TestTrust();
    const [head, body] = ok('hello, world').split('world') as [string, string];
    using server = trust.serve([[expectHead(), send(head), gate('body'), send(`world${body}`), expectEnd()]]);
    using connection = trust.connectTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    interrupted(() => connection.readText());
    server.origin.open('body');
    assert.equal(connection.readText(), 'hello, world');
  });

  test('is thrown into a coroutine that runs over the connection', () => {
    using server = startScriptedServer([[expectHead(), gate('go'), send(ok('x')), expectEnd()]]);
    using connection = connectionTo(server);
    function* coGet(): Coroutine<string> {
      yield* connection.coSendRequest('GET', '/');
      try {
        yield* connection.coReadResponse();
        return 'not interrupted';
      } catch (error) {
        server.open('go');
        yield* connection.coReadResponse();
        return `${(error as Error).name} ${yield* connection.coReadText()}`;
      }
    }
    killer.whenBlocked('SIGALRM');
    assert.equal(connection.runBlocking(coGet()), 'Interrupted x');
  });

  test('does not end the calls of a connection that is to continue', () => {
    using server = startScriptedServer([[expectHead(), send(ok('x'), { chunk: 1, every: 5 }), expectEnd()]]);
    using connection = connectionTo(server, { onSignal: 'continue' });
    process.kill(process.pid, 'SIGALRM');
    connection.sendRequest('GET', '/');
    assert.equal(connection.readResponse().status, 200);
    assert.equal(connection.readText(), 'x');
  });
});
