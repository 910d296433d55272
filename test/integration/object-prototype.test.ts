/**
 * Nothing on Object.prototype is taken for an option, a header field or a detail, by any entry point: with accessors there that
 * hear of reads, and with values that would do harm, enumerable or not.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
// Node's own modules do not survive being loaded while Object.prototype is as it is here.
import 'node:tls';
import { gzipSync } from 'node:zlib';
import { requestInput } from '../../src/fetch/request-input.ts';
import {
  ByterangesDecoder,
  ClientProtocol,
  encodeRequestHead,
  HTTPHeaders,
  ResponseHeadParser,
} from '../../src/http1/index.ts';
import {
  AioFuture,
  ConnectionClosed,
  type Coroutine,
  coAwait,
  coSleep,
  createFetch,
  HTTPConnection,
  PollNeeded,
  ProxyError,
  poll,
  runBlocking,
  StateError,
  SystemError,
  select,
  TLSContext,
  TLSError,
} from '../../src/index.ts';
import { settingsOf } from '../../src/io/tls-context.ts';
import { closeIdleConnections, fetchSync } from '../../src/sync/index.ts';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { response as message, ok } from '../support/messages.ts';
import { readsOnPrototype, VISIBILITIES, withPollution } from '../support/pollution.ts';
import { runProgram } from '../support/run-program.ts';
import {
  expectBytes,
  expectEnd,
  expectHead,
  type Script,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';

/** Every option that there is, members of our own objects that may be missing, and variables of the environment. */
const HOSTILE: Readonly<Record<string, unknown>> = {
  // HTTPConnection
  attemptDelay: 1e9,
  connectTimeout: 1,
  continueTimeout: 1,
  dnsTestHostnames: ['evil.test'],
  family: 6,
  keepAlive: 'x',
  limits: { headerSection: 1 },
  localAddress: '192.0.2.1',
  lookup: () => ['192.0.2.1'],
  maxReadAhead: 0,
  onInformational: () => assert.fail(),
  proxy: 'http://192.0.2.1:1',
  receiveBufferSize: 1,
  socketPath: '/nowhere',
  timeout: 1,
  tls: { rejectUnauthorized: false },
  // TLS
  ca: 'x',
  cert: 'x',
  key: 'x',
  pem: 'x',
  passphrase: 'x',
  servername: 'evil.test',
  minVersion: 'TLSv1',
  maxVersion: 'TLSv1',
  ciphers: 'NULL',
  ALPNProtocols: ['h2'],
  rejectUnauthorized: false,
  allowPartialTrustChain: true,
  session: Buffer.from('x'),
  checkServerIdentity: () => undefined,
  // limits
  statusLine: 1,
  headerSection: 1,
  fields: 1,
  chunkExtensions: 1,
  trailerSection: 1,
  informational: 1,
  emptyLines: 0,
  bodyInMemory: 0,
  // requests, in each of their forms
  headers: { Evil: '1' },
  expect100: true,
  expectContinue: true,
  upgrade: 'evil',
  contentMD5: true,
  contentDigest: 'sha-512',
  absolute: 'http://evil.test',
  fixed: [['Evil', '1']],
  framing: { kind: 'chunked' },
  pieces: ['evil'],
  // behind the end of an array
  0: 'evil',
  1: 'evil',
  2: 'evil',
  3: 'evil',
  // waiting
  deadline: 0,
  shared: 5,
  wait: () => false,
  signal: AbortSignal.abort(),
  // fetching
  redirect: 'error',
  maxBodySize: 0,
  idleTimeout: 0,
  maxConnectionsPerOrigin: 1,
  maxIdleConnections: 0,
  integrity: 'sha256-x',
  referrer: 'http://evil.test',
  mode: 'navigate',
  credentials: 'x',
  cache: 'x',
  // members of our own objects
  pause: 1e9,
  role: 'proxy',
  onFailure: () => assert.fail(),
  lostRequests: [],
  bytesSent: -1,
  answer: 'evil',
  peer: 'evil',
  type: 'text/evil',
  href: 'http://192.0.2.1:1',
  // the environment
  http_proxy: 'http://192.0.2.1:1',
  https_proxy: 'http://192.0.2.1:1',
  all_proxy: 'http://192.0.2.1:1',
  SSLKEYLOGFILE: '/dev/full',
  SSL_CERT_FILE: '/nowhere',
  DUGONG_ADDON: '/nowhere',
};

function* coSomething(): Coroutine<string> {
  yield* coSleep(0);
  return 'result';
}

const response = ok('body');
const script: Script = [expectHead(), send(response), expectEnd()];

