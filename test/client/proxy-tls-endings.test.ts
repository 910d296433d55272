/** How connections through a proxy that speaks TLS end: which peer left, in which phase, and whether something is missing. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConnectionClosed, isTempNetworkError } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { opensslMissing } from '../support/certificates.ts';
import { dummyBytes } from '../support/dummy-bytes.ts';
import { response } from '../support/messages.ts';
import { type Ending, startTLSFront } from '../support/proxy-server.ts';
import {
  close,
  end,
  expectAnything,
  expectBytes,
  expectHead,
  reset,
  type Script,
  type Step,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { ProxyTrust } from '../support/tls-proxy.ts';
import { assertLike, ESTABLISHED } from '../support/tunnelled.ts';
import { thrownBy } from '../support/waiting.ts';

const ENDINGS: readonly Ending[] = ['close-notify', 'cut', 'reset'];

describe('a proxy that speaks TLS', { skip: opensslMissing() }, () => {
  const trust = new ProxyTrust();
  const { context } = trust;

  /** Plays `steps` behind the proxy's TLS; what connecting throws, which leaves nothing. */
  function departure(steps: Script, ending: Ending): unknown {
    using behind = startScriptedServer([steps]);
    using proxy = startTLSFront(behind, trust.ofProxy, { ending });
    const before = native.counts();
    const error = thrownBy(() => trust.through(proxy, { tls: context }).connect());
    assert.deepEqual(native.counts(), before);
    return error;
  }

  const phases: readonly [where: string, steps: Script, phase: string][] = [
    ['before it answers CONNECT', [expectHead()], 'tunnel'],
    ['within its answer', [expectHead(), send('HTTP/1.1 200 OK\r\nX: y\r\n')], 'tunnel'],
    [
      'during the handshake in the tunnel',
      [expectHead(), send(ESTABLISHED), expectBytes(1), expectAnything()],
      'handshake',
    ],
  ];
  for (const [where, steps, phase] of phases) {
    for (const ending of ENDINGS) {
      test(`may leave ${where} (${ending}): ConnectionClosed, phase ${phase}`, () => {
        const error = departure([...steps, close()], ending);
        assert.ok(error instanceof ConnectionClosed, String(error));
        assert.deepEqual([error.phase, error.lostRequests], [phase, []]);
        assert.ok(isTempNetworkError(error));
      });
    }
  }

  const departures: readonly [name: string, step: Step][] = [
    ['a FIN', end()],
    ['a close', close()],
    ['a reset', reset()],
  ];
  for (const [name, leave] of departures) {
    for (const tls of [undefined, context]) {
      test(`may leave by ${name} during its own handshake: phase proxy-handshake (${tls ? 'https' : 'http'})`, () => {
        using proxy = startScriptedServer([[expectBytes(1), expectAnything(), leave]]);
        const before = native.counts();
        const error = thrownBy(() => trust.through(proxy, { tls }).connect());
        assert.ok(error instanceof ConnectionClosed, String(error));
        assert.equal(error.phase, 'proxy-handshake');
        assert.match(
          error.message,
          /^https?:\/\/origin\.example: the proxy proxy\.test ended the connection during the TLS handshake$/,
        );
        assert.deepEqual(native.counts(), before);
      });
    }
  }

  test('may break its TLS at any time: TLSError, which names it', () => {
    for (const [, steps] of phases) {
      const error = departure([...steps, close()], 'garbage');
      assertLike(error, { name: 'TLSError', peer: 'proxy', hostname: 'proxy.test' });
      assert.match(String(error), /^TLSError: https:\/\/origin\.example: TLS with the proxy proxy\.test failed/);
    }
  });

  describe('and a body up to the end of the connection', () => {
    const body = dummyBytes(100_000);
    const page: Script = [expectHead(), send(response('200 OK', [], Buffer.from(body).toString('latin1'))), close()];

    test('is whole with the close_notify of the proxy, if that is all the TLS there is', () => {
      using behind = startScriptedServer([page]);
      using proxy = startTLSFront(behind, trust.ofProxy);
      using connection = trust.through(proxy);
      connection.sendRequest('GET', '/');
      connection.readResponse();
      assert.ok(connection.readAll().equals(body));
    });

    for (const ending of ['cut', 'reset'] as const) {
      test(`is cut short without it (${ending}) [RFC 9112 9.8]`, () => {
        using behind = startScriptedServer([page]);
        using proxy = startTLSFront(behind, trust.ofProxy, { ending });
        using connection = trust.through(proxy);
        const error = thrownBy(() => {
          connection.sendRequest('GET', '/');
          connection.readResponse();
          connection.readAll();
        });
        assert.ok(error instanceof ConnectionClosed, String(error));
        if (ending === 'cut')
          assert.match(String(error.cause ?? error), /the proxy proxy\.test ended the connection without/);
      });
    }

    for (const outer of ['close-notify', 'cut'] as const) {
      test(`is whole with the close_notify of the server in the tunnel, whatever the proxy says (${outer})`, () => {
        using chain = trust.serve([page], { outer: { ending: outer } });
        using connection = trust.through(chain, { tls: context });
        connection.sendRequest('GET', '/');
        connection.readResponse();
        assert.ok(connection.readAll().equals(body));
      });

      test(`is cut short without the server's, whatever the proxy says (${outer})`, () => {
        using chain = trust.serve([page], { inner: { ending: 'cut' }, outer: { ending: outer } });
        using connection = trust.through(chain, { tls: context });
        connection.sendRequest('GET', '/');
        connection.readResponse();
        const error = thrownBy(() => connection.readAll());
        assert.ok(error instanceof ConnectionClosed, String(error));
        const culprit = outer === 'cut' ? 'the proxy proxy.test' : 'origin.example';
        assert.ok(String(error.cause ?? error).includes(`${culprit} ended the connection without a TLS close_notify`));
      });
    }
  });
});
