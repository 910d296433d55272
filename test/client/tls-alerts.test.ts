/**
 * A server that refuses us after our side of the handshake is done, as TLS 1.3 has it where a certificate of the client is wanted
 * (RFC 8446 4.4.2.4): a TLSError, whatever is being done, and nothing that passes by trying again.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { coPipeline, createFetch, HTTPConnection, isTempNetworkError, TLSError } from '../../src/index.ts';
import { closeIdleConnections, fetchSync } from '../../src/sync/index.ts';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { end, expectAnything, expectBytes, send, startScriptedServer } from '../support/scripted-server.ts';
import { scriptServerMissing, startTLSScriptServer } from '../support/tls-script-server.ts';
import { startTLSServer, type TLSServer } from '../support/tls-server.ts';
import { connectionTo, thrownBy, waysOfWaiting } from '../support/waiting.ts';

const REQUIRED = 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';

function assertRefused(error: unknown, peer: 'server' | 'proxy' = 'server'): void {
  assert.ok(error instanceof TLSError, String(error));
  assert.deepEqual([error.code, error.peer], [REQUIRED, peer]);
  assert.match(error.message, /TLS options cert and key/);
  assert.equal(isTempNetworkError(error), false);
}

describe('an alert after the handshake', { skip: opensslMissing() }, () => {
  const trust = new TestTrust();

  function demanding(): TLSServer {
    const { cert, key } = trust.certificate;
    return startTLSServer({
      cert,
      key,
      ca: trust.ca,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
    });
  }

  function connectTo({ port }: TLSServer): HTTPConnection {
    return connectionTo({ hostname: '127.0.0.1', port }, { tls: trust.context });
  }

  for (const { name, run } of waysOfWaiting) {
    test(`is a TLSError for a reader, and for each that comes later (${name}) [RFC 8446 6.2]`, async () => {
      using server = demanding();
      using connection = connectTo(server);
      await run(connection.coConnect());
      await server.seenAtLeast(1);
      for (let round = 0; round < 2; round++) {
        const asking = async (): Promise<unknown> => {
          await run(connection.coSendRequest('GET', '/'));
          return run(connection.coReadResponse());
        };
        assertRefused(await asking().catch((error: unknown) => error));
      }
    });

    test(`is a TLSError for a sender, although it finds the connection closed first (${name})`, async () => {
      using server = demanding();
      using connection = connectTo(server);
      const sending = async (): Promise<unknown> => {
        await run(connection.coSendRequest('PUT', '/', { body: Buffer.alloc(8 << 20) }));
        return run(connection.coReadResponse());
      };
      assertRefused(await sending().catch((error: unknown) => error));
    });
  }

  test('before the first request of a pipeline is the error of that request, which is not sent again', async () => {
    for (const { run } of waysOfWaiting) {
      using server = demanding();
      using connection = connectTo(server);
      await run(connection.coConnect());
      await server.seenAtLeast(1);
      const [result] = await run(coPipeline(connection, ['/']));
      assertRefused(result?.error);
      assert.equal(result?.losses, 0);
    }
  });

  test('is the cause of what fetch throws, and no reason to ask again', async () => {
    using server = demanding();
    const url = `https://127.0.0.1:${server.port}/`;
    assertRefused(thrownBy(() => fetchSync(url, { tls: trust.context })));
    const error = await createFetch({ tls: trust.context })(url).catch((reason: unknown) => reason);
    assertRefused((error as Error).cause);
    assert.equal((await server.seenAtLeast(2)).length, 2);
  });

  test('of a proxy says that it is one', async () => {
    using proxy = demanding();
    using connection = new HTTPConnection('origin.example', {
      tls: trust.context,
      proxy: { hostname: '127.0.0.1', port: proxy.port, tls: trust.context },
    });
    assertRefused(await connection.promises.connect().catch((error: unknown) => error), 'proxy');
  });

  const ABOUT_OUR_CERTIFICATE: readonly [description: number, code: RegExp][] = [
    [42, /_ALERT_BAD_CERTIFICATE$/],
    [44, /_ALERT_CERTIFICATE_REVOKED$/],
    [45, /_ALERT_CERTIFICATE_EXPIRED$/],
    [46, /_ALERT_CERTIFICATE_UNKNOWN$/],
    [48, /_ALERT_UNKNOWN_CA$/],
    [49, /_ALERT_ACCESS_DENIED$/],
  ];

  for (const [description, code] of ABOUT_OUR_CERTIFICATE) {
    test(`${description} says that a certificate of ours is refused [RFC 8446 6.2]`, async () => {
      const alert = Buffer.from([0x15, 3, 3, 0, 2, 2, description]);
      using server = startScriptedServer(
        waysOfWaiting.map(() => [expectBytes(1), expectAnything(), send(alert), end()]),
      );
      for (const { run } of waysOfWaiting) {
        using connection = connectionTo(server, { tls: trust.context });
        const error = await run(connection.coConnect()).catch((reason: unknown) => reason);
        assert.ok(error instanceof TLSError, String(error));
        assert.match(error.code, code);
        assert.match(error.message, /TLS options cert and key/);
        assert.equal(isTempNetworkError(error), false);
      }
    });
  }

  test('that is only a warning, user_canceled, is no failure [RFC 8446 6.1]', async () => {
    using server = startTLSServer({ cert: trust.certificate.cert, key: trust.certificate.key, maxVersion: 'TLSv1.2' });
    const front = createServer((socket) => {
      // Both sides may leave while something is on its way to them.
      const behind = connect(server.port, '127.0.0.1').on('error', () => socket.destroy());
      socket.on('error', () => behind.destroy());
      socket.write(Buffer.from([0x15, 3, 3, 0, 2, 1, 90]));
      socket.pipe(behind).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(front, 'listening');
    try {
      const { port } = front.address() as AddressInfo;
      using connection = connectionTo({ hostname: '127.0.0.1', port }, { tls: trust.context });
      await connection.promises.connect();
      assert.equal(connection.getProtocol(), 'TLSv1.2');
    } finally {
      front.close();
    }
  });
});

describe('an alert on an idle connection', { skip: opensslMissing() || scriptServerMissing() }, () => {
  const trust = new TestTrust();
  const ANSWER = 'text=HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

  for (const version of ['1.2', '1.3'] as const) {
    test(`is a TLSError for the next request, of which nothing is sent (TLS ${version})`, async () => {
      await using server = await startTLSScriptServer(trust.certificate, version, [
        'request',
        ANSWER,
        'alert',
        'stall',
      ]);
      using connection = connectionTo(server, { tls: trust.context });
      await connection.promises.sendRequest('GET', '/');
      await connection.promises.readResponse();
      assert.equal(await connection.promises.readText(), 'ok');
      await server.daemon.wrote(/done: alert/);
      const error = thrownBy(() => connection.sendRequest('POST', '/'));
      assert.ok(error instanceof TLSError, String(error));
      assert.match(error.code, /_ALERT_BAD_RECORD_MAC$/);
      assert.ok(connection.pendingRequests().every(({ mayHaveBeenProcessed }) => !mayHaveBeenProcessed));
    });

    test(`makes createFetch and fetchSync ask on another one (TLS ${version})`, async () => {
      await using server = await startTLSScriptServer(trust.certificate, version, [
        'request',
        ANSWER,
        'alert',
        'stall',
      ]);
      const url = `https://127.0.0.1:${server.port}/`;
      const fetch = createFetch({ tls: trust.context });
      let alerts = 0;
      const asks = [
        async () => (await fetch(url, { method: 'POST', body: 'x' })).text(),
        async () => fetchSync(url, { method: 'POST', body: 'x', tls: trust.context }).text(),
      ];
      for (const ask of asks) {
        for (let round = 0; round < 2; round++) {
          assert.equal(await ask(), 'ok');
          alerts++;
          await server.daemon.wrote(new RegExp(`(?:done: alert[^]*){${alerts}}`));
        }
      }
      fetch.closeIdleConnections();
      closeIdleConnections();
    });
  }
});
