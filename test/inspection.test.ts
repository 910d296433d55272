/** What console.log and JSON.stringify show of objects of the library: what matters, and no secrets. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { headersOfSection } from '../src/http1/headers.ts';
import {
  AioFuture,
  BodyFollowing,
  ByterangesReader,
  type Coroutine,
  HTTPConnection,
  HTTPHeaders,
  POLLIN,
  POLLOUT,
  Poller,
  PollLoop,
  PollNeeded,
  ProxyError,
  TLSContext,
} from '../src/index.ts';
import { fetchSync } from '../src/sync/index.ts';
import { TestTrust } from './support/https.ts';
import { ok, response } from './support/messages.ts';
import { start } from './support/protocol.ts';
import { close, expectEnd, expectHead, type Script, send, startScriptedServer } from './support/scripted-server.ts';
import { failure, through } from './support/tunnelled.ts';
import { connectionTo, finish, suspend } from './support/waiting.ts';

const SECRET = 'Xs3cr3tX';
const CREDENTIALS = Buffer.from(`user:${SECRET}`).toString('base64');
const SECRET_FIELDS = [`Set-Cookie: id=${SECRET}`, `set-cookie: b=${SECRET}`, `Location: http://u:${SECRET}@a.test/b`];

const trust = new TestTrust();

const shown = (value: unknown): string => inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: true });

/** In all forms that logs use, and those for which everything is unfolded. */
function allForms(value: unknown): string {
  const forms = [{}, { depth: null }, { depth: 0 }, { depth: null, showHidden: true, getters: true }].map((options) =>
    inspect(value, options),
  );
  return [...forms, JSON.stringify(value), String(value)].join('\n');
}

function assertHidden(value: unknown): void {
  const all = allForms(value);
  assert.ok(!all.includes(SECRET) && !all.includes(CREDENTIALS), all);
  assert.doesNotMatch(all, /prematurely/);
}

function* coResult<T>(value: T): Coroutine<T> {
  yield* [];
  return value;
}

function* coFailure(error: Error): Coroutine<never> {
  yield* [];
  throw error;
}

describe('header fields are shown', () => {
  test('by their names as they came, several lines as a list', () => {
    const headers = new HTTPHeaders([
      ['Content-Type', 'text/html'],
      ['Via', 'a'],
      ['via', 'b'],
      ['__proto__', 'x'],
    ]);
    const text = "HTTPHeaders { 'Content-Type': 'text/html', Via: [ 'a', 'b' ], ['__proto__']: 'x' }";
    assert.equal(shown(headers), text);
    assert.equal(shown(new HTTPHeaders()), 'HTTPHeaders {}');
  });

  test('without credentials, cookies, tokens, and userinfo in URLs', () => {
    const secret = [
      'Authorization',
      'proxy-authorization',
      'COOKIE',
      'Set-Cookie',
      'X-Api-Key',
      'X-Amz-Security-Token',
      ...['X-Auth', 'X-Auth-Key', 'X-Access-Key', 'Ocp-Apim-Subscription-Key', 'x-functions-key', 'Authentication'],
      ...['Mcp-Session-Id', 'Cf-Access-Jwt-Assertion', 'X-GitHub-OTP', 'X-Passwd'],
    ];
    for (const name of secret) {
      const headers = new HTTPHeaders([[name, `Basic ${CREDENTIALS}`]]);
      assert.equal(headers.withoutSecrets().get(name), '***');
      assert.match(shown(headers), /: '\*\*\*' \}$/);
    }
    const harmless = { 'WWW-Authenticate': 'Basic realm="a"', 'Sec-WebSocket-Key': 'a', Author: 'b', Passage: 'c' };
    assert.deepEqual([...new HTTPHeaders(harmless).withoutSecrets()], [...new HTTPHeaders(harmless)]);
    const referrer = new HTTPHeaders({ Referer: `http://user:${SECRET}@a.test/x@y`, Server: 'a' });
    assert.equal(shown(referrer), "HTTPHeaders { Referer: 'http://***@a.test/x@y', Server: 'a' }");
  });

  test('and are not changed by it: what they hold is there, and so it is in their own JSON', () => {
    const headers = headersOfSection(`Set-Cookie: ${SECRET}\r\n`);
    assert.equal(shown(headers), "HTTPHeaders { 'Set-Cookie': '***' }");
    assert.equal(headers.get('Set-Cookie'), SECRET);
    assert.equal(JSON.stringify(headers), `{"set-cookie":["${SECRET}"]}`);
  });

  test('with what inspect() was asked for: colours, depth', () => {
    const headers = new HTTPHeaders({ A: 'b' });
    assert.equal(inspect(headers, { colors: true }), "HTTPHeaders { A: \u001b[32m'b'\u001b[39m }");
    assert.equal(inspect({ a: { headers } }, { depth: 1 }), '{ a: { headers: [HTTPHeaders] } }');
    assert.equal(inspect(headers, { compact: false }), "HTTPHeaders {\n  A: 'b'\n}");
  });
});

