/** What the servers of the world do, right and wrong, and what the client makes of it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyFollowing, type Coroutine, HTTPConnection } from './client.ts';
import { drawnPath, path } from './network/network.ts';
import { type Answer, faultsOf, informational, MALFORMATIONS } from './servers/exchanges.ts';
import { type SeenRequest, Server, type ServerOptions } from './servers/servers.ts';
import { assertFailed, assertFulfilled, HOST, runIn, WAYS, worldWith } from './trial.ts';

const BODY = Buffer.from(Array.from({ length: 700 }, (_, index) => (index * 13) & 255));

interface Got {
  readonly status: number;
  readonly version: string;
  readonly body: Buffer;
  readonly trailers: string | undefined;
}

function* coGet(connection: HTTPConnection, method: string = 'GET'): Coroutine<Got> {
  yield* connection.coSendRequest(method, '/');
  return yield* coRead(connection);
}

function* coRead(connection: HTTPConnection): Coroutine<Got> {
  const response = yield* connection.coReadResponse();
  const body = yield* connection.coReadAll();
  return { status: response.status, version: response.httpVersion, body, trailers: response.trailers.get('X-Sum') };
}

/** Two requests, one after the other, over what connections it takes. */
function* coTwice(connection: HTTPConnection, method?: string): Coroutine<Got[]> {
  const first = yield* coGet(connection, method);
  if (!connection.reusable()) connection.disconnect();
  return [first, yield* coGet(connection, method)];
}

function serverOf(answer: Answer, options: Partial<ServerOptions> = {}): Server {
  return new Server({ name: 'server', answer: () => answer, path: (random) => drawnPath(random), ...options });
}

function connectionsOf({ log }: Server): number {
  return new Set(log.requests.map(({ connection }) => connection)).size;
}

interface Right {
  readonly answer: Answer;
  readonly method?: string;
  readonly connections?: number;
}

const RIGHT: Readonly<Record<string, Right>> = {
  'HTTP/1.0': { answer: { version: '1.0' }, connections: 2 },
  'HTTP/1.0 that goes on': { answer: { version: '1.0', keepAlive: true } },
  'HTTP/1.0 to the end of the connection': { answer: { version: '1.0', framing: 'close' }, connections: 2 },
  'odd chunks with extensions, and trailers': {
    answer: {
      framing: 'chunked',
      chunks: [1, 3, 17, 255],
      extensions: ['', ';a', ' ; b="c;d"'],
      trailers: ['X-Sum: 7'],
    },
  },
  'several informational responses, and late': {
    answer: {
      before: [informational(102), informational(103, ['Link: </a>']), informational(100), informational(199)],
      beforePause: 5,
      delay: 3,
    },
  },
  'answers in pieces': { answer: { piece: 7, pause: 1 } },
  HEAD: { answer: {}, method: 'HEAD' },
  'HEAD for chunks': { answer: { framing: 'chunked' }, method: 'HEAD' },
  '204': { answer: { status: 204 } },
  '304': { answer: { status: 304 } },
  'closing, announced': { answer: { close: 'announced' }, connections: 2 },
  'closing at once behind the answer': { answer: { close: 'abrupt', headers: ['Connection: close'] }, connections: 2 },
};