/** What is done with nothing given but what must be. */
const uses: Readonly<Record<string, () => unknown>> = {
  'new HTTPConnection()': () => {
    const { hostname, port } = new HTTPConnection('localhost', {});
    return [hostname, port];
  },
  'new HTTPConnection() with a proxy in parts': () =>
    new HTTPConnection('x', { proxy: { hostname: 'proxy.test', port: 1 } }).port,
  'new TLSContext()': () => settingsOf(new TLSContext({ servername: 'x' })).rejectUnauthorized,
  'new AioFuture()': () => new AioFuture(coSomething(), {}).done(),
  'runBlocking()': () => runBlocking(coSomething(), {}),
  'new PollNeeded()': () => ({ ...new PollNeeded(1, 1, {}), ...new PollNeeded(1, 1).before(5) }),
  'poll()': () => poll([{ fd: -1, mask: 1 }], 0),
  'select()': () => select([], [], [], 0),
  'createFetch()': () => typeof createFetch({}),
  'new HTTPHeaders()': () => new HTTPHeaders({}).raw(),
  'new ClientProtocol()': () => {
    const protocol = new ClientProtocol({ host: 'localhost' });
    protocol.sendRequest('GET', '/', {});
    protocol.sendRequest('POST', '/');
    return Buffer.concat(protocol.output.take()).toString('latin1');
  },
  'encodeRequestHead()': () =>
    encodeRequestHead({ method: 'GET', target: '/', host: 'x', framing: { kind: 'none' } }).text,
  'new ResponseHeadParser()': () => new ResponseHeadParser({}).begun,
  'new ByterangesDecoder()': () => new ByterangesDecoder('multipart/byteranges; boundary=x', {}).ended,
  'the errors': () => {
    const errors = [
      new StateError('x', {}),
      new ConnectionClosed('x', { phase: 'idle' }),
      new ProxyError('x', {}),
      new TLSError('x', 'x', { reason: 'x' }),
      new SystemError('x', { errno: 1, syscall: 'x' }),
    ];
    return errors.map((error) => Object.entries(error));
  },
};

function exchange(port: number, tls?: TLSContext): unknown[] {
  const options = { port, tls, lookup: () => ['127.0.0.1'] };
  using connection = new HTTPConnection('localhost', options);
  connection.sendRequest('GET', '/', {});
  const { status, headers } = connection.readResponse();
  return [status, headers.raw(), connection.readText()];
}

describe('Object.prototype', () => {
  for (const [name, use] of Object.entries(uses)) {
    test(`is read for no option by ${name}`, () => {
      // Node's modules have been loaded then.
      const expected = use();
      let result: unknown;
      assert.deepEqual(
        readsOnPrototype(Object.keys(HOSTILE), () => {
          result = use();
        }),
        [],
      );
      assert.deepEqual(result, expected);
    });

    for (const visibility of VISIBILITIES) {
      test(`changes nothing for ${name} with what is ${visibility}`, () => {
        assert.deepEqual(withPollution(HOSTILE, use, visibility), use());
      });
    }
  }

  test('is no part of an exchange', () => {
    using server = startScriptedServer([script, script, script]);
    const { port } = server;
    for (const visibility of VISIBILITIES) {
      const [status, , text] = withPollution(HOSTILE, () => exchange(port), visibility);
      assert.deepEqual([status, text], [200, 'body']);
    }
    const read = readsOnPrototype(Object.keys(HOSTILE), () => void exchange(port));
    assert.deepEqual(read, []);
  });

  test('is no part of an exchange over TLS', { skip: opensslMissing() }, () => {
    const trust = new TestTrust();
    using server = trust.serve([script, script]);
    const { port } = server.front;
    const context = new TLSContext({ ca: trust.ca });
    const expected = exchange(port, context);
    assert.deepEqual(
      withPollution(HOSTILE, () => exchange(port, context)),
      expected,
    );
  });

  test('is no part of fetchSync', () => {
    using server = startScriptedServer([script, script, script]);
    const url = `http://127.0.0.1:${server.port}/`;
    for (const visibility of VISIBILITIES) {
      const text = withPollution(HOSTILE, () => fetchSync(url, {}).text(), visibility);
      closeIdleConnections();
      assert.equal(text, 'body');
    }
    let text = '';
    const read = readsOnPrototype(Object.keys(HOSTILE), () => {
      text = fetchSync(url, { proxy: false }).text();
    });
    closeIdleConnections();
    assert.deepEqual([text, read], ['body', []]);
  });

  test('gives no Content-Type to a fetch without a body', async () => {
    const { request } = await withPollution(
      HOSTILE,
      () => requestInput(new URL('http://a.test/'), 'http://a.test/', undefined),
      'enumerable',
    );
    assert.equal(request.headers.has('Content-Type'), false);
  });

  test('is no part of what a promise is awaited for', async () => {
    const awaited = withPollution({ error: 'evil' }, () => new AioFuture(coAwait(Promise.resolve('result'))));
    Object.defineProperty(Object.prototype, 'error', { value: 'evil', configurable: true });
    try {
      assert.equal(await awaited, 'result');
    } finally {
      delete (Object.prototype as { error?: unknown }).error;
    }
  });

  for (const visibility of VISIBILITIES) {
    test(`is no part of a promise or a fetch, ${visibility}`, async () => {
      const upload: Script = [expectHead(), expectBytes('blob'.length), send(response), expectEnd()];
      const encoded = ok(gzipSync('text'), 'Content-Encoding: gzip');
      const empty = ['204 None', '999 Odd'].map((status) => message(status, ['Content-Length: 0']));
      const answers = [response, encoded, ...empty, response].flatMap((each) => [expectHead(), send(each)]);
      using server = startScriptedServer([upload, [...answers, expectEnd()]]);
      const { stdout, stderr } = await runProgram('test/integration/object-prototype-program.ts', [
        String(server.port),
        visibility,
      ]);
      assert.deepEqual([stdout.toString(), stderr], ['body: 200 body; 200 text; 204 ; 999 ; body, body\n', '']);
    });
  }
});
