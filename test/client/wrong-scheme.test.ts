/** TLS with a port that speaks none, and plain HTTP with one that speaks TLS: the error says so, and what to write instead. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ConnectionClosed,
  createFetch,
  HTTPConnection,
  type HTTPConnectionOptions,
  InvalidResponse,
  isTempNetworkError,
  ProxyError,
  TLSError,
} from '../../src/index.ts';
import { fetchSync } from '../../src/sync/index.ts';
import { makeCertificate, opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { response } from '../support/messages.ts';
import { environmentWithoutProxies, runProgram } from '../support/run-program.ts';
import {
  close,
  expectAnything,
  expectBytes,
  expectHead,
  gate,
  type Script,
  type ScriptedServer,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { timeLimit } from '../support/time-limit.ts';
import { startTLSServer } from '../support/tls-server.ts';
import { ESTABLISHED } from '../support/tunnelled.ts';
import { connectionTo, thrownBy, waysOfWaiting } from '../support/waiting.ts';

const URL_OF_SERVER = /use http:\/\/ in the URL, or no option tls$/;
const URL_OF_PROXY = /use http:\/\/ in the URL of the proxy$/;

function serve(script: Script, connections = 1): ScriptedServer {
  return startScriptedServer(Array.from({ length: connections }, () => script));
}

function ask(connection: HTTPConnection): unknown {
  return thrownBy(() => {
    connection.sendRequest('GET', '/');
    connection.readResponse();
  });
}

async function commandSays(...args: readonly string[]): Promise<string> {
  const { status, stderr } = await runProgram('src/cli/main.ts', args, { env: environmentWithoutProxies() });
  assert.notEqual(status, 0);
  return stderr.trimEnd();
}

/** What is thrown for a GET, in each way of waiting. */
async function errorsOf(server: ScriptedServer, options: HTTPConnectionOptions): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const { run } of waysOfWaiting) {
    using connection = connectionTo(server, options);
    const sending = run(connection.coSendRequest('GET', '/')).then(() => run(connection.coReadResponse()));
    errors.push(await sending.catch((error: unknown) => error));
  }
  return errors;
}

describe('TLS with a port that speaks none is a TLSError that names the port and the way out', () => {
  const ANSWERS: Readonly<Record<string, string>> = {
    HTTP: response('400 Bad Request', ['Connection: close'], 'what?'),
    SSH: 'SSH-2.0-OpenSSH_9.2p1\r\n',
    'FTP, SMTP': '220 host.example ESMTP\r\n',
    POP3: '+OK ready\r\n',
    MySQL: '\x4a\0\0\0\x0a5.7.41\0',
    nothing: '\0'.repeat(100),
  };

  function assertNamed(error: unknown, { port }: ScriptedServer, way = URL_OF_SERVER): void {
    assert.ok(error instanceof TLSError, String(error));
    assert.match(error.message, way);
    assert.ok(error.message.includes(`Port ${port} of 127.0.0.1 seems not to speak TLS`), error.message);
    assert.equal(error.peer, way === URL_OF_SERVER ? 'server' : 'proxy');
    assert.equal(isTempNetworkError(error), false);
  }

  for (const [name, answer] of Object.entries(ANSWERS)) {
    test(`${name}, at once and byte by byte`, async () => {
      for (const pace of [{}, { chunk: 1, every: 1 }]) {
        const script = [send(answer.slice(0, 30), { peerMayLeave: true, ...pace }), gate('never')];
        using server = serve(script, waysOfWaiting.length);
        for (const error of await errorsOf(server, { tls: true })) assertNamed(error, server);
      }
    });
  }

  const answering: Script = [expectBytes(1), send(ANSWERS['HTTP'] as string, { peerMayLeave: true }), gate('never')];

  test('to fetchSync, createFetch and the command, which do not try again', async () => {
    using server = serve(answering, 3);
    const url = `https://${server.authority}/`;
    assertNamed(
      thrownBy(() => fetchSync(url)),
      server,
    );
    await assert.rejects(createFetch()(url), ({ cause }: Error) => {
      assertNamed(cause, server);
      return true;
    });
    assert.match(await commandSays(url), /seems not to speak TLS: if it speaks plain HTTP, use http:/);
    assert.equal(server.connections(), 3);
  });

  test('also behind a proxy, and of the proxy itself', () => {
    using tunnel = serve([expectHead(), send(ESTABLISHED), ...answering]);
    using behind = new HTTPConnection('127.0.0.1', { port: 8443, tls: true, proxy: `http://${tunnel.authority}` });
    assert.match(String(ask(behind)), /Port 8443 of 127\.0\.0\.1 seems not to speak TLS/);
    for (const tls of [undefined, true] as const) {
      using proxy = serve(answering);
      using connection = new HTTPConnection('origin.example', { tls, proxy: `https://${proxy.authority}` });
      assertNamed(ask(connection), proxy, URL_OF_PROXY);
    }
  });
});

