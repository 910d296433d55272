/**
 * How a connection over TLS can end, and what that says about the message before it (RFC 9112 8, 9.5, 9.8): close_notify ends
 * it, a FIN or a reset alone ends nothing that its own length does not.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HTTPConnection } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust, VERSIONS } from '../support/https.ts';
import { chunkedResponse, ok, response } from '../support/messages.ts';
import type { Ending } from '../support/proxy-server.ts';
import { end, expectEnd, expectHead, gate, mark, send } from '../support/scripted-server.ts';
import { connectionClosed, waysOfWaiting } from '../support/waiting.ts';

const endings: readonly Ending[] = ['close-notify', 'cut', 'reset'];
const body = 'hello, world';

/** `lastBytes` are what is held back for the message to be incomplete. */
const messages: readonly { name: string; bytes: string; lastBytes: number }[] = [
  { name: 'of announced length', bytes: ok(body), lastBytes: 1 },
  { name: 'in chunks', bytes: chunkedResponse([body]), lastBytes: 5 },
  { name: 'in chunks, with trailers', bytes: chunkedResponse([body], ['X: y']), lastBytes: 2 },
];

describe('the end of a connection over TLS', { skip: opensslMissing() }, () => {
  const trust = new TestTrust();

  for (const version of VERSIONS) {
    for (const ending of endings) {
      const versions = { minVersion: version, maxVersion: version, ending };

      for (const { name, run } of waysOfWaiting) {
        const complete = ending === 'close-notify';
        const verdict = complete ? 'completes it' : 'is ConnectionClosed';
        test(`${version}, ${ending}: a body up to the end, ${verdict} (${name}) [RFC 9112 9.8]`, async () => {
          using server = trust.serve([[expectHead(), send(response('200 OK', [], body)), end()]], versions);
          using connection = trust.connectTo(server);
          await run(connection.coSendRequest('GET', '/'));
          assert.equal((await run(connection.coReadResponse())).length, null);
          if (complete) {
            assert.equal(await run(connection.coReadText()), body);
            assert.equal((await run(connection.coRead())).length, 0);
          } else {
            const closed = connectionClosed({ phase: 'receive', lost: ['GET /'] });
            await assert.rejects(async () => run(connection.coReadAll()), closed);
            await assert.rejects(async () => run(connection.coReadAll()), closed);
          }
          await assert.rejects(async () => run(connection.coSendRequest('GET', '/')), { name: 'ConnectionClosed' });
        });
      }

      for (const { name, bytes, lastBytes } of messages) {
        test(`${version}, ${ending}: a body ${name} that is complete is not affected [RFC 9112 9.8]`, () => {
          using server = trust.serve([[expectHead(), send(bytes), end()]], versions);
          using connection = trust.connectTo(server);
          connection.sendRequest('GET', '/');
          connection.readResponse();
          assert.equal(connection.readText(), body);
          // What is waited for here is the end itself.
          assert.throws(() => sendUntilNoticed(connection), { name: 'ConnectionClosed' });
        });

        test(`${version}, ${ending}: a body ${name} that is cut short is ConnectionClosed [RFC 9112 8]`, () => {
          using server = trust.serve([[expectHead(), send(bytes.slice(0, -lastBytes)), end()]], versions);
          using connection = trust.connectTo(server);
          connection.sendRequest('GET', '/');
          connection.readResponse();
          assert.throws(() => connection.readAll(), connectionClosed({ phase: 'receive', lost: ['GET /'] }));
        });
      }

      test(`${version}, ${ending}: a head that is cut short, or does not come, is ConnectionClosed`, () => {
        for (const bytes of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n']) {
          using server = trust.serve([[expectHead(), send(bytes), end()]], versions);
          const before = native.counts();
          using connection = trust.connectTo(server);
          connection.sendRequest('GET', '/');
          assert.throws(() => connection.readResponse(), connectionClosed({ phase: 'receive', lost: ['GET /'] }));
          connection.disconnect();
          assert.deepEqual(native.counts(), before);
        }
      });
    }
  }

  /** The answer may be complete before the end of the connection has come: requests are lost then. */
  function sendUntilNoticed(connection: HTTPConnection): void {
    connection.sendRequest('GET', '/next');
    connection.readResponse();
  }
});

describe('an idle connection over TLS [RFC 9112 9.5]', { skip: opensslMissing() }, () => {
  const trust = new TestTrust();
  const real = ok('real');
  const poisoned = { name: 'ConnectionClosed', phase: 'idle' };

  for (const version of VERSIONS) {
    const versions = { minVersion: version, maxVersion: version };

    test(`${version}: a response without a request is not taken for the next one's`, () => {
      using server = trust.serve(
        [[expectHead(), send(real), gate('idle'), send(ok('POISON')), mark('sent'), expectEnd()]],
        versions,
      );
      using connection = trust.connectTo(server);
      connection.sendRequest('GET', '/1');
      connection.readResponse();
      assert.equal(connection.readText(), 'real');
      server.origin.open('idle');
      server.origin.waitFor('sent');
      server.front.settle();
      assert.throws(() => connection.sendRequest('GET', '/2'), connectionClosed({ phase: 'idle', lost: ['!GET /2'] }));
      assert.throws(() => connection.readResponse(), { name: 'ConnectionClosed' });
      connection.disconnect();
      server.origin.check();
    });

    test(`${version}: nor one that OpenSSL holds, with nothing left in the kernel`, () => {
      using server = trust.serve([[expectHead(), send(real + ok('POISON')), expectEnd()]], versions);
      // What is read of the one record that there is ends with the first response.
      using connection = trust.connectTo(server, { receiveBufferSize: real.length });
      connection.sendRequest('GET', '/1');
      connection.readResponse();
      assert.equal(connection.readText(), 'real');
      assert.throws(() => connection.sendRequest('GET', '/2'), poisoned);
      connection.disconnect();
      server.origin.check();
    });

    test(`${version}: a reader is not left waiting for what OpenSSL holds`, async () => {
      const two = [expectHead(), expectHead(), send(real + ok('second'))];
      using server = trust.serve([two], versions);
      using connection = trust.connectTo(server, { receiveBufferSize: real.length });
      for (const path of ['/1', '/2']) await connection.promises.sendRequest('GET', path);
      for (const text of ['real', 'second']) {
        await connection.promises.readResponse();
        assert.equal(await connection.promises.readText(), text);
      }
    });

    for (const ending of endings) {
      test(`${version}: ${ending} is noticed before a request goes out, which cannot have been processed then`, () => {
        using server = trust.serve([[expectHead(), send(real), gate('idle'), end(), mark('left')]], {
          ...versions,
          ending,
        });
        using connection = trust.connectTo(server);
        connection.sendRequest('GET', '/1');
        connection.readResponse();
        connection.discard();
        server.origin.open('idle');
        server.origin.waitFor('left');
        server.front.settle();
        assert.throws(
          () => connection.sendRequest('POST', '/2'),
          connectionClosed({ phase: 'idle', lost: ['!POST /2'] }),
        );
      });
    }

    test(`${version}: is not disturbed by what TLS itself has to say (tickets)`, () => {
      using server = trust.serve([[gate('first'), expectHead(), send(real), expectHead(), send(real)]], versions);
      using connection = trust.connectTo(server);
      connection.connect();
      server.origin.open('first');
      server.front.settle();
      for (const path of ['/1', '/2']) {
        connection.sendRequest('GET', path);
        connection.readResponse();
        assert.equal(connection.readText(), 'real');
      }
    });
  }
});
