/**
 * Servers that ask for another handshake on a connection, as TLS 1.2 lets them, to have a certificate of the client for a part of
 * what they serve, or new keys (RFC 5246 7.4.1.1, RFC 5746).
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  HTTPConnection as Connection,
  type Coroutine,
  coAll,
  coWithTimeout,
  type HTTPConnection,
  type HTTPConnectionOptions,
  TLSContext,
} from '../../src/index.ts';
import { makeCertificate, opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { scriptServerMissing, startTLSScriptServer, type TLSScriptServer } from '../support/tls-script-server.ts';
import { connectionTo, waysOfWaiting } from '../support/waiting.ts';

const HEAD = 'text=HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345';
const REST = 'text=67890';
const UPLOAD = MORE_THAN_FITS;

describe('a renegotiation', { skip: opensslMissing() || scriptServerMissing() }, () => {
  const trust = new TestTrust();

  function serve(steps: readonly string[]): Promise<TLSScriptServer> {
    return startTLSScriptServer(trust.certificate, '1.2', steps);
  }

  function connect(server: TLSScriptServer, options: HTTPConnectionOptions = {}): HTTPConnection {
    return connectionTo(server, { tls: trust.context, ...options });
  }

  function* coGet(connection: HTTPConnection): Coroutine<string> {
    yield* connection.coSendRequest('GET', '/');
    yield* connection.coReadResponse();
    return yield* connection.coReadText();
  }

  function* coPut(connection: HTTPConnection): Coroutine<void> {
    yield* connection.coSendRequest('PUT', '/', { body: Buffer.alloc(UPLOAD) });
  }

  function* coAnswer(connection: HTTPConnection): Coroutine<string> {
    yield* connection.coReadResponse();
    return yield* connection.coReadText();
  }

  for (const { name, run } of waysOfWaiting) {
    test(`before a head, in a body, and on an idle connection goes by unseen (${name}) [RFC 5746 3.5]`, async () => {
      const turn = ['request', 'renegotiate=1', HEAD, 'renegotiate=2', REST];
      await using server = await serve([...turn, 'hello-request=1', ...turn]);
      using connection = connect(server);
      for (let round = 0; round < 2; round++) assert.equal(await run(coGet(connection)), '1234567890');
    });

    test(`asked for at once, and while a body is sent, lets it arrive (${name})`, async () => {
      const during = ['take=100000', 'renegotiate=1', 'take=1000000', 'hello-request=1', `take=${UPLOAD}`];
      await using server = await serve(['hello-request=1', 'request', 'renegotiate=1', ...during, HEAD, REST]);
      using connection = connect(server);
      await run(coPut(connection));
      assert.equal(await run(coAnswer(connection)), '1234567890');
    });

    test(`lets a sender and a reader go on at the same time (${name})`, async () => {
      const during = ['take=100000', 'renegotiate=1', 'take=1000000', 'renegotiate=3', `take=${UPLOAD}`];
      await using server = await serve([
        'request',
        'renegotiate=1',
        ...during,
        'renegotiate=1',
        HEAD,
        'renegotiate=1',
        REST,
      ]);
      using connection = connect(server);
      const [, text] = await run(coAll([coPut(connection), coAnswer(connection)]));
      assert.equal(text, '1234567890');
    });

    test(`may be had 32 times, and no more (${name})`, async () => {
      await using patient = await serve(['request', 'renegotiate=31', HEAD, 'renegotiate=1', REST]);
      using connection = connect(patient);
      assert.equal(await run(coGet(connection)), '1234567890');
      await using endless = await serve(['request', HEAD, 'renegotiate=0']);
      using other = connect(endless);
      const error = { name: 'TLSError', code: 'ERR_TLS_TOO_MANY_RENEGOTIATIONS', peer: 'server', message: /32 times/ };
      await assert.rejects(async () => run(coGet(other)), error);
    });

    test(`that stops half-way leaves a time limit in force, for a reader and a sender (${name})`, async () => {
      await using server = await serve(['request', 'hello-request=1', 'stall']);
      for (const coRun of [coGet, coPut]) {
        using connection = connect(server);
        const limited = coWithTimeout<unknown>(coRun(connection), 300);
        await assert.rejects(async () => run(limited), { name: 'ConnectionTimedOut' });
      }
    });
  }

  /** Requests for handshakes at places and in numbers that a seed says, with what `during` has between them. */
  function requests(seed: number, during: (index: number, chance: (below: number) => number) => string): string[] {
    let state = seed;
    const chance = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 16) % below;
    };
    return Array.from({ length: 5 }, (_, index) => {
      const step = chance(4) === 0 ? 'renegotiate' : 'hello-request';
      return [during(index, chance), `${step}=${1 + chance(3)}`];
    }).flat();
  }

  for (const { name, run } of waysOfWaiting) {
    test(`is never begun in the middle of a record, however often it is asked for (${name})`, async () => {
      for (let seed = 1; seed <= 2; seed++) {
        const during = requests(seed, (index, chance) => `take=${20_000 * index + chance(20_000)}`);
        await using server = await serve(['request', ...during, `take=${UPLOAD}`, HEAD, REST, 'close']);
        using connection = connect(server);
        await run(coPut(connection));
        assert.equal(await run(coAnswer(connection)), '1234567890', `seed ${seed}`);
      }
    });

    test(`may be asked for anywhere in a long body (${name})`, async () => {
      const piece = 'x'.repeat(100_000);
      const head = `text=HTTP/1.1 200 OK\r\nContent-Length: ${5 * piece.length}\r\n\r\n`;
      for (let seed = 1; seed <= 2; seed++) {
        const during = requests(seed, () => `text=${piece}`);
        await using server = await serve(['request', head, ...during, 'close']);
        using connection = connect(server);
        assert.equal((await run(coGet(connection))).length, 5 * piece.length, `seed ${seed}`);
      }
    });
  }

  test('that stops half-way is inactivity to a blocked sender', async () => {
    await using server = await serve(['request', 'hello-request=1', 'stall']);
    using connection = connect(server, { timeout: 300 });
    const body = Buffer.alloc(UPLOAD);
    assert.throws(() => connection.sendRequest('PUT', '/', { body }), { name: 'ConnectionTimedOut' });
  });

  test('asked for without end, and without waiting, is the end', async () => {
    await using server = await serve(['request', 'hello-request=0']);
    using connection = connect(server);
    await assert.rejects(connection.promises.readResponse.bind(connection.promises), { name: 'StateError' });
    await connection.promises.sendRequest('GET', '/');
    await assert.rejects(connection.promises.readResponse(), { name: 'TLSError' });
  });

  test('shows the server the certificate that it wants by then', async () => {
    const client = makeCertificate({ subject: '/CN=client', issuer: trust.authority });
    const tls = new TLSContext({ ca: trust.ca, cert: client.cert, key: client.key });
    await using server = await serve(['request', HEAD, `verify=${trust.authority.certFile}`, 'renegotiate=1', REST]);
    using connection = connect(server, { tls });
    await connection.promises.sendRequest('GET', '/');
    await connection.promises.readResponse();
    assert.equal(await connection.promises.readText(), '1234567890');
  });

  test('in which a certificate is wanted that we do not have is a TLSError [RFC 5246 7.4.6]', async () => {
    await using server = await serve(['request', HEAD, `verify=${trust.authority.certFile}`, 'renegotiate=1', REST]);
    using connection = connect(server);
    await connection.promises.sendRequest('GET', '/');
    await connection.promises.readResponse();
    await assert.rejects(connection.promises.readText(), { name: 'TLSError', code: /HANDSHAKE_FAILURE/ });
  });

  for (const rejectUnauthorized of [true, false]) {
    test(`with another certificate is refused (rejectUnauthorized: ${rejectUnauthorized})`, async () => {
      const other = makeCertificate({ subject: '/CN=other', san: 'IP:127.0.0.1', issuer: trust.authority });
      const change = [`certificate=${other.certFile}`, `key=${other.keyFile}`, 'renegotiate=1'];
      await using server = await serve(['request', HEAD, ...change, REST]);
      using connection = connect(server, { tls: { ca: trust.ca, rejectUnauthorized } });
      await connection.promises.sendRequest('GET', '/');
      await connection.promises.readResponse();
      const error = { name: 'TLSError', code: 'ERR_TLS_CERTIFICATE_CHANGED', peer: 'server' };
      await assert.rejects(connection.promises.readText(), error);
    });
  }

  test('of a proxy goes by unseen before CONNECT, and below the handshake with the server', async () => {
    const connected = 'text=HTTP/1.1 200 OK\r\n\r\n';
    await using proxy = await serve([
      'hello-request=1',
      'request',
      connected,
      'hello-request=1',
      'take=200',
      'text=no TLS here',
    ]);
    using connection = new Connection('origin.example', {
      tls: trust.context,
      proxy: { hostname: '127.0.0.1', port: proxy.port, tls: trust.context },
    });
    const error = { name: 'TLSError', code: 'ERR_SSL_WRONG_VERSION_NUMBER', peer: 'server' };
    await assert.rejects(connection.promises.connect(), error);
  });
});
