/** What is made of published messages: the phases of requests, and how connections were made. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { HTTPConnection, type HTTPResponse } from 'dugong';
import {
  type RecordedConnection,
  type RecordedRequest,
  Recording,
  type RequestPhases,
} from '../../src/cli/recording.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { ok } from '../support/messages.ts';
import { expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { publish, traced } from '../support/traced-pipeline.ts';

class Kept {
  readonly connections: RecordedConnection[] = [];
  readonly requests: RecordedRequest[] = [];
  readonly recording: Recording = new Recording(this);

  connection(connection: RecordedConnection): void {
    this.connections.push(connection);
  }

  request(request: RecordedRequest): void {
    this.requests.push(request);
  }
}

const origin = 'http://server.example';
const response = { status: 200 } as HTTPResponse;

/** Phases that are not named have no length. */
function phases(lengths: Partial<RequestPhases>): RequestPhases {
  return { blocked: 0, send: 0, held: 0, wait: 0, receive: 0, ...lengths };
}

describe('of published messages', () => {
  let time = 0;
  let kept: Kept;
  let connection: HTTPConnection;

  beforeEach(() => {
    time = 1000;
    mock.method(performance, 'now', () => time);
    kept = new Kept();
    kept.recording.start();
    connection = new HTTPConnection(origin);
  });
  afterEach(() => {
    kept.recording.stop();
    mock.restoreAll();
  });

  /** Publishes at a time in ms since the beginning. */
  function at(since: number, ...message: Parameters<typeof publish>): void {
    time = 1000 + since;
    publish(...message);
  }

  test('the phases of a request follow one another', () => {
    const request = traced(origin, '/a?b');
    at(1, 'dugong:request:create', { request });
    at(2, 'dugong:connection:create', { connection, origin });
    at(6, 'dugong:connection:open', { connection, origin });
    at(7, 'dugong:request:send', { request, connection, reused: false });
    at(9, 'dugong:request:sent', { request });
    at(20, 'dugong:request:headers', { request, response });
    at(25, 'dugong:request:end', { request, response, bytes: 7 });
    const [ended] = kept.requests;
    assert.ok(ended);
    assert.deepEqual(ended.phases, { blocked: 6, send: 2, held: 0, wait: 11, receive: 5 });
    assert.deepEqual([ended.create, ended.end, ended.bytes, ended.error], [1, 25, 7, undefined]);
    assert.deepEqual([ended.origin, ended.path, ended.first], [origin, '/a?b', true]);
    const { number, create, open, firstUse, lastEnd } = kept.connections[0] as RecordedConnection;
    assert.deepEqual(
      { number, create, open, firstUse, lastEnd },
      { number: 1, create: 2, open: 6, firstUse: 7, lastEnd: 25 },
    );
    assert.equal(ended.connection, kept.connections[0]);
  });

  test('a response is held until the one before it on the connection has ended', () => {
    const [one, two, three] = ['/1', '/2', '/3'].map((path) => traced(origin, path));
    assert.ok(one && two && three);
    for (const request of [one, two]) {
      at(0, 'dugong:request:create', { request });
      at(0, 'dugong:request:send', { request, connection, reused: false });
      at(1, 'dugong:request:sent', { request });
    }
    at(10, 'dugong:request:headers', { request: one, response });
    at(15, 'dugong:request:end', { request: one, response, bytes: 1 });
    at(17, 'dugong:request:headers', { request: two, response });
    at(18, 'dugong:request:end', { request: two, response, bytes: 1 });
    at(20, 'dugong:request:create', { request: three });
    at(20, 'dugong:request:send', { request: three, connection, reused: true });
    at(21, 'dugong:request:sent', { request: three });
    at(30, 'dugong:request:headers', { request: three, response });
    at(30, 'dugong:request:end', { request: three, response, bytes: 1 });
    assert.deepEqual(
      kept.requests.map((each) => each.phases),
      [
        phases({ send: 1, wait: 9, receive: 5 }),
        phases({ send: 1, held: 14, wait: 2, receive: 1 }),
        phases({ send: 1, wait: 9 }),
      ],
    );
    assert.deepEqual(
      kept.requests.map(({ first }) => first),
      [true, false, false],
    );
  });

  test('responses on another connection hold nothing', () => {
    const [one, two] = [traced(origin, '/1'), traced(origin, '/2')];
    const other = new HTTPConnection(origin);
    for (const request of [one, two]) at(0, 'dugong:request:create', { request });
    at(0, 'dugong:request:send', { request: one, connection, reused: false });
    at(0, 'dugong:request:send', { request: two, connection: other, reused: false });
    at(0, 'dugong:request:sent', { request: two });
    at(5, 'dugong:request:end', { request: one, response, bytes: 0 });
    at(9, 'dugong:request:headers', { request: two, response });
    at(9, 'dugong:request:end', { request: two, response, bytes: 0 });
    assert.deepEqual(kept.requests[1]?.phases, phases({ wait: 9 }));
  });

  test('an answer before the whole request has been sent ends its sending', () => {
    const request = traced(origin, '/');
    at(0, 'dugong:request:create', { request });
    at(0, 'dugong:request:send', { request, connection, reused: false });
    at(5, 'dugong:request:headers', { request, response });
    at(8, 'dugong:request:sent', { request });
    at(9, 'dugong:request:end', { request, response, bytes: 0 });
    assert.deepEqual(kept.requests[0]?.phases, phases({ send: 5, receive: 4 }));
  });

  test('a failed request ends in the phase that it had reached', () => {
    const error = new Error('lost\n');
    const [blocked, sending, waiting] = ['/1', '/2', '/3'].map((path) => traced(origin, path));
    assert.ok(blocked && sending && waiting);
    for (const request of [blocked, sending, waiting]) at(0, 'dugong:request:create', { request });
    at(3, 'dugong:request:send', { request: waiting, connection, reused: false });
    at(4, 'dugong:request:sent', { request: waiting });
    at(5, 'dugong:request:send', { request: sending, connection, reused: false });
    for (const request of [waiting, sending, blocked]) at(9, 'dugong:request:error', { request, error });
    assert.deepEqual(
      kept.requests.map((each) => [each.path, each.error, each.phases]),
      [
        ['/3', 'lost\\u000a', phases({ blocked: 3, send: 1, wait: 5 })],
        ['/2', 'lost\\u000a', phases({ blocked: 5, send: 4 })],
        ['/1', 'lost\\u000a', phases({ blocked: 9 })],
      ],
    );
  });

  test('what is under way at the end counts as failed, and later messages do not count', () => {
    const [one, two] = [traced(origin, '/1'), traced(origin, '/2')];
    at(0, 'dugong:request:create', { request: one });
    time = 1007;
    kept.recording.stop();
    at(9, 'dugong:request:create', { request: two });
    at(9, 'dugong:request:end', { request: two, response, bytes: 0 });
    assert.deepEqual(
      kept.requests.map((each) => [each.path, each.error, each.phases.blocked]),
      [['/1', 'not finished when the recording ended', 7]],
    );
  });

  test('requests and connections that began before the recording are left out, or found as they are', () => {
    at(3, 'dugong:request:sent', { request: traced(origin, '/before') });
    at(3, 'dugong:request:end', { request: traced(origin, '/before'), response, bytes: 1 });
    at(4, 'dugong:connection:open', { connection, origin });
    assert.deepEqual([kept.requests, kept.connections], [[], []]);
    const request = traced(origin, '/');
    at(5, 'dugong:request:create', { request });
    at(6, 'dugong:request:send', { request, connection, reused: true });
    assert.deepEqual([kept.connections[0]?.create, kept.connections[0]?.open], [6, undefined]);
  });

  test('an HTTPConnection that connects again is another connection', () => {
    for (const since of [1, 2]) at(since, 'dugong:connection:create', { connection, origin });
    at(3, 'dugong:connection:open', { connection, origin });
    assert.deepEqual(
      kept.connections.map(({ number, open }) => [number, open]),
      [
        [1, undefined],
        [2, 3],
      ],
    );
  });

  test('credentials in a path are hidden', () => {
    const request = traced(origin, '/?to=https://user:password@other.example/');
    at(0, 'dugong:request:create', { request });
    at(1, 'dugong:request:error', { request, error: 'given up' });
    assert.equal(kept.requests[0]?.path, '/?to=https://***@other.example/');
  });
});