for (const way of Object.keys(WAYS)) {
  for (const [name, { answer, method, connections = 1 }] of Object.entries(RIGHT)) {
    test(`${name} by ${way}`, async () => {
      for (let seed = 1; seed <= 3; seed++) {
        const server = serverOf({ body: BODY, ...answer });
        const report = await runIn(worldWith(server, { seed }), way, function* () {
          using connection = new HTTPConnection(HOST);
          return yield* coTwice(connection, method);
        });
        assertFulfilled(report);
        const none = method === 'HEAD' || (answer.status !== undefined && answer.status < 400);
        const { status = 200, version = '1.1', trailers } = answer;
        const got: Got = { status, version, body: none ? Buffer.alloc(0) : BODY, trailers: trailers ? '7' : undefined };
        assert.deepEqual('value' in report.outcome ? report.outcome.value : [], [got, got]);
        assert.equal(connectionsOf(server), connections);
        report.world.settle();
        assert.ok(server.log.answers.every(({ complete }) => complete));
        assert.deepEqual(faultsOf(answer), []);
      }
    });
  }

  test(`answers that are malformed, by ${way}`, async () => {
    for (const malformed of MALFORMATIONS) {
      const framing = malformed.startsWith('chunk') ? 'chunked' : 'length';
      const server = serverOf({ body: BODY, malformed, framing });
      const report = await runIn(worldWith(server), way, function* () {
        using connection = new HTTPConnection(HOST);
        return yield* coGet(connection);
      });
      assertFailed(report, 'InvalidResponse', 'UnsupportedResponse', 'ConnectionClosed');
    }
  });

  test(`answers that break off, or never come, by ${way}`, async () => {
    for (const how of ['announced', 'unannounced', 'abrupt', 'reset'] as const) {
      const wrong: Answer[] = [{ instead: how }, { cut: { after: 3, how } }, { cut: { after: 300, how } }];
      for (const one of [...wrong, { cut: { after: 300, how }, framing: 'chunked' } as const]) {
        const server = serverOf({ body: BODY, ...one });
        const report = await runIn(worldWith(server), way, function* () {
          using connection = new HTTPConnection(HOST);
          return yield* coGet(connection);
        });
        assertFailed(report, 'ConnectionClosed');
        assert.equal(server.log.deeds.length, 1);
      }
    }
    for (const one of [{ instead: 'silence' }, { cut: { after: 50, how: 'silence' } }] as const) {
      const report = await runIn(worldWith(serverOf({ body: BODY, ...one })), way, function* () {
        using connection = new HTTPConnection(HOST, { timeout: 100 });
        return yield* coGet(connection);
      });
      if (report.outcome.status !== 'stuck') assertFailed(report, 'ConnectionTimedOut');
    }
  });

  test(`bytes that no request has asked for, by ${way}`, async () => {
    const stray = [
      Buffer.from('stray'),
      Buffer.from(informational(103)),
      Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    ];
    const answers: Answer[] = [{ twice: true }, ...stray.map((one) => ({ stray: one }))];
    for (const one of answers) {
      const server = serverOf({ body: BODY, ...one });
      const report = await runIn(worldWith(server, { seed: 3 }), way, function* () {
        using connection = new HTTPConnection(HOST);
        return yield* coTwice(connection);
      });
      // What comes late is an answer to the next request, for all that a client can see.
      if (report.outcome.status !== 'fulfilled') assertFailed(report, 'ConnectionClosed', 'InvalidResponse');
    }
    for (const greeting of stray) {
      const server = serverOf({ body: BODY }, { greeting: () => greeting, path: () => path() });
      const report = await runIn(worldWith(server), way, function* () {
        using connection = new HTTPConnection(HOST);
        return yield* coGet(connection);
      });
      if (report.outcome.status !== 'fulfilled') assertFailed(report, 'ConnectionClosed', 'InvalidResponse');
    }
  });

  test(`connections that end before anything was said, by ${way}`, async () => {
    for (const greeting of ['announced', 'abrupt', 'reset'] as const) {
      const server = serverOf({ body: BODY }, { greeting: () => greeting });
      const report = await runIn(worldWith(server), way, function* () {
        using connection = new HTTPConnection(HOST);
        return yield* coGet(connection);
      });
      assertFailed(report, 'ConnectionClosed', 'SystemError');
      assert.equal(server.log.requests.length, 0);
    }
  });

  test(`idle connections that end as a request is sent, by ${way}`, async () => {
    for (const how of ['unannounced', 'abrupt', 'reset', 'timeout'] as const) {
      const between = (served: number): { after: 'race'; how: typeof how } | undefined =>
        served === 1 ? { after: 'race', how } : undefined;
      const server = serverOf({ body: BODY }, { between, path: () => path() });
      const report = await runIn(worldWith(server), way, function* () {
        using connection = new HTTPConnection(HOST);
        return yield* coTwice(connection);
      });
      if (report.outcome.status !== 'fulfilled') assertFailed(report, 'ConnectionClosed');
      assert.deepEqual(
        server.log.deeds.map(({ deed }) => deed),
        [`race ${how}`],
      );
      assert.equal(server.log.requests.length, 1);
    }
  });

  test(`bodies that are expected, by ${way}`, async () => {
    const length = BODY.length;
    const coUpload = function* (connection: HTTPConnection): Coroutine<number> {
      yield* connection.coSendRequest('PUT', '/', { body: new BodyFollowing(length), expect100: true });
      const first = yield* connection.coReadResponse();
      if (first.status !== 100) return first.status;
      yield* connection.coWrite(BODY);
      const { status } = yield* connection.coReadResponse();
      yield* connection.coDiscard();
      return status;
    };
    const cases: [ServerOptions['expectation'], number, boolean][] = [
      ['grant', 200, true],
      ['never', 200, true],
      [{ late: 50 }, 200, true],
      [{ late: 2000 }, 200, true],
      ['refuse', 417, false],
      [{ refuse: { status: 403 }, body: 'none' }, 403, true],
      [{ refuse: { status: 413, close: 'abrupt' } }, 413, false],
    ];
    for (const [expectation, status, complete] of cases) {
      const server = serverOf({}, expectation === undefined ? {} : { expectation, path: () => path() });
      const report = await runIn(worldWith(server), way, function* () {
        using connection = new HTTPConnection(HOST, { continueTimeout: 500 });
        return yield* coUpload(connection);
      });
      assertFulfilled(report);
      assert.equal('value' in report.outcome ? report.outcome.value : 0, status);
      assert.equal(server.log.requests[0]?.complete, complete);
    }
  });

  test(`early answers, by ${way}`, async () => {
    const large = Buffer.alloc(200_000, 'large');
    const early: Answer[] = [
      { status: 413, close: 'announced' },
      { status: 413, close: 'abrupt' },
      { status: 413, close: 'reset' },
      { status: 403 },
      { status: 200, body: BODY },
    ];
    for (const answer of early) {
      const server = serverOf({}, { early: () => answer, pace: { size: 10_000, pause: 1 }, path: () => path() });
      const report = await runIn(worldWith(server), way, function* () {
        using connection = new HTTPConnection(HOST);
        try {
          yield* connection.coSendRequest('PUT', '/', { body: large });
        } catch (error) {
          assert.ok(error instanceof Error && error.name === 'ConnectionClosed', String(error));
        }
        return (yield* coRead(connection)).status;
      });
      if (report.outcome.status === 'fulfilled') assert.equal(report.outcome.value, answer.status);
      else assertFailed(report, 'ConnectionClosed');
      report.world.settle();
      const [{ complete } = { complete: undefined }] = server.log.requests as [SeenRequest];
      if (answer.status === 200) assert.ok(complete);
    }
  });

  test(`a body that comes back as it is sent, by ${way}`, async () => {
    const server = serverOf({}, { early: () => ({ echo: true }), pace: { size: 100, pause: 1 } });
    for (let seed = 1; seed <= 3; seed++) {
      const report = await runIn(worldWith(server, { seed }), way, function* () {
        using connection = new HTTPConnection(HOST);
        yield* connection.coSendRequest('PUT', '/', { body: new BodyFollowing() });
        yield* connection.coWrite(BODY);
        yield* connection.coEndBody({ trailers: { 'X-Sum': '7' } });
        return (yield* coRead(connection)).body;
      });
      // A server that writes before it reads on waits for a client that reads.
      if (report.outcome.status === 'fulfilled') assert.deepEqual(report.outcome.value, BODY);
      else assert.ok(report.outcome.status === 'stuck' || assertFailed(report, 'ConnectionTimedOut'));
    }
    assert.equal(server.log.requests[0]?.trailers.get('x-sum'), '7');
  });
}