describe('a connection is shown', () => {
  test('with where it leads, how far it is, and what is under way', () => {
    using server = startScriptedServer([[expectHead(), send(ok('0123456789')), expectEnd()]]);
    const connection = connectionTo(server);
    const rest = (state: string, pending = '[]'): string =>
      `{ server: '${server.authority}', tls: false, state: '${state}', pendingRequests: ${pending} }`;
    assert.equal(shown(connection), `HTTPConnection ${rest('not connected')}`);
    connection.cork();
    assert.equal(shown(connection), `HTTPConnection ${rest('not connected')}`);
    connection.uncork();
    connection.connect();
    assert.equal(shown(connection), `HTTPConnection ${rest('connected')}`);
    connection.sendRequest('GET', '/a?b');
    assert.equal(shown(connection), `HTTPConnection ${rest('connected', "[ 'GET /a?b (sent)' ]")}`);
    connection.readResponse();
    connection.read(1);
    const half = rest('connected', "[ 'GET /a?b (answered)' ]");
    assert.equal(shown(connection), `HTTPConnection ${half}`);
    assert.equal(shown(connection.promises), `ConnectionPromises { connection: HTTPConnection ${half} }`);
    assert.equal(connection.readText(), '123456789');
    connection.disconnect();
    assert.equal(shown(connection), `HTTPConnection ${rest('closed')}`);
  });

  test('while it connects, and after it was lost', () => {
    using server = startScriptedServer([[expectHead(), send('HTTP/1.1 200 OK\r\n'), close()]]);
    using connection = connectionTo(server);
    const connecting = connection.coConnect();
    suspend(connecting);
    assert.match(shown(connection), /state: 'connecting \(connect\)'/);
    finish(connecting);
    connection.sendRequest('GET', '/');
    assert.throws(() => connection.readResponse());
    assert.match(shown(connection), /state: 'lost: /);
  });

  test('that takes no more requests, or has left HTTP', () => {
    const switching = response('101 Switching Protocols', ['Connection: upgrade', 'Upgrade: chat']);
    using server = startScriptedServer([
      [expectHead(), send(ok('', 'Connection: close')), expectEnd()],
      [expectHead(), send(switching), expectEnd()],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.match(shown(connection), /state: 'connected, takes no more requests'/);
    connection.disconnect();
    connection.sendRequest('GET', '/', { upgrade: 'chat' });
    connection.readResponse();
    assert.match(shown(connection), /state: 'connected, HTTP has ended'/);
  });

  test('with its proxy and the path of a Unix socket, but no credentials', () => {
    const options = { proxy: `http://user:${SECRET}@proxy.test:3128`, tls: true } as const;
    const connection = new HTTPConnection('a.test', options);
    const text = "{ server: 'a.test:443', proxy: 'proxy.test:3128', tls: true, state: 'not connected'";
    assert.equal(shown(connection), `HTTPConnection ${text}, pendingRequests: [] }`);
    const headers = { 'Proxy-Authorization': `Basic ${CREDENTIALS}` };
    const parts = new HTTPConnection('a.test', { proxy: { hostname: 'proxy.test', port: 1, headers } });
    for (const each of [connection, connection.promises, parts]) assertHidden(each);
    assert.match(shown(new HTTPConnection('a.test', { socketPath: '/run/a' })), /socketPath: '\/run\/a'/);
  });

  test('with what encrypts it', () => {
    using server = trust.serve([[expectEnd()]]);
    using connection = trust.connectTo(server);
    connection.connect();
    assert.match(shown(connection), /tls: 'TLSv1\.3 TLS_\w+', state: 'connected'/);
  });

  test('without the credentials of a URL in the path of a request, as is its response', () => {
    using server = startScriptedServer([[expectHead(), send(ok('x')), expectEnd()]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', `/get?of=https://user:${SECRET}@a.test/b`);
    assert.match(shown(connection), /'GET \/get\?of=https:\/\/\*\*\*@a.test\/b \(sent\)'/);
    assertHidden(connection);
    const got = connection.readResponse();
    assertHidden(got);
    assert.ok(got.path.includes(SECRET));
    assert.equal(JSON.parse(JSON.stringify(got)).path, '/get?of=https://***@a.test/b');
  });

  test('where looking at it in the middle of everything changes nothing', () => {
    const script: Script = [expectHead(), expectHead(), send(ok('one') + ok('two')), expectEnd()];
    using server = startScriptedServer([script]);
    using connection = connectionTo(server);
    const look = (): void => assertHidden([connection, connection.promises]);
    look();
    connection.sendRequest('GET', '/1', { headers: { Authorization: SECRET } });
    look();
    connection.sendRequest('GET', '/2', { headers: { Cookie: SECRET } });
    for (const text of ['one', 'two']) {
      look();
      connection.readResponse();
      look();
      assert.equal(connection.readText(), text);
    }
    look();
  });
});

describe('responses are shown', () => {
  test('with status, reason, fields and length, trailers once they are there, and no cookies, also in JSON', () => {
    const chunked = ['Transfer-Encoding: chunked', ...SECRET_FIELDS];
    using server = startScriptedServer([
      [expectHead(), send(response('200 OK', chunked, '1\r\na\r\n0\r\nA: b\r\n\r\n')), expectEnd()],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/a');
    const got = connection.readResponse();
    const begin = "HTTPResponse { method: 'GET', path: '/a', status: 200, reason: 'OK', httpVersion: '1.1', ";
    const fields = "'Transfer-Encoding': 'chunked', 'Set-Cookie': [ '***', '***' ], Location: 'http://***@a.test/b'";
    assert.equal(shown(got), `${begin}headers: HTTPHeaders { ${fields} }, length: null }`);
    connection.discard();
    assert.match(shown(got), /length: null, trailers: HTTPHeaders \{ A: 'b' \} \}$/);
    assertHidden(got);
    assert.deepEqual(JSON.parse(JSON.stringify(got)).headers['set-cookie'], ['***', '***']);
    assert.deepEqual(Object.keys(got), ['method', 'path', 'status', 'reason', 'httpVersion', 'headers', 'length']);
  });

  test('that fetchSync gives, as well', () => {
    using server = startScriptedServer([[expectHead(), send(ok('body', ...SECRET_FIELDS)), close()]]);
    const got = fetchSync(`http://user:${SECRET}@${server.authority}/`, { proxy: false });
    assertHidden(got);
    assert.match(shown(got), /^SyncResponse \{ status: 200, .*'\*\*\*'.*, length: 4 \}$/);
  });

  test('of several ranges: with the connection that they are read from', () => {
    const range = ['Content-Range: bytes 0-3/10', 'Content-Length: 4', ...SECRET_FIELDS];
    using server = startScriptedServer([[expectHead(), send(response('206 Partial', range, 'abcd')), expectEnd()]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    const reader = new ByterangesReader(connection, connection.readResponse());
    assert.match(shown(reader), /^ByterangesReader \{ multipart: false, done: false, connection: HTTPConnection \{/);
    assert.match(shown(reader.promises), /^ByterangesPromises \{ reader: ByterangesReader \{/);
    assertHidden(reader);
    const part = reader.nextPart();
    assertHidden({ ...part, headers: part?.headers.withoutSecrets() });
    assert.equal(reader.readAll().toString(), 'abcd');
  });
});

describe('coroutines and what runs them are shown', () => {
  test('a need with the names of what is waited for, and when it is due', () => {
    assert.equal(shown(new PollNeeded(5, POLLIN | POLLOUT)), "PollNeeded { fd: 5, mask: 'POLLIN | POLLOUT' }");
    assert.equal(shown(new PollNeeded(5, POLLOUT)), "PollNeeded { fd: 5, mask: 'POLLOUT' }");
    const due = new PollNeeded(-1, 0, { deadline: 7 });
    assert.match(shown(due), /^PollNeeded \{ fd: -1, mask: '0', deadline: 7, dueIn: '-\d+ ms' \}$/);
  });

  test('a future with what it waits for, what came of it, or why nothing did', async () => {
    using server = startScriptedServer([[expectHead(), expectEnd()]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    const pending = connection.promises.readResponse();
    assert.match(
      shown(pending),
      /^AioFuture \{ status: 'pending', waitingFor: PollNeeded \{ fd: \d+, mask: 'POLLIN' \} \}$/,
    );
    pending.cancel(new Error('enough'));
    await assert.rejects(pending);
    assert.match(shown(pending), /^AioFuture \{\s+status: 'rejected',\s+reason: Error: enough/);
    const fulfilled = new AioFuture(coResult(new HTTPHeaders({ Cookie: SECRET })));
    assert.equal(shown(fulfilled), "AioFuture { status: 'fulfilled', value: HTTPHeaders { Cookie: '***' } }");
    assertHidden(fulfilled);
    assert.equal((await fulfilled).get('cookie'), SECRET);
  });

  test('a future that was rejected, which looking at it does not handle', async () => {
    const rejected = new AioFuture(coFailure(new Error('why')));
    assert.match(shown(rejected), /reason: Error: why/);
    await assert.rejects(rejected, /why/);
  });

  test('loops, their tasks and pollers', () => {
    using loop = new PollLoop();
    const task = loop.createTask(coResult(42));
    assert.equal(shown(loop), 'PollLoop { size: 1, closed: false }');
    assert.equal(shown(task), "Task { status: 'pending', waitingFor: undefined }");
    loop.runUntilComplete(task);
    assert.equal(shown(task), "Task { status: 'fulfilled', value: 42 }");
    const failed = loop.createTask(coFailure(new Error('why')));
    assert.throws(() => loop.runUntilComplete(failed));
    assert.match(shown(failed), /^Task \{\s+status: 'rejected',\s+reason: Error: why/);
    loop.close();
    assert.equal(shown(loop), 'PollLoop { size: 0, closed: true }');
    using poller = new Poller();
    assert.equal(shown(poller), `Poller { fd: ${poller.fd}, size: 0, closed: false }`);
  });

  test('a body that follows, with its length', () => {
    assert.equal(shown(new BodyFollowing(3)), 'BodyFollowing { length: 3 }');
  });
});

describe('what holds bytes and keys is shown without them', () => {
  test('a TLS context', () => {
    const { cert, key } = trust.certificate;
    const context = new TLSContext({ cert, key, passphrase: SECRET, servername: 'a.test', ca: trust.ca });
    assert.equal(shown(context), "TLSContext { rejectUnauthorized: true, servername: 'a.test' }");
    assertHidden(context);
    assert.doesNotMatch(allForms(context), /PRIVATE KEY/);
    assert.ok(!Object.values(context).some((value) => value instanceof Uint8Array));
  });

  test('a TLS session to resume', () => {
    using server = trust.serve([[expectHead(), send(ok('')), expectEnd()]]);
    using connection = trust.connectTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    const session = connection.getSession() as Buffer;
    const context = new TLSContext({ ca: trust.ca, session });
    assert.equal(shown(context), "TLSContext { rejectUnauthorized: true, session: '***' }");
    const forms = allForms(context) + inspect(context, { customInspect: false, depth: null, showHidden: true });
    for (const bytes of [
      session.toString('hex').slice(0, 40),
      [...session.subarray(0, 10)].join(),
      /<Buffer|Uint8Array/,
    ])
      assert.ok(typeof bytes === 'string' ? !forms.includes(bytes) : !bytes.test(forms), forms);
  });

  test('the protocol without I/O, and its buffers', () => {
    const protocol = start();
    protocol.sendRequest('GET', '/', { headers: { Authorization: SECRET } });
    protocol.input.push(Buffer.from(`HTTP/1.1 200 OK\r\nSet-Cookie: ${SECRET}\r\n`));
    assert.match(shown(protocol), /^ClientProtocol \{ sendState: 'idle', receiveState: 'idle', pendingRequests: \[ \{/);
    assert.match(shown(protocol), /input: ReceiveBuffer \{ length: \d+, received: \d+ \}/);
    assert.match(shown(protocol), /output: SendBuffer \{ length: \d+, sent: \d+ \}/);
    assertHidden(protocol);
    const bytes = [...Buffer.from(SECRET)].join();
    assert.ok(!JSON.stringify(protocol).includes(bytes));
    protocol.input.push(Buffer.from('Content-Length: 0\r\n\r\n'));
    assert.equal(protocol.nextResponse()?.head.headers.get('set-cookie'), SECRET);
  });
});

describe('errors are shown with what they know', () => {
  test('requests that were lost, phase and counts', () => {
    using server = startScriptedServer([[expectHead(), close()]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/a', { headers: { Authorization: SECRET } });
    const error = (() => {
      try {
        return connection.readResponse();
      } catch (reason) {
        return reason;
      }
    })();
    assertHidden(error);
    const text = shown(error);
    assert.match(text, /code: 'DUGONG_CONNECTION_CLOSED'/);
    assert.match(text, /phase: 'receive'/);
    assert.match(text, /lostRequests: \[ \{ method: 'GET', path: '\/a', mayHaveBeenProcessed: true \} \]/);
  });

  test('the answer of a proxy, with its body as text', () => {
    const refusal = response('407 No', ['Content-Length: 5', ...SECRET_FIELDS], '<br/>');
    using proxy = startScriptedServer([[expectHead(), send(refusal), expectEnd()]]);
    const error = failure(through(proxy));
    assert.ok(error instanceof ProxyError);
    assertHidden(error);
    assert.match(
      shown(error),
      /answer: ProxyRefusal \{ status: 407, reason: 'No', headers: HTTPHeaders \{.*body: '<br\/>' \}/,
    );
    assert.equal(JSON.parse(JSON.stringify(error)).answer.body, '<br/>');
    assert.equal(new HTTPHeaders(error.answer?.headers).getAll('set-cookie')[0], `id=${SECRET}`);
  });
});

describe('looking', () => {
  const classes = [HTTPConnection, HTTPHeaders, AioFuture, PollNeeded, TLSContext, ByterangesReader, Poller, PollLoop];

  test('does not throw for a prototype, a stub or a proxy, which are shown as any object is', () => {
    for (const { prototype } of classes) {
      for (const each of [prototype, Object.create(prototype)]) assert.equal(typeof inspect(each), 'string');
    }
    // From Node 26 on, it says that it is a proxy.
    assert.match(shown(new Proxy(new HTTPHeaders({ A: 'b' }), {})), /^(Proxy\()?HTTPHeaders \{\}\)?$/);
  });

  test('names the class of the caller that extends one', () => {
    class Mine extends HTTPHeaders {}
    assert.equal(shown(new Mine({ A: 'b' })), "Mine { A: 'b' }");
  });

  test('adds nothing that is enumerated, so that objects are compared and copied as before', () => {
    for (const { prototype } of classes) {
      assert.deepEqual(Object.keys(prototype), []);
      const names: string[] = [];
      for (const name in prototype) names.push(name);
      assert.deepEqual(names, []);
    }
    assert.deepEqual(new BodyFollowing(3), new BodyFollowing(3));
    assert.deepEqual(new PollNeeded(1, POLLIN), new PollNeeded(1, POLLIN));
    assert.notDeepEqual(new PollNeeded(1, POLLIN), new PollNeeded(1, POLLOUT));
    assert.deepEqual({ ...new PollNeeded(1, POLLIN) }, { fd: 1, mask: 1, deadline: undefined });
  });
});
