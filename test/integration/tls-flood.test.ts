/**
 * Servers that send TLS records with no content, without end: they hold no thread, outlast no time limit, and are given up in the
 * end. Those that rekey within reason are served.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { coWithTimeout, type HTTPConnection, runBlocking } from '../../src/index.ts';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { isLong } from '../support/long-form.ts';
import { scriptServerMissing, startTLSScriptServer, type TLSScriptServer } from '../support/tls-script-server.ts';
import { connectionTo, waysOfWaiting } from '../support/waiting.ts';

const GIVEN_UP = {
  name: 'TLSError',
  code: 'ERR_TLS_TOO_MUCH_WITHOUT_CONTENT',
  peer: 'server',
  message: /262144 bytes/,
};
const FLOODS = ['key-update=0', 'key-update-both=0', 'ticket=0'] as const;

describe('records without content', { skip: opensslMissing() || scriptServerMissing() }, () => {
  const trust = new TestTrust();

  function serve(steps: readonly string[]): Promise<TLSScriptServer> {
    return startTLSScriptServer(trust.certificate, '1.3', ['request', ...steps]);
  }

  function connect(server: TLSScriptServer): HTTPConnection {
    return connectionTo(server, { tls: trust.context });
  }

  for (const [number, flood] of FLOODS.entries()) {
    for (const [way, { name, run }] of waysOfWaiting.entries()) {
      // In the short form, each flood and each way is there.
      if (!isLong && way % FLOODS.length !== number) continue;
      test(`without end (${flood}) are given up before a head, and in a body (${name}) [RFC 8446 4.6]`, async () => {
        for (const before of [[], ['text=HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n12345']]) {
          await using server = await serve([...before, flood]);
          using connection = connect(server);
          const fetching = async (): Promise<unknown> => {
            await run(connection.coSendRequest('GET', '/'));
            await run(connection.coReadResponse());
            return run(connection.coReadAll());
          };
          await assert.rejects(fetching, GIVEN_UP);
        }
      });
    }

    test(`without end (${flood}) let a time limit, a signal and the event loop have their turn`, async () => {
      await using server = await serve([flood]);
      const timedOut = { name: 'ConnectionTimedOut', timeout: 5 };
      const controller = new AbortController();
      const enough = new Error('enough');
      // Each on a connection of its own, on which it is not yet the time to give the server up.
      const waits: ((connection: HTTPConnection) => Promise<void>)[] = [
        (connection) => assert.rejects(connection.promises.readResponse({ timeout: 5 }), timedOut),
        async (connection) => {
          assert.throws(() => runBlocking(coWithTimeout(connection.coReadResponse(), 5)), timedOut);
        },
        (connection) => {
          setImmediate(() => setImmediate(() => controller.abort(enough)));
          return assert.rejects(connection.promises.readResponse({ signal: controller.signal }), enough);
        },
      ];
      for (const wait of waits) {
        using connection = connect(server);
        await connection.promises.sendRequest('GET', '/');
        await wait(connection);
      }
    });
  }

  for (const { name, run } of waysOfWaiting) {
    test(`are taken by thousands, as long as content comes between them (${name})`, async () => {
      const part = ['key-update=2000', 'key-update-both=1', 'ticket=100', 'text=x'];
      const head = 'text=HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';
      await using server = await serve([head, ...part, ...part, ...part, ...part, ...part]);
      using connection = connect(server);
      await run(connection.coSendRequest('GET', '/'));
      await run(connection.coReadResponse());
      assert.equal(await run(connection.coReadText()), 'xxxxx');
    });
  }
});
