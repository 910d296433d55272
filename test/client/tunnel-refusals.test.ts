import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConnectionClosed, type HTTPConnectionOptions, isTempNetworkError, ProxyError } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { response } from '../support/messages.ts';
import {
  close,
  end,
  expectAnything,
  expectBytes,
  expectEnd,
  expectHead,
  reset,
  type Script,
  type Step,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { atSomePace } from '../support/time-limit.ts';
import { assertLike, connectHead, ESTABLISHED, failure, through } from '../support/tunnelled.ts';
import { thrownBy, waysOfWaiting } from '../support/waiting.ts';

/** Plays `steps` after CONNECT; returns what connecting throws, and sees to it that the proxy got CONNECT and no more. */
function refusal(steps: Script, options: HTTPConnectionOptions = {}): unknown {
  using proxy = startScriptedServer([[expectHead(), ...steps]]);
  const error = failure(through(proxy, options));
  proxy.check();
  assert.equal(proxy.received().toString('latin1'), connectHead('origin.invalid:443', 'Accept-Encoding: identity'));
  return error;
}

describe('a proxy that refuses', () => {
  const page = 'credentials, please';
  const bodies: readonly [name: string, steps: Script, body: string][] = [
    ['of announced length', [send(response('407 No', [`Content-Length: ${page.length}`], page))], page],
    ['in chunks', [send(response('407 No', ['Transfer-Encoding: chunked'], `13\r\n${page}\r\n0\r\n\r\n`))], page],
    ['up to the end', [send(response('407 No', [], page)), close()], page],
    ['that is cut short', [send(response('407 No', ['Content-Length: 100'], page)), close()], page],
    ['that a reset follows', [send(response('407 No', ['Content-Length: 100'])), reset()], ''],
    ['whose framing is invalid', [send(response('407 No', ['Content-Length: x'], page))], ''],
    ['of none', [send(response('407 No', ['Content-Length: 0']))], ''],
  ];
  for (const [name, steps, body] of bodies) {
    test(`says so with a body ${name}: ProxyError with all of it`, () => {
      const error = refusal(steps);
      assert.ok(error instanceof ProxyError, String(error));
      assert.match(error.message, /refused to connect to origin\.invalid:443: 407 No \(.*user name and password/);
      assert.equal(error.answer?.status, 407);
      assert.equal(error.answer.reason, 'No');
      assert.equal(Buffer.from(error.answer.body).toString(), body);
    });
  }

  const withoutEnd: readonly [name: string, steps: Script, body: string][] = [
    ['of no announced length, on a connection that stays', [send(response('403 No', [], page)), expectEnd()], page],
    ['that is announced and does not come', [send(response('403 No', ['Content-Length: 9'])), expectEnd()], ''],
    [
      'that is announced to be huge',
      [send(response('403 No', ['Content-Length: 9999999999'], page)), expectEnd()],
      page,
    ],
    [
      'of chunks without a last one',
      [send(response('403 No', ['Transfer-Encoding: chunked'], `13\r\n${page}\r\n`)), expectEnd()],
      page,
    ],
  ];
  for (const [name, steps, body] of withoutEnd) {
    test(`says so soon with a body ${name}: ProxyError with what came`, () => {
      const error = refusal(steps);
      assert.ok(error instanceof ProxyError, String(error));
      assert.match(error.message, /refused to connect to origin\.invalid:443: 403 No$/);
      assert.equal(Buffer.from(error.answer?.body ?? []).toString(), body);
    });
  }

  test('says so soon with a body that comes byte by byte for ever', () => {
    const endless = send(response('403 No', [], 'x'.repeat(100_000)), { chunk: 1, every: 5, peerMayLeave: true });
    const error = refusal([endless]);
    assert.ok(error instanceof ProxyError, String(error));
    assert.ok((error.answer?.body.length ?? 0) < 16_384);
  });

  for (const { name, run } of waysOfWaiting) {
    test(`says so under every way of waiting: a body that does not end (${name})`, async () => {
      using proxy = startScriptedServer([[expectHead(), send(response('403 No', [], page)), expectEnd()]]);
      const connection = through(proxy);
      await assert.rejects(async () => run(connection.coConnect()), { name: 'ProxyError' });
    });
  }

  const credentials = { 'Proxy-Authorization': 'Basic dTpwYXNzd29yZA==' };
  const challenges: readonly [challenge: string, headers: Record<string, string>, message: RegExp][] = [
    ['Basic realm="the office"', {}, /407 No \(it wants credentials for "the office": give its user name and password/],
    ['Digest qop="auth", Realm = "a\\"b", nonce="x"', {}, /407 No \(it wants credentials for ".*b": give/],
    ['Negotiate', {}, /407 No \(it wants credentials: give/],
    ['Basic realm="x"', credentials, /407 No \(it does not accept the credentials that it got for "x": are user name/],
  ];
  for (const [challenge, headers, message] of challenges) {
    test(`says what it wants to know: ${challenge}`, () => {
      const answer = response('407 No', [`Proxy-Authenticate: ${challenge}`, 'Content-Length: 0']);
      using proxy = startScriptedServer([[expectHead(), send(answer)]]);
      const error = failure(through(proxy, { proxy: { hostname: '127.0.0.1', port: proxy.port, headers } }));
      assert.ok(error instanceof ProxyError, String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /dTpwY/);
    });
  }

  test('says that credentials are wrong with a 401, too, as tinyproxy does', () => {
    using proxy = startScriptedServer([[expectHead(), send(response('401 No', ['Content-Length: 0']))]]);
    const wrong = failure(through(proxy, { proxy: { hostname: '127.0.0.1', port: proxy.port, headers: credentials } }));
    assertLike(wrong, { name: 'ProxyError' });
    assert.match(String(wrong), /401 No \(it does not accept the credentials that it got: /);
  });

  test('says what credentials it wants', () => {
    const fields = ['Proxy-Authenticate: Basic realm="x"', 'X-Proxy: 1', 'Content-Length: 0'];
    const error = refusal([send(response('407 Proxy Authentication Required', fields))]);
    assert.ok(error instanceof ProxyError);
    assert.deepEqual(
      [...(error.answer?.headers ?? [])],
      [
        ['Proxy-Authenticate', 'Basic realm="x"'],
        ['X-Proxy', '1'],
        ['Content-Length', '0'],
      ],
    );
  });

  for (const status of ['301 Moved', '304 Not Modified', '403 Forbidden', '502 Bad Gateway']) {
    test(`by ${status} makes no tunnel`, () => {
      const error = refusal([send(response(status, ['Content-Length: 2', 'Location: http://x/'], 'no')), close()]);
      assertLike(error, { name: 'ProxyError', code: 'DUGONG_PROXY' });
      assert.equal((error as ProxyError).answer?.status, Number(status.slice(0, 3)));
    });
  }

  test('at length has the beginning of its body kept', () => {
    const steps = [expectAnything(), send(response('403 No', [], 'x'.repeat(100_000)), { peerMayLeave: true })];
    const error = refusal(steps) as ProxyError;
    assert.equal(error.answer?.body.length, 16_384);
  });

  const noHTTP: readonly [name: string, answer: string][] = [
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['101', response('101 Switching Protocols', ['Upgrade: x'])],
    ['a head of 70 KB', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
    ['many fields in 70 KB', response('200 OK', Array(7000).fill('X: 67890'))],
    ['endless 1xx', response('102 Processing').repeat(10_000)],
    ['a 200 with bytes behind it in one segment', `${ESTABLISHED}\x16`],
    ['a 204 with bytes behind it in one segment', `${response('204 No Content')}HTTP/1.1 200 OK\r\n\r\n`],
  ];
  for (const [name, answer] of noHTTP) {
    test(`to speak properly, ${name}: ProxyError without an answer`, () => {
      const error = refusal([expectAnything(), send(answer, { peerMayLeave: true })]);
      assert.ok(error instanceof ProxyError, String(error));
      assert.equal(error.answer, undefined);
    });
  }

  test('by bytes of its own between its answer and the handshake: no TLS, and nothing in clear', () => {
    const plain = send('HTTP/1.1 200 OK\r\n\r\n');
    using proxy = startScriptedServer([
      [expectHead(), send(ESTABLISHED), expectBytes(1), expectAnything(), plain, expectEnd()],
    ]);
    const error = failure(through(proxy));
    assertLike(error, { name: 'TLSError', code: 'ERR_SSL_WRONG_VERSION_NUMBER' });
    assert.doesNotMatch(proxy.received().toString('latin1'), /GET|s3cret/);
  });

  test('slowly is waited for, as long as something comes now and then', () =>
    atSomePace((factor) => {
      const steps = [send(response('403 Forbidden', ['Content-Length: 0']), { chunk: 3, every: 10 * factor })];
      assert.ok(refusal(steps, { timeout: 60 * factor }) instanceof ProxyError);
    }));
});

describe('a proxy that leaves', () => {
  const departures: readonly [name: string, step: Step][] = [
    ['a FIN', end()],
    ['a close', close()],
    ['a reset', reset()],
  ];
  const stages: readonly [name: string, steps: Script, phase: string][] = [
    ['before it answers', [expectHead()], 'tunnel'],
    ['within its answer', [expectHead(), send('HTTP/1.1 20')], 'tunnel'],
    ['within the fields', [expectHead(), send('HTTP/1.1 200 OK\r\nX: y\r\n')], 'tunnel'],
    ['during the handshake', [expectHead(), send(ESTABLISHED), expectBytes(1), expectAnything()], 'handshake'],
  ];
  for (const [departure, leave] of departures) {
    for (const [name, steps, phase] of stages) {
      test(`by ${departure} ${name}: ConnectionClosed, phase ${phase}`, () => {
        using proxy = startScriptedServer([[...steps, leave]]);
        const connection = through(proxy);
        const before = native.counts();
        const error = thrownBy(() => connection.sendRequest('GET', '/'));
        assert.ok(error instanceof ConnectionClosed, String(error));
        assert.equal(error.phase, phase);
        assert.deepEqual(error.lostRequests, []);
        assert.deepEqual(native.counts(), before);
        assert.equal(connection.responsePending(), false);
      });
    }
  }

  test('before it takes CONNECT is not left out', () => {
    using proxy = startScriptedServer([[close()], [reset()]]);
    assertLike(failure(through(proxy)), { name: 'ConnectionClosed', phase: 'tunnel' });
    // Depending on when it comes, connect(2) or the first call after it reports the reset.
    assert.ok(isTempNetworkError(failure(through(proxy))));
  });

  test('is no other than one that cannot be reached: the error of the system, with its address, names the proxy', () => {
    using stalled = startScriptedServer([]);
    const { port } = stalled;
    stalled.stop();
    const message = `GET https://origin.invalid/secret-path: the proxy 127.0.0.1: connect ECONNREFUSED 127.0.0.1:${port}`;
    const refused = { name: 'SystemError', code: 'ECONNREFUSED', address: '127.0.0.1', port, message };
    assertLike(failure(through({ port })), refused);
    const nowhere = through({ port }, { proxy: 'http://proxy.invalid:3128', dnsTestHostnames: ['localhost'] });
    const unknown =
      'GET https://origin.invalid/secret-path: the proxy proxy.invalid: host name "proxy.invalid" has no address';
    assertLike(failure(nowhere), { name: 'HostnameNotResolvable', hostname: 'proxy.invalid', message: unknown });
  });
});
