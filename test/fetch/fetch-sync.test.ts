import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { closeIdleConnections, type FetchSyncInit, fetchSync, type SyncBody, type SyncResponse } from 'dugong/sync';
import { acceptEncoding } from '../../src/fetch/content-coding.ts';
import { HTTPHeaders } from '../../src/http1/headers.ts';
import { native } from '../../src/io/native.ts';
import { opensslMissing } from '../support/certificates.ts';
import { type DummyServer, dummyBytes, type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import { TestTrust } from '../support/https.ts';
import { chunkedResponse, ok, response } from '../support/messages.ts';
import {
  close,
  expectBytes,
  expectEnd,
  expectHead,
  gate,
  loop,
  mark,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { MORE_THAN_EVER_FITS, MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { startStalledListener } from '../support/stalled-listener.ts';
import { atSomePace, timeLimit } from '../support/time-limit.ts';

/** As Node has them. */
const CODINGS = acceptEncoding(new HTTPHeaders());
const LIMIT = timeLimit(20_000);

/** Nothing of the environment's proxies; ends if it hangs. */
function get(url: string, init: FetchSyncInit = {}): SyncResponse {
  return fetchSync(url, { proxy: false, timeout: LIMIT, ...init });
}

function echo(server: DummyServer, init: FetchSyncInit): EchoedRequest & { readonly text: string } {
  const echoed = get(`http://${server.authority}/echo`, init).json() as EchoedRequest;
  return { ...echoed, text: Buffer.from(echoed.body, 'base64').toString() };
}

function field({ headers }: EchoedRequest, name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1];
}

describe('fetchSync sends', () => {
  test('a request as it is asked for: method, path and query without the fragment, fields', () => {
    using server = startScriptedServer([[expectHead(), send(ok('x'))]]);
    get(`http://${server.authority}/a%20b?c=d&e#f`, { method: 'delete', headers: { 'X-Own': 'yes' } });
    const lines = ['DELETE /a%20b?c=d&e HTTP/1.1', `Host: ${server.authority}`, 'X-Own: yes', 'Accept: */*'];
    const head = [...lines, 'User-Agent: dugong', `Accept-Encoding: ${CODINGS}`, '', ''].join('\r\n');
    assert.deepEqual(server.heads(), [head]);
  });

  const bodies: readonly [name: string, body: SyncBody, text: string, type: string | undefined, length: boolean][] = [
    ['a string, as UTF-8', 'wörld', 'wörld', 'text/plain;charset=UTF-8', true],
    ['bytes', Buffer.from('bytes'), 'bytes', undefined, true],
    ['a DataView', new DataView(Uint8Array.from([120, 97, 98, 120]).buffer, 1, 2), 'ab', undefined, true],
    ['an ArrayBuffer', Uint8Array.from([97, 98]).buffer, 'ab', undefined, true],
    [
      'URLSearchParams',
      new URLSearchParams({ a: 'b c', d: 'é' }),
      'a=b+c&d=%C3%A9',
      'application/x-www-form-urlencoded;charset=UTF-8',
      true,
    ],
    ['an array of pieces', ['one ', Buffer.from('two')], 'one two', undefined, false],
    ['a generator', new Set(['one ', 'two']).values(), 'one two', undefined, false],
  ];
  for (const [name, body, text, type, hasLength] of bodies) {
    test(`${name}${hasLength ? '' : ', chunked'}`, () => {
      using server = startDummyServer();
      const echoed = echo(server, { method: 'POST', body });
      assert.equal(echoed.text, text);
      assert.equal(field(echoed, 'content-type'), type);
      assert.equal(field(echoed, 'content-length'), hasLength ? String(Buffer.byteLength(text)) : undefined);
      assert.equal(field(echoed, 'transfer-encoding'), hasLength ? undefined : 'chunked');
    });
  }

  test('the caller’s Content-Type, Accept and User-Agent in place of its own', () => {
    using server = startDummyServer();
    const headers = { 'content-type': 'application/json', accept: 'a/b', 'user-agent': 'mine' };
    const echoed = echo(server, { method: 'PUT', body: '{}', headers });
    const names = ['content-type', 'accept', 'user-agent'];
    assert.deepEqual(
      names.map((name) => field(echoed, name)),
      ['application/json', 'a/b', 'mine'],
    );
    assert.equal(echoed.headers.filter(([name]) => names.includes(name.toLowerCase())).length, 3);
  });

  test('the credentials of the URL as Basic authorization in UTF-8 (RFC 7617), unless the caller has a field', () => {
    using server = startDummyServer();
    const url = `http://us%C3%A9r:p%40ss@${server.authority}/echo#part`;
    const answer = get(url);
    const basic = `Basic ${Buffer.from('usér:p@ss').toString('base64')}`;
    assert.equal(field(answer.json() as EchoedRequest, 'authorization'), basic);
    assert.equal(answer.url, `http://${server.authority}/echo`);
    const own = get(url, { headers: { authorization: 'Bearer x' } }).json() as EchoedRequest;
    assert.equal(field(own, 'authorization'), 'Bearer x');
  });

  const refused: readonly [name: string, url: string, init: object, message: RegExp][] = [
    ['a relative URL', '/path', {}, /no absolute URL/],
    ['another scheme', 'ftp://localhost/', {}, /only http: and https:.*ftp:/],
    ['credentials that are not percent-encoded', 'http://%ff:x@localhost/', {}, /percent-encoded/],
    ['the method CONNECT', 'http://localhost/', { method: 'connect' }, /CONNECT/],
    ['a method that is no token', 'http://localhost/', { method: 'A B' }, /token/],
    ['a body with GET', 'http://localhost/', { body: 'x' }, /GET request cannot have a body/],
    ['a body with HEAD', 'http://localhost/', { method: 'head', body: 'x' }, /HEAD request cannot have a body/],
    ['a stream', 'http://localhost/', { method: 'POST', body: new Blob([]).stream() }, /ReadableStream.*createFetch/],
    ['a number as body', 'http://localhost/', { method: 'POST', body: 5 }, /got number/],
    ['an object as body', 'http://localhost/', { method: 'POST', body: {} }, /got Object/],
    ['an array of numbers as body', 'http://localhost/', { method: 'POST', body: [1] }, /strings or bytes/],
    ['a field with a line end', 'http://localhost/', { headers: { a: 'b\r\nc: d' } }, /control character/],
    ['a signal', 'http://localhost/', { signal: AbortSignal.timeout(60_000) }, /use timeout/],
    ['an option that does not exist', 'http://localhost/', { timeuot: 1 }, /no option "timeuot"/],
    ['another mode of redirects', 'http://localhost/', { redirect: 'never' }, /"follow", "error" or "manual"/],
    ['a timeout that is no number', 'http://localhost/', { timeout: '5' }, /timeout must be a whole number/],
  ];
  for (const [name, url, init, message] of refused) {
    test(`nothing for ${name}: a TypeError`, () => {
      assert.throws(() => fetchSync(url, { proxy: false, ...init }), { name: 'TypeError', message });
    });
  }
});

describe('fetchSync returns', () => {
  test('status, reason, fields, and the body in every form, as often as is wanted', () => {
    const text = '{"ü":[1]}';
    using server = startScriptedServer([
      [expectHead(), send(ok(Buffer.from(`\ufeff${text}`), 'Set-Cookie: a=1', 'Set-Cookie: b=2', 'X-A: 1', 'x-a: 2'))],
    ]);
    const answer = get(`http://${server.authority}/#fragment`);
    assert.deepEqual([answer.status, answer.statusText, answer.ok, answer.redirected], [200, 'OK', true, false]);
    assert.equal(answer.url, `http://${server.authority}/`);
    assert.equal(answer.headers.get('X-A'), '1, 2');
    assert.equal(answer.headers.get('missing'), null);
    assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2']);
    assert.ok(answer.headers.has('content-length'));
    assert.equal([...answer.headers.entries()].length, 4);
    for (let round = 0; round < 2; round++) {
      assert.equal(answer.text(), text);
      assert.deepEqual(answer.json(), { ü: [1] });
      assert.equal(answer.bytes().length, 3 + Buffer.byteLength(text));
      answer.bytes().fill(0);
      new Uint8Array(answer.arrayBuffer()).fill(0);
    }
  });

  test('responses of any status, not ok beyond 299, and those without a body', () => {
    using server = startDummyServer();
    for (const status of [200, 204, 299, 300, 304, 404, 500, 599]) {
      const answer = get(`http://${server.authority}/status/${status}`);
      assert.deepEqual([answer.status, answer.ok], [status, status < 300]);
      assert.equal(answer.text(), status === 204 || status === 304 ? '' : `status ${status}`);
    }
    const head = get(`http://${server.authority}/send_5_bytes`, { method: 'HEAD' });
    assert.deepEqual([head.headers.get('content-length'), head.bytes().length], ['5', 0]);
  });

  test('chunked bodies and bodies that the end of the connection ends', () => {
    using server = startScriptedServer([
      [expectHead(), send(chunkedResponse(['one ', 'two']))],
      [expectHead(), send('HTTP/1.0 200 OK\r\n\r\nto the end'), close()],
    ]);
    assert.equal(get(`http://${server.authority}/`).text(), 'one two');
    closeIdleConnections();
    assert.equal(get(`http://${server.authority}/`).text(), 'to the end');
  });

  test('bodies without their content codings, unless decompress is false; the fields stay [RFC 9110 8.4]', () => {
    const bytes = zlib.brotliCompressSync(zlib.gzipSync('decoded'));
    const coded = send(ok(bytes, 'Content-Encoding: gzip, br'));
    using server = startScriptedServer([[loop(4, [expectHead(), coded])]]);
    const url = `http://${server.authority}/`;
    const answer = get(url);
    assert.deepEqual([answer.text(), answer.headers.get('Content-Encoding')], ['decoded', 'gzip, br']);
    assert.deepEqual(get(url, { decompress: false }).buffer(), bytes);
    assert.equal(get(url, { headers: { 'Accept-Encoding': 'br' } }).text(), 'decoded');
    const tooLarge = { name: 'UnsupportedResponse', message: /^GET http.*/ };
    assert.throws(() => get(url, { maxBodySize: 6 }), tooLarge);
    const sent = server.heads().map((head) => /Accept-Encoding: (.*)\r/.exec(head)?.[1]);
    assert.deepEqual(sent, [CODINGS, 'identity', 'br', CODINGS]);
  });

  test('no part of a body whose coding is corrupt or cut: InvalidResponse', () => {
    const gzip = zlib.gzipSync('decoded');
    for (const bytes of [Buffer.from('no gzip'), gzip.subarray(0, -1)]) {
      using server = startScriptedServer([[expectHead(), send(ok(bytes, 'Content-Encoding: gzip'))]]);
      assert.throws(() => get(`http://${server.authority}/`), { name: 'InvalidResponse' });
    }
  });

  test('large bodies', () => {
    using server = startDummyServer();
    const size = 20_000_000;
    assert.ok(Buffer.from(get(`http://${server.authority}/send_${size}_bytes`).bytes()).equals(dummyBytes(size)));
    const sizes = '70000,1,1000000';
    const chunked = get(`http://${server.authority}/send_chunked?sizes=${sizes}`).bytes();
    assert.ok(dummyBytes(1_070_001).equals(chunked));
  });

  test('no body above maxBodySize: UnsupportedResponse, announced or not', () => {
    using server = startDummyServer();
    const tooLarge = { name: 'UnsupportedResponse', message: /maxBodySize \(10 bytes\)/ };
    const fetchParts = (sizes: string): SyncResponse =>
      get(`http://${server.authority}/send_chunked?sizes=${sizes}`, { maxBodySize: 10 });
    assert.equal(get(`http://${server.authority}/send_10_bytes`, { maxBodySize: 10 }).bytes().length, 10);
    assert.throws(() => get(`http://${server.authority}/send_11_bytes`, { maxBodySize: 10 }), tooLarge);
    assert.equal(fetchParts('5,5').bytes().length, 10);
    assert.throws(() => fetchParts('5,6'), tooLarge);
  });

  test('a body above maxBodySize, all of which has come, is an answer that is lost', () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n';
    const large = Buffer.alloc(100_000);
    using server = startScriptedServer([
      [expectHead(), send(chunked)],
      [expectHead(), send(chunked)],
    ]);
    const lostRequests = [{ path: '/', mayHaveBeenProcessed: true }];
    const url = `http://${server.authority}/`;
    const lostBy = (method: string): object => ({ lostRequests: lostRequests.map((lost) => ({ method, ...lost })) });
    assert.throws(() => get(url, { maxBodySize: 4 }), lostBy('GET'));
    assert.throws(() => get(url, { method: 'PUT', body: large, maxBodySize: 4 }), lostBy('PUT'));
  });

  test('no part of a body that was cut short: ConnectionClosed', () => {
    using server = startScriptedServer([
      [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'), close()],
    ]);
    assert.throws(() => get(`http://${server.authority}/`), { name: 'ConnectionClosed', phase: 'receive' });
  });
});

describe('a large body of fetchSync', () => {
  test('is sent to a server that answers meanwhile and waits until that is read', () => {
    const size = MORE_THAN_FITS;
    using server = startScriptedServer([
      [
        expectHead(),
        send(`HTTP/1.1 200 OK\r\nContent-Length: ${size + 1}\r\n\r\n`),
        send(new Uint8Array(size)),
        expectBytes(size),
        send('.'),
        expectHead(),
        send(ok('next')),
      ],
    ]);
    const url = `http://${server.authority}/`;
    assert.equal(get(url, { method: 'POST', body: new Uint8Array(size) }).bytes().length, size + 1);
    assert.equal(get(url).text(), 'next');
    server.check();
  });

  test('is not sent on when the answer is there in whole, and the connection not used again', () => {
    using server = startScriptedServer([
      // One that read on could have all of the body before the answer is heeded.
      [expectHead(), stopReading(), send(response('413 Too Large', ['Content-Length: 2'], 'no')), gate('never')],
      [expectHead(), send(ok('next'))],
    ]);
    const url = `http://${server.authority}/`;
    const answer = get(url, { method: 'POST', body: new Uint8Array(MORE_THAN_FITS) });
    assert.deepEqual([answer.status, answer.text()], [413, 'no']);
    assert.equal(get(url).text(), 'next');
    assert.equal(server.connections(), 2);
  });

  test('may be refused by a server that answers and closes: the answer is returned', () => {
    using server = startScriptedServer([
      [expectHead(), send(response('400 No', ['Content-Length: 2', 'Connection: close'], 'no')), close()],
    ]);
    const answer = get(`http://${server.authority}/`, { method: 'POST', body: new Uint8Array(MORE_THAN_FITS) });
    assert.deepEqual([answer.status, answer.text()], [400, 'no']);
  });

  test('in pieces is not sent on when it is refused, though the server keeps the connection open [RFC 9112 9.5]', () => {
    using server = startScriptedServer([
      [expectHead(), stopReading(), send(response('413 Too Large', ['Content-Length: 2'], 'no')), gate('never')],
    ]);
    let ended = false;
    const body = {
      *[Symbol.iterator](): Generator<Uint8Array> {
        try {
          for (;;) yield new Uint8Array(1 << 20);
        } finally {
          ended = true;
        }
      },
    };
    const answer = get(`http://${server.authority}/`, { method: 'POST', body });
    assert.deepEqual([answer.status, answer.text(), ended], [413, 'no', true]);
  });

  test('in pieces is sent to a server that answers meanwhile and waits until that is read', () => {
    using server = startDummyServer();
    const part = Buffer.alloc(1 << 16, 'abc');
    const body = Array.from({ length: 3 * Math.ceil(MORE_THAN_EVER_FITS / part.length) }, () => part);
    const answer = get(`http://${server.authority}/stream`, { method: 'POST', body });
    assert.deepEqual(Buffer.from(answer.bytes()), Buffer.concat(body));
  });

  const framings: readonly [name: string, answer: string, kept: boolean][] = [
    ['by its length', ok('the answer'), true],
    ['by chunks', chunkedResponse(['the ', 'answer']), true],
    ['by the end of the connection', response('200 OK', ['Connection: close'], 'the answer'), false],
  ];
  for (const [name, bytes, kept] of framings) {
    test(`in pieces, the answer to which is there before the last of them, has all of that answer (delimited ${name})`, () => {
      const upload = [expectHead(), expectBytes('5\r\nfirst\r\n'.length), send(bytes)];
      const ending = kept ? [expectBytes('4\r\nlast\r\n0\r\n\r\n'.length)] : [close()];
      using server = startScriptedServer([[expectHead(), send(ok('')), ...upload, mark('answered'), ...ending]]);
      function* pieces(): Generator<string> {
        yield 'first';
        server.waitFor('answered');
        yield 'last';
      }
      const url = `http://${server.authority}/`;
      // On a connection that is there already, the sender may have ended before the reader begins.
      get(url);
      const answer = get(url, { method: 'PUT', body: pieces() });
      assert.deepEqual([answer.status, answer.text()], [200, 'the answer']);
    });
  }

  test('whose iterable fails ends the call with that error', () => {
    using server = startScriptedServer([[expectHead(), expectBytes(6), expectEnd()]]);
    const failing = {
      *[Symbol.iterator](): Generator<string> {
        yield 'x';
        throw new RangeError('no more');
      },
    };
    assert.throws(() => get(`http://${server.authority}/`, { method: 'POST', body: failing }), {
      name: 'RangeError',
      message: 'no more',
    });
    server.check();
  });
});

describe('the timeout of fetchSync', () => {
  test('is for all of the call: connecting, the head, the body, redirects; nothing is left open', () =>
    atSomePace((factor) => {
      closeIdleConnections();
      using stalled = startStalledListener();
      const before = native.counts();
      const slow = { chunk: 1, every: 10 };
      using server = startScriptedServer([
        [expectHead(), gate('never')],
        [expectHead(), send(ok('x'.repeat(100_000)), { ...slow, peerMayLeave: true })],
        [expectHead(), send(response('302 Found', ['Location: /', 'Content-Length: 0'])), expectHead(), gate('never')],
      ]);
      const timeout = 50 * factor;
      const timedOut = (phase: string): object => ({ name: 'ConnectionTimedOut', timeout, phase });
      assert.throws(() => get(`http://127.0.0.1:${stalled.port}/`, { timeout }), timedOut('connect'));
      for (let count = 0; count < 3; count++) {
        assert.throws(() => get(`http://${server.authority}/`, { timeout }), timedOut('receive'));
      }
      assert.deepEqual(native.counts(), before);
    }));

  test('is also for a large body that the server does not take', () => {
    using server = startScriptedServer([[expectHead(), { do: 'stopReading' }, gate('never')]]);
    const body = new Uint8Array(MORE_THAN_FITS);
    assert.throws(() => get(`http://${server.authority}/`, { method: 'PUT', body, timeout: 50 }), {
      name: 'ConnectionTimedOut',
    });
  });
});

describe('fetchSync fails', () => {
  test('with the errors of HTTPConnection: a refused connection, a server that speaks no HTTP', () => {
    const { port } = startScriptedServerThatIsGone();
    assert.throws(() => get(`http://127.0.0.1:${port}/`), { name: 'SystemError', code: 'ECONNREFUSED' });
    using server = startScriptedServer([[expectHead(), send('SSH-2.0-x\r\n'), expectEnd()]]);
    assert.throws(() => get(`http://${server.authority}/`), { name: 'InvalidResponse', message: /"SSH-2.0-x/ });
    server.check();
  });
});

function startScriptedServerThatIsGone(): { port: number } {
  using server = startScriptedServer([]);
  return { port: server.port };
}

describe('fetchSync over TLS', { skip: opensslMissing() }, () => {
  const trust = new TestTrust();

  test('keeps connections by the configuration: a context or an options object', () => {
    const script = [loop(2, [expectHead(), send(ok('x'))]), expectEnd()];
    using server = trust.serve([script, script]);
    const url = `https://localhost:${server.front.port}/`;
    const options = { ca: trust.ca };
    for (const tls of [trust.context, options, trust.context, options]) assert.equal(get(url, { tls }).text(), 'x');
    closeIdleConnections();
    server.origin.check();
  });

  test('refuses a server that is not trusted', () => {
    using server = trust.serve([]);
    assert.throws(() => get(`https://localhost:${server.front.port}/`), { name: 'TLSError' });
  });
});