describe('plain HTTP with a port that speaks TLS is an InvalidResponse that names the way out', () => {
  const RECORDS: Readonly<Record<string, string>> = {
    'the alert unexpected_message': '\x15\x03\x03\x00\x02\x02\x0a',
    'an alert of an old version': '\x15\x03\x01\x00\x02\x02\x28',
    'a handshake': '\x16\x03\x03\x00\x04\x0e\0\0\0',
  };
  const WAY = /\. This port speaks TLS: use https:\/\/ in the URL, or the option tls/;

  function assertNamed(error: unknown): true {
    assert.ok(error instanceof InvalidResponse, String(error));
    assert.match(error.message, WAY);
    assert.equal(isTempNetworkError(error), false);
    return true;
  }

  function answering(record: string): Script {
    return [expectAnything(), send(record, { peerMayLeave: true }), gate('never')];
  }

  for (const [name, record] of Object.entries(RECORDS)) {
    test(`${name}, as a whole, its first byte, and before any request`, async () => {
      const scripts = [answering(record), answering(record.slice(0, 1)), answering(record).slice(1)];
      for (const script of scripts) {
        using server = serve(script, waysOfWaiting.length);
        for (const error of await errorsOf(server, {})) assertNamed(error);
      }
    });
  }

  test('but not where a record of TLS begins otherwise', async () => {
    using server = serve(answering('\x16\x04\x03'), waysOfWaiting.length);
    for (const error of await errorsOf(server, {})) assert.doesNotMatch(String(error), /TLS/);
  });

  const alert = answering(RECORDS['the alert unexpected_message'] as string);

  test('to fetchSync, createFetch and the command, which do not try again', async () => {
    using server = serve(alert, 3);
    const url = `http://${server.authority}/`;
    assertNamed(thrownBy(() => fetchSync(url)));
    await assert.rejects(createFetch()(url), ({ cause }: Error) => assertNamed(cause));
    assert.match(await commandSays(url), WAY);
    assert.equal(server.connections(), 3);
  });

  test('of a proxy, in whose URL https:// is missing', () => {
    using proxy = serve(alert, 2);
    using tunnelling = new HTTPConnection('origin.example', { tls: true, proxy: `http://${proxy.authority}` });
    const refused = ask(tunnelling);
    assert.ok(refused instanceof ProxyError, String(refused));
    assertNamed(refused.cause);
    using forwarding = new HTTPConnection('origin.example', { proxy: `http://${proxy.authority}` });
    const error = ask(forwarding);
    assertNamed(error);
    for (const { message } of [refused, error as Error])
      assert.match(message, /if it is a proxy, https:\/\/ in its URL/);
  });
});

describe('a port that closes when it gets plain HTTP may speak TLS: the error names the way out', () => {
  const WAY = /\. If this port speaks TLS, use https:\/\//;
  const closing: Script = [expectHead(), close()];

  function assertNamed(error: unknown): true {
    assert.ok(error instanceof ConnectionClosed, String(error));
    assert.match(error.message, WAY);
    assert.equal(error.stack?.includes(error.message), true);
    return true;
  }

  test('to a small request and a large one, in each way of waiting', { skip: opensslMissing() }, async () => {
    using server = startTLSServer(makeCertificate());
    for (const { run } of waysOfWaiting) {
      for (const body of [undefined, Buffer.alloc(4_000_000)]) {
        using connection = new HTTPConnection('127.0.0.1', { port: server.port, timeout: timeLimit(20_000) });
        const sending = run(connection.coSendRequest('PUT', '/', { body })).then(() =>
          run(connection.coReadResponse()),
        );
        await assert.rejects(sending, assertNamed);
      }
    }
  });

  test('to fetchSync, createFetch and the command', async () => {
    using once = serve(closing, 2);
    assertNamed(thrownBy(() => fetchSync(`http://${once.authority}/`)));
    await assert.rejects(createFetch()(`http://${once.authority}/`), ({ cause }: Error) => assertNamed(cause));
    // The command tries again.
    using often = serve(closing, 5);
    assert.match(await commandSays(`http://${often.authority}/`), WAY);
    assert.equal(often.connections(), 5);
  });

  test('of a proxy, which is asked for a tunnel or not', () => {
    for (const tls of [undefined, true] as const) {
      using proxy = serve(closing);
      using connection = new HTTPConnection('origin.example', { tls, proxy: `http://${proxy.authority}` });
      assertNamed(ask(connection));
    }
  });

  test('but not where there was an answer before, nor after disconnect()', () => {
    using server = startScriptedServer([[expectHead(), send(response('200 OK', [], '')), gate('never')], closing]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    assert.equal(connection.readResponse().status, 200);
    connection.disconnect();
    assert.doesNotMatch(String(ask(connection)), /TLS/);
    using silent = serve([expectHead(), gate('never')]);
    using given = connectionTo(silent);
    given.sendRequest('GET', '/');
    given.disconnect();
    assert.doesNotMatch(String(thrownBy(() => given.readResponse())), /TLS/);
  });

  test('nor over TLS', { skip: opensslMissing() }, () => {
    const trust = new TestTrust();
    using server = trust.serve([[expectHead(), close()]]);
    using connection = trust.connectTo(server);
    const error = ask(connection);
    assert.ok(error instanceof ConnectionClosed, String(error));
    assert.doesNotMatch(error.message, /speaks TLS/);
  });
});
