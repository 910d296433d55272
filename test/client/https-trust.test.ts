/** The servers that HTTPConnection accepts over TLS: what the option `tls` means, what a refusal leaves, sessions, many at once. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  AioFuture,
  type Coroutine,
  HTTPConnection,
  type HTTPConnectionOptions,
  TLSContext,
  type TLSError,
} from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust, VERSIONS } from '../support/https.ts';
import { ok, response } from '../support/messages.ts';
import {
  close,
  expectAnything,
  expectBytes,
  expectEnd,
  expectHead,
  mark,
  reset,
  type Script,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { startTLSServer } from '../support/tls-server.ts';
import { connectionTo, suspendForGood, thrownBy } from '../support/waiting.ts';

describe('HTTPS', { skip: opensslMissing() }, () => {
  const trust = new TestTrust();
  const { ca, context } = trust;
  const once: Script = [expectHead(), send(ok('body')), expectEnd()];
  const lookup = (): string[] => ['127.0.0.1'];

  function get(connection: HTTPConnection): string {
    connection.sendRequest('GET', '/');
    connection.readResponse();
    return connection.readText();
  }

  describe('is spoken', () => {
    const forms: Record<string, HTTPConnectionOptions['tls']> = {
      'with options': { ca },
      'with a context': context,
      'with the verification switched off, explicitly': { rejectUnauthorized: false },
    };
    for (const [name, tls] of Object.entries(forms)) {
      test(`${name}, again after disconnect()`, () => {
        using server = trust.serve([once, once]);
        using connection = trust.connectTo(server, { tls });
        assert.equal(get(connection), 'body');
        connection.disconnect();
        assert.equal(get(connection), 'body');
        connection.disconnect();
        server.origin.check();
      });
    }

    for (const tls of [undefined, false] as const) {
      test(`not, with tls: ${tls}, and default port 80`, () => {
        assert.equal(new HTTPConnection('localhost', { tls }).port, 80);
        using server = startScriptedServer([once]);
        using connection = connectionTo(server, { tls });
        assert.equal(get(connection), 'body');
        assert.deepEqual(
          [connection.getPeerCertificate(), connection.getCipher(), connection.getProtocol()],
          [null, null, null],
        );
      });
    }

    test('to port 443 by default', () => {
      for (const tls of [true, {}, context]) assert.equal(new HTTPConnection('localhost', { tls }).port, 443);
    });

    test('not by chance: what is neither false nor left out must be TLS options', () => {
      for (const tls of [null, 0, '', 1, 'yes']) {
        const options = { tls } as unknown as HTTPConnectionOptions;
        assert.throws(() => new HTTPConnection('localhost', options), { name: 'TypeError', message: /tls must be/ });
      }
      const misspelt = { tls: { rejectUnauthorised: false } } as HTTPConnectionOptions;
      assert.throws(() => new HTTPConnection('localhost', misspelt), {
        name: 'TypeError',
        message: /rejectUnauthorised/,
      });
    });

    test('over a Unix socket or any address with the host name of the connection', () => {
      using server = trust.serve([once]);
      using connection = new HTTPConnection('origin.example', { port: server.front.port, tls: context, lookup });
      assert.equal(get(connection), 'body');
      connection.disconnect();
      assert.match(server.origin.heads()[0] ?? '', /Host: origin\.example:/);
    });
  });

  test('tells certificate, cipher and protocol while there is a connection [python-dugong: ssl_info]', () => {
    using server = trust.serve([once]);
    using connection = trust.connectTo(server);
    const known = () => [connection.getPeerCertificate(), connection.getCipher(), connection.getProtocol()];
    assert.deepEqual(known(), [null, null, null]);
    connection.connect();
    const certificate = new X509Certificate(trust.certificate.cert);
    assert.equal(connection.getPeerCertificate()?.fingerprint256, certificate.fingerprint256);
    assert.equal(connection.getPeerCertificate()?.subject.CN, 'server');
    assert.match(connection.getCipher()?.name ?? '', /^TLS_AES_/);
    assert.equal(connection.getProtocol(), 'TLSv1.3');
    get(connection);
    assert.equal(connection.getPeerCertificate()?.fingerprint256, certificate.fingerprint256);
  });

  test('tells nothing of a connection that has ended, asked before or not', () => {
    using server = trust.serve([once, once]);
    for (const ask of [true, false]) {
      using connection = trust.connectTo(server);
      connection.connect();
      if (ask) assert.ok(connection.getPeerCertificate());
      get(connection);
      connection.disconnect();
      assert.deepEqual([connection.getPeerCertificate(), connection.getCipher()], [null, null]);
    }
  });

  describe('is refused', () => {
    const refusals: [name: string, hostname: string, options: HTTPConnectionOptions, code: string][] = [
      [
        'to another host than the certificate is for',
        'other.example',
        { tls: context },
        'ERR_TLS_CERT_ALTNAME_INVALID',
      ],
      [
        'to an authority that is not known [python-dugong: invalid_ssl]',
        'localhost',
        { tls: true },
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      ],
      [
        'with rejectUnauthorized: undefined',
        'localhost',
        { tls: { rejectUnauthorized: undefined } },
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      ],
      [
        'with rejectUnauthorized: null',
        'localhost',
        { tls: { rejectUnauthorized: null } },
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      ],
      ['with no authority at all', 'localhost', { tls: { ca: [] } }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ];
    for (const [name, hostname, options, code] of refusals) {
      test(`${name}: ${code}, each time, and no request is sent`, async () => {
        using server = trust.serve([]);
        const before = native.counts();
        using connection = new HTTPConnection(hostname, { port: server.front.port, lookup, ...options });
        const expected = { name: 'TLSError', code };
        assert.throws(() => connection.sendRequest('GET', '/'), expected);
        assert.throws(() => connection.connect(), expected);
        await assert.rejects(connection.promises.sendRequest('POST', '/', { body: 'x' }), expected);
        const error = thrownBy(() => connection.connect()) as TLSError;
        assert.equal(error.hostname, hostname);
        assert.equal(error.certificate?.subject.CN, 'server');
        connection.disconnect();
        assert.deepEqual(native.counts(), before);
        assert.equal(server.origin.connections(), 0);
      });
    }
  });

  test('ends if HTTP/2 was offered by the user, and chosen [RFC 9113 3.3]', async () => {
    const { cert, key } = trust.certificate;
    using server = startTLSServer({ cert, key, ALPNProtocols: ['h2', 'http/1.1'] });
    const before = native.counts();
    const tls = { ca, ALPNProtocols: ['h2', 'http/1.1'] };
    const connection = new HTTPConnection('localhost', { port: server.port, lookup, tls });
    const expected = { name: 'UnsupportedResponse', message: /HTTP\/2 by ALPN.*ALPNProtocols/ };
    assert.throws(() => connection.sendRequest('GET', '/'), expected);
    await assert.rejects(connection.promises.connect(), expected);
    assert.deepEqual(native.counts(), before);
    using right = new HTTPConnection('localhost', { port: server.port, lookup, tls: { ca } });
    assert.equal(get(right), 'ok');
  });

  describe('with a server that does not speak it', () => {
    const notTLS: [name: string, steps: Script, expected: object][] = [
      [
        'answers in clear',
        [send(response('400 Bad Request', ['Connection: close'], 'TLS?')), close()],
        { name: 'TLSError', code: 'ERR_SSL_WRONG_VERSION_NUMBER' },
      ],
      ['sends an alert', [send('\x15\x03\x01\x00\x02\x02\x28')], { name: 'TLSError', code: /HANDSHAKE_FAILURE/ }],
      ['closes', [close()], { name: 'ConnectionClosed', phase: 'handshake' }],
      ['resets', [reset()], { name: 'ConnectionClosed', phase: 'handshake' }],
    ];
    for (const [name, steps, expected] of notTLS) {
      test(`which ${name}: an error, and nothing of the request in clear [pitfalls: TLS 23]`, () => {
        using server = startScriptedServer([[expectBytes(1), expectAnything(), ...steps, expectEnd()]]);
        const before = native.counts();
        using connection = connectionTo(server, { tls: true });
        const headers = { Cookie: 's3cret' };
        assert.throws(() => connection.sendRequest('GET', '/secret-path', { headers }), expected);
        assert.deepEqual(native.counts(), before);
        assert.doesNotMatch(server.received().toString('latin1'), /GET|s3cret|secret-path/);
      });
    }

    test('ends at disconnect() under the handshake; the next request connects anew', () => {
      const silent = [expectBytes(1), expectAnything(), mark('hello')];
      using server = startScriptedServer([silent, [...silent, close()]]);
      const before = native.counts();
      using connection = connectionTo(server, { tls: true });
      const sending = connection.coSendRequest('GET', '/');
      suspendForGood(sending);
      server.waitFor('hello');
      connection.disconnect();
      assert.deepEqual(native.counts(), before);
      assert.throws(() => sending.next(), { name: 'ConnectionClosed', phase: 'handshake' });
      assert.throws(() => connection.sendRequest('GET', '/'), { name: 'ConnectionClosed', phase: 'handshake' });
      assert.equal(server.connections(), 2);
      assert.deepEqual(native.counts(), before);
    });
  });

  for (const version of VERSIONS) {
    test(`${version}: a session is resumed by connections that share a context, and by no other`, () => {
      using server = trust.serve([once, once, once, once], { minVersion: version, maxVersion: version });
      const own = new TLSContext({ ca });
      const connections = [own, own, own, { ca }].map((tls) => trust.connectTo(server, { tls }));
      for (const connection of connections) {
        assert.equal(get(connection), 'body');
        assert.equal(connection.getPeerCertificate()?.subject.CN, 'server');
        connection.disconnect();
      }
      assert.deepEqual(
        server.front.handshakes().map(({ resumed }) => resumed),
        [false, true, true, false],
      );
    });
  }

  for (const version of VERSIONS) {
    test(`${version}: a session can be handed on to a context that trusts its server`, () => {
      using server = trust.serve([once, once], { minVersion: version, maxVersion: version });
      const first = trust.connectTo(server, { tls: { ca } });
      assert.equal(first.getSession(), null);
      assert.equal(get(first), 'body');
      const session = first.getSession();
      first.disconnect();
      assert.equal(first.getSession(), null);
      assert.ok(session);
      using second = trust.connectTo(server, { tls: { ca, session: Buffer.from(session) } });
      assert.equal(get(second), 'body');
      assert.deepEqual(
        server.front.handshakes().map(({ resumed }) => resumed),
        [false, true],
      );
      using stranger = new HTTPConnection('other.example', { port: server.front.port, lookup, tls: { ca, session } });
      assert.throws(() => stranger.connect(), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    });
  }

  test('of 200 connections at once takes one thread', async () => {
    const count = 200;
    using server = trust.serve(Array.from({ length: count }, () => once));
    const before = native.counts();
    function* coGet(path: string): Coroutine<string> {
      using connection = trust.connectTo(server);
      yield* connection.coSendRequest('GET', path);
      yield* connection.coReadResponse();
      return yield* connection.coReadText();
    }
    const texts = await Promise.all(Array.from({ length: count }, (_, index) => new AioFuture(coGet(`/${index}`))));
    assert.deepEqual(new Set(texts), new Set(['body']));
    assert.deepEqual(native.counts(), before);
    server.origin.check();
  });
});
