/**
 * A server that refuses us after our side of the handshake is done, as TLS 1.3 has it where a certificate of the client is wanted
 * (RFC 8446 4.4.2.4): a TLSError, whatever is being done, and nothing that passes by trying again.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFetch, HTTPConnection, isTempNetworkError, TLSError } from '../../src/index.ts';
import { fetchSync } from '../../src/sync/index.ts';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
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
});
