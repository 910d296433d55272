/**
 * What the options say about reaching a server: resolver, family, local address, Unix socket, overlapping attempts, time.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type Coroutine, HTTPConnection, type HTTPConnectionOptions, PollNeeded } from 'dugong';
import { native } from '../../src/io/native.ts';
import { expect, type ScriptedServer, send, startScriptedServer } from '../support/scripted-server.ts';
import { startBesideStalled, startStalledListener } from '../support/stalled-listener.ts';
import { timeLimit } from '../support/time-limit.ts';
import { suspend, waysOfWaiting } from '../support/waiting.ts';

const OK = 'HTTP/1.1 204 No Content\r\n\r\n';
/** An address at which no test listens: at 127.0.0.1, another one may at any port that is free at an address of ours. */
const UNUSED = '127.0.0.99';
const folder = mkdtempSync(join(tmpdir(), 'dugong-'));
after(() => rmSync(folder, { recursive: true }));

/** Answers one request of a client that believes to talk to `host`. */
function serve(host: string, options?: { host?: string; socketPath?: string }): ScriptedServer {
  return startScriptedServer(
    ({ port }) => [[expect(`GET / HTTP/1.1\r\nHost: ${host}:${port}\r\nAccept-Encoding: identity\r\n\r\n`), send(OK)]],
    options,
  );
}

function assertAnswered(hostname: string, options: HTTPConnectionOptions): void {
  using connection = new HTTPConnection(hostname, options);
  connection.sendRequest('GET', '/');
  assert.equal(connection.readResponse().status, 204);
}

describe('names', () => {
  test('are resolved by a lookup of the user, plain or a coroutine', () => {
    function* coLookup(hostname: string): Coroutine<string[]> {
      assert.equal(hostname, 'origin.example');
      yield new PollNeeded(-1, 0, { deadline: performance.now() + 1 });
      return ['127.0.0.1'];
    }
    for (const lookup of [() => ['127.0.0.1'], coLookup]) {
      using server = serve('origin.example');
      assertAnswered('origin.example', { port: server.port, lookup });
      server.check();
    }
  });

  test('cannot be resolved to what is no address, or to nothing', () => {
    const attempt = (lookup: () => string[]) => () => new HTTPConnection('origin.example', { lookup }).connect();
    assert.throws(
      attempt(() => ['localhost']),
      { name: 'TypeError', message: /numeric addresses/ },
    );
    assert.throws(
      attempt(() => []),
      { name: 'HostnameNotResolvable', hostname: 'origin.example' },
    );
    const broken = attempt(() => {
      throw new Error('no idea');
    });
    assert.throws(broken, { message: 'no idea' });
  });

  test('that do not exist are no resolver that does not answer [python-dugong: dns_one, dns_two]', () => {
    const attempt = (dnsTestHostnames: string[]) => () =>
      new HTTPConnection('foobar.invalid', { dnsTestHostnames }).connect();
    assert.throws(attempt(['localhost']), { name: 'HostnameNotResolvable', hostname: 'foobar.invalid' });
    assert.throws(attempt(['grumpf.invalid']), { name: 'DNSUnavailable', hostname: 'foobar.invalid' });
    assert.throws(attempt([]), { name: 'DNSUnavailable' });
  });

  test('are resolved to addresses of one family, if that is asked for', () => {
    using server = serve('localhost');
    assertAnswered('localhost', { port: server.port, family: 4 });
    assert.throws(() => new HTTPConnection('127.0.0.1', { family: 6 }).connect(), { name: 'HostnameNotResolvable' });
  });
});

describe('addresses [RFC 8305]', () => {
  test('are tried beside one that does not answer, after a delay; the loser is closed', async () => {
    using both = startBesideStalled(() => serve('origin.example', { host: '127.0.0.2' }));
    const before = native.counts();
    const connection = new HTTPConnection('origin.example', {
      port: both.port,
      lookup: () => ['127.0.0.1', '127.0.0.2'],
      attemptDelay: 20,
    });
    await connection.promises.sendRequest('GET', '/');
    assert.equal((await connection.promises.readResponse()).status, 204);
    connection.disconnect();
    assert.deepEqual(native.counts(), before);
  });

  test('are tried at once after one that fails, whatever the delay', () => {
    using server = serve('origin.example', { host: '127.0.0.2' });
    const lookup = (): string[] => [UNUSED, '127.0.0.2'];
    assertAnswered('origin.example', { port: server.port, lookup, attemptDelay: 3_600_000 });
  });

  test('may be tried at the same time', () => {
    using server = serve('origin.example', { host: '127.0.0.3' });
    const lookup = (): string[] => [UNUSED, UNUSED, '127.0.0.3'];
    assertAnswered('origin.example', { port: server.port, lookup, attemptDelay: 0 });
  });

  test('can be connected from a local address, of their family only', () => {
    using server = serve('origin.example');
    const lookup = (): string[] => ['::1', '127.0.0.1'];
    assertAnswered('origin.example', { port: server.port, lookup, localAddress: '127.0.0.9', keepAlive: 60 });
    const connection = new HTTPConnection('127.0.0.1', { localAddress: '::1' });
    assert.throws(() => connection.connect(), { message: /no address of the family of localAddress ::1/ });
    const elsewhere = new HTTPConnection('127.0.0.1', { localAddress: '192.0.2.1', port: server.port });
    assert.throws(() => elsewhere.connect(), { code: 'EADDRNOTAVAIL', syscall: 'bind', address: '192.0.2.1' });
  });
});

describe('a Unix socket', () => {
  test('takes the place of host and port, which only Host tells', () => {
    const socketPath = join(folder, 'server.sock');
    using server = startScriptedServer(
      [[expect('GET / HTTP/1.1\r\nHost: origin.example\r\nAccept-Encoding: identity\r\n\r\n'), send(OK)]],
      { socketPath },
    );
    assertAnswered('origin.example', { socketPath });
    server.check();
  });

  for (const { name, run } of waysOfWaiting) {
    test(`whose queue is full is tried again until there is room (${name})`, async () => {
      const socketPath = join(folder, `full-${name.replaceAll(' ', '-')}.sock`);
      using listener = startStalledListener(socketPath);
      const before = native.counts();
      const connection = new HTTPConnection('x', { socketPath, connectTimeout: timeLimit(20_000) });
      const connecting = connection.coConnect();
      for (let tries = 0; tries < 3; tries++) assert.equal(suspend(connecting).poll(), true);
      listener.accept();
      await run(connecting);
      assert.equal(native.counts().owned, before.owned + 1);
      connection.disconnect();
      assert.deepEqual(native.counts(), before);
    });
  }

  test('that is not there raises the error of the system', () => {
    const socketPath = join(folder, 'none.sock');
    const connection = new HTTPConnection('x', { socketPath });
    assert.throws(() => connection.connect(), { code: 'ENOENT', syscall: 'connect', address: socketPath });
    assert.equal(native.counts().owned, 0);
  });
});

describe('connectTimeout', () => {
  test('bounds the whole of connecting, in every form, and names the phase', async () => {
    using listener = startStalledListener();
    const connection = new HTTPConnection('127.0.0.1', { port: listener.port, connectTimeout: 30 });
    const before = native.counts();
    const expected = { name: 'ConnectionTimedOut', phase: 'connect', timeout: 30 };
    assert.throws(() => connection.connect(), expected);
    assert.throws(() => connection.sendRequest('GET', '/'), expected);
    await assert.rejects(connection.promises.connect(), expected);
    await assert.rejects(connection.promises.sendRequest('GET', '/'), expected);
    assert.deepEqual(native.counts(), before);
  });
});