describe('of createFetch', () => {
  test('a request has its response, its bytes and its connection with the steps of connecting', async () => {
    using server = startScriptedServer([[expectHead(), send(ok('abc')), expectHead(), send(ok('de'))]]);
    const kept = new Kept();
    kept.recording.start();
    const fetch = createFetch(direct);
    for (const path of ['/1', '/2']) await (await fetch(`http://${server.authority}${path}`)).text();
    kept.recording.stop();
    assert.deepEqual(
      kept.requests.map(({ path, bytes, first, response }) => [path, bytes, first, response?.status]),
      [
        ['/1', 3, true, 200],
        ['/2', 2, false, 200],
      ],
    );
    assert.equal(kept.connections.length, 1);
    const [{ steps, remoteAddress, origin, open = Number.NaN, create, firstUse = Number.NaN }] = kept.connections as [
      RecordedConnection,
    ];
    assert.deepEqual(
      steps.map(({ phase }) => phase),
      ['resolve', 'connect'],
    );
    assert.deepEqual([remoteAddress, origin], ['127.0.0.1', `http://${server.authority}`]);
    assert.ok(create <= open && open <= firstUse);
    for (const { phases, create, end } of kept.requests) {
      const sum = Object.values(phases).reduce((total, each) => total + each, 0);
      assert.ok(Math.abs(sum - (end - create)) < 0.001);
    }
  });

  test('a connection that cannot be made says why', async () => {
    const kept = new Kept();
    kept.recording.start();
    await assert.rejects(createFetch(direct)('http://127.0.0.1:10/'));
    kept.recording.stop();
    assert.match(kept.connections[0]?.error ?? '', /ECONNREFUSED/);
    assert.match(kept.requests[0]?.error ?? '', /ECONNREFUSED/);
    assert.equal(kept.requests[0]?.connection, undefined);
  });
});
