import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BodyFollowing, type HTTPResponse } from '../../src/index.ts';
import { ok, requestHead, response } from '../support/messages.ts';
import {
  end,
  expect,
  expectBytes,
  expectEnd,
  expectHead,
  gate,
  mark,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { connectionTo, suspendForGood, waysOfWaiting } from '../support/waiting.ts';

const goOn = response('100 Continue', ['X-Note: go on']);
const noContent = response('204 No Content');
const body = Buffer.alloc(256, 'x');
const stateError = { name: 'StateError', code: 'DUGONG_STATE' };
const expecting = () => ({ body: new BodyFollowing(body.length), expect100: true });
const framing = { framing: [`Content-Length: ${body.length}`, 'Expect: 100-continue'] };

describe('100 (Continue) [RFC 9110 10.1.1]', () => {
  for (const { name, run } of waysOfWaiting) {
    test(`that is refused sends no body and leaves the connection; then one is granted (${name})`, async () => {
      using server = startScriptedServer(({ authority }) => [
        [
          expect(requestHead(authority, 'PUT /1', framing)),
          send(response('403 Forbidden', ['Content-Length: 9'], 'forbidden')),
          expect(requestHead(authority, 'PUT /2', framing)),
          send(goOn),
          expect(body),
          send(noContent),
          expectEnd(),
        ],
      ]);
      using connection = connectionTo(server);
      await run(connection.coSendRequest('PUT', '/1', expecting()));
      const refusal = await run(connection.coReadResponse());
      assert.deepEqual([refusal.status, refusal.path, refusal.length], [403, '/1', 9]);
      await run(connection.coDiscard());
      await run(connection.coSendRequest('PUT', '/2', expecting()));
      const grant = await run(connection.coReadResponse());
      assert.deepEqual([grant.status, grant.reason, grant.path, grant.length], [100, 'Continue', '/2', 0]);
      assert.equal(grant.headers.get('x-note'), 'go on');
      assert.equal(connection.responsePending(), false);
      await run(connection.coWrite(body));
      assert.equal(connection.responsePending(), true);
      const answer = await run(connection.coReadResponse());
      assert.deepEqual([answer.status, answer.length], [204, 0]);
      connection.disconnect();
      server.check();
    });

    test(`that never comes is assumed after continueTimeout (${name})`, async () => {
      using server = startScriptedServer([[expectHead(), expect(body), send(noContent)]]);
      using connection = connectionTo(server, { continueTimeout: 40 });
      await run(connection.coSendRequest('PUT', '/', expecting()));
      const before = performance.now();
      const assumed = await run(connection.coReadResponse());
      assert.ok(performance.now() - before >= 39);
      assert.deepEqual([assumed.status, assumed.reason, assumed.path, assumed.headers.size], [100, '', '/', 0]);
      await run(connection.coWrite(body));
      assert.equal((await run(connection.coReadResponse())).status, 204);
    });
  }

  test('that comes too late is skipped', () => {
    using server = startScriptedServer([
      [expectHead(), gate('late'), send(goOn), expect(body), send(noContent), expectHead(), send(ok('next'))],
    ]);
    using connection = connectionTo(server, { continueTimeout: 10 });
    connection.sendRequest('PUT', '/', expecting());
    assert.equal(connection.readResponse().reason, '');
    server.open('late');
    connection.write(body);
    assert.equal(connection.readResponse().status, 204);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.equal(connection.readText(), 'next');
  });

  test('that was there in time counts, however late the coroutine is resumed', () => {
    using server = startScriptedServer([[expectHead(), gate('answer'), send(goOn), mark('answered')]]);
    using connection = connectionTo(server, { continueTimeout: 0 });
    connection.sendRequest('PUT', '/', expecting());
    server.open('answer');
    server.waitFor('answered');
    assert.equal(connection.readResponse().headers.get('x-note'), 'go on');
  });

  test('comes twice, or after other informational responses: these are skipped and reported [RFC 9110 15.2]', () => {
    const informational: HTTPResponse[] = [];
    const hints = response('103 Early Hints', ['Link: </a.css>']);
    using server = startScriptedServer([
      [
        expectHead(),
        send(hints + response('102 Processing') + goOn + hints),
        expect(body),
        send(goOn + hints + noContent),
      ],
    ]);
    using connection = connectionTo(server, { onInformational: (message) => informational.push(message) });
    connection.sendRequest('PUT', '/x', expecting());
    assert.equal(connection.readResponse().status, 100);
    assert.deepEqual(
      informational.map(({ status }) => status),
      [103, 102],
    );
    connection.write(body);
    assert.equal(connection.readResponse().status, 204);
    assert.deepEqual(
      informational.map(({ status, path }) => [status, path]).filter(([status]) => status === 103),
      [103, 103, 103].map((status) => [status, '/x']),
    );
    assert.equal(informational[0]?.headers.get('link'), '</a.css>');
  });

  test('is waited for behind the responses to earlier requests', () => {
    using server = startScriptedServer([
      [expectHead(), expectHead(), expectHead(), send(ok('one') + ok('two') + goOn), expect(body), send(noContent)],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    connection.sendRequest('GET', '/2');
    connection.sendRequest('PUT', '/3', expecting());
    for (const text of ['one', 'two']) {
      assert.throws(() => connection.write(body), stateError);
      assert.equal(connection.readResponse().status, 200);
      assert.throws(() => connection.write(body), stateError);
      assert.equal(connection.readText(), text);
    }
    assert.equal(connection.readResponse().status, 100);
    connection.write(body);
    assert.equal(connection.readResponse().path, '/3');
  });

  test('for an earlier request that did not ask is skipped, and grants nothing', () => {
    using server = startScriptedServer([
      [expectHead(), expectHead(), send(goOn + ok('one') + goOn), expect(body), send(noContent)],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    connection.sendRequest('PUT', '/2', expecting());
    assert.equal(connection.readResponse().status, 200);
    connection.discard();
    assert.throws(() => connection.write(body), stateError);
    assert.equal(connection.readResponse().status, 100);
    connection.write(body);
    assert.equal(connection.readResponse().status, 204);
  });

  for (const [what, call] of [
    ['a new request', (connection: ReturnType<typeof connectionTo>) => connection.sendRequest('GET', '/')],
    ['a write', (connection: ReturnType<typeof connectionTo>) => connection.write(body)],
    ['the end of the body', (connection: ReturnType<typeof connectionTo>) => connection.endBody()],
    ['raw bytes', (connection: ReturnType<typeof connectionTo>) => connection.writeRaw(body)],
  ] as const) {
    test(`is waited for: ${what} in between is a StateError, and the answer stays readable`, () => {
      using server = startScriptedServer([[expectHead(), mark('asked'), gate('answer'), send(noContent), expectEnd()]]);
      using connection = connectionTo(server);
      connection.sendRequest('PUT', '/', expecting());
      server.waitFor('asked');
      assert.throws(() => call(connection), stateError);
      server.open('answer');
      assert.equal(connection.readResponse().status, 204);
      connection.disconnect();
      server.check();
    });
  }

  test('that was refused lets no body be written', () => {
    using server = startScriptedServer([[expectHead(), send(response('417 No', ['Content-Length: 0'])), expectEnd()]]);
    using connection = connectionTo(server);
    connection.sendRequest('PUT', '/', expecting());
    assert.equal(connection.readResponse().status, 417);
    assert.throws(() => connection.write(body), stateError);
    assert.throws(() => connection.write(Buffer.alloc(1)), stateError);
    assert.throws(() => connection.endBody(), stateError);
    connection.disconnect();
    server.check();
  });

  test('that was granted obliges to send the body before anything else', () => {
    using server = startScriptedServer([[expectHead(), send(goOn), expectBytes(256), send(noContent)]]);
    using connection = connectionTo(server);
    connection.sendRequest('PUT', '/', expecting());
    connection.readResponse();
    assert.throws(() => connection.readResponse(), stateError);
    assert.throws(() => connection.sendRequest('GET', '/'), stateError);
    connection.write(body.subarray(0, 255));
    assert.throws(() => connection.readResponse(), stateError);
    connection.write(body.subarray(255));
    assert.equal(connection.readResponse().status, 204);
  });

  test('refused with the end of the connection announced: the next request raises', () => {
    using server = startScriptedServer([
      [expectHead(), send(response('413 No', ['Content-Length: 0', 'Connection: close'])), expectEnd()],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('PUT', '/', expecting());
    assert.equal(connection.readResponse().status, 413);
    assert.throws(() => connection.sendRequest('GET', '/'), { name: 'ConnectionClosed', lostRequests: [] });
  });

  test('waited for on a connection that ends raises ConnectionClosed', () => {
    using server = startScriptedServer([[expectHead(), end(), expectEnd()]]);
    using connection = connectionTo(server);
    connection.sendRequest('PUT', '/', expecting());
    assert.throws(() => connection.readResponse(), { name: 'ConnectionClosed', phase: 'receive' });
  });

  test('is asked for a chunked body, too', () => {
    using server = startScriptedServer(({ authority }) => [
      [
        expect(requestHead(authority, 'PUT /', { framing: ['Transfer-Encoding: chunked', 'Expect: 100-continue'] })),
        send(goOn),
        expect('3\r\nabc\r\n0\r\n\r\n'),
        send(noContent),
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('PUT', '/', { body: new BodyFollowing(), expect100: true });
    assert.equal(connection.readResponse().status, 100);
    connection.write(Buffer.from('abc'));
    connection.endBody();
    assert.equal(connection.readResponse().status, 204);
  });

  test('cannot be asked for without a body that follows: TypeError, and nothing is sent', () => {
    using server = startScriptedServer([]);
    using connection = connectionTo(server);
    for (const given of [undefined, 'text', Buffer.from('x'), new BodyFollowing(0)]) {
      assert.throws(() => connection.sendRequest('PUT', '/', { body: given, expect100: true }), TypeError);
    }
    assert.equal(server.connections(), 0);
  });

  test('interrupted while it is waited for can be waited for again', () => {
    using server = startScriptedServer([[expectHead(), gate('answer'), send(goOn)]]);
    using connection = connectionTo(server, { continueTimeout: 60_000 });
    connection.sendRequest('PUT', '/', expecting());
    const reader = connection.coReadResponse();
    assert.ok(suspendForGood(reader).deadline !== undefined);
    assert.throws(() => reader.throw(new Error('enough')), /enough/);
    server.open('answer');
    assert.equal(connection.readResponse().headers.get('x-note'), 'go on');
  });
});
