import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  AioFuture,
  ConnectionClosed,
  type Coroutine,
  coPipeline,
  HTTPConnection,
  type PipelineFailure,
  type PipelineResult,
  pipeline,
} from '../../src/index.ts';
import {
  documentAt,
  type PipelineServerManner,
  type SeenRequest,
  startPipelineServer,
  summary,
} from '../support/pipeline-server.ts';
import { close, expectHead, startScriptedServer } from '../support/scripted-server.ts';
import { connectionTo, waysWithLoop } from '../support/waiting.ts';

const PATHS = Array.from({ length: 120 }, (_, index) => `/d${index}/${100 + index * 37}`);
const LARGE = Buffer.alloc(20_000);
/** Large bodies among them, which are sent with nothing else in flight. */
const MIXED = PATHS.map((path, index) => (index % 7 === 6 ? { method: 'PUT', path, body: LARGE } : path));

function assertComplete<R extends string | { path: string }>(
  results: readonly PipelineResult<R>[],
  requests: readonly R[],
): void {
  assert.deepEqual(
    results.map(({ request }) => request),
    requests,
  );
  for (const { request, response, body, error } of results) {
    assert.equal(error, undefined);
    assert.equal(response?.status, 200);
    assert.equal(body?.toString('latin1'), documentAt(typeof request === 'string' ? request : request.path));
  }
}

function withServer<T>(manner: PipelineServerManner, use: (connection: HTTPConnection) => T): [T, SeenRequest[]] {
  using server = startPipelineServer(manner);
  using connection = new HTTPConnection('127.0.0.1', { port: server.port, timeout: 20_000 });
  const result = use(connection);
  return [result, server.seen()];
}

describe('a pipeline', () => {
  for (const { name, run } of waysWithLoop) {
    test(`gives all responses in order, over one connection, by ${name}`, async () => {
      using server = startPipelineServer();
      using connection = new HTTPConnection('127.0.0.1', { port: server.port });
      assertComplete(await run(coPipeline(connection, PATHS)), PATHS);
      const { connections, deepest, total } = summary(server.seen());
      assert.deepEqual([connections, total], [1, PATHS.length]);
      assert.ok(deepest > 1, 'requests came one at a time');
      assert.equal(connection.reusable(), true);
    });
  }

  test('begins with one request, and stays below its depth', () => {
    const [results, seen] = withServer({}, (connection) => [...connection.pipeline(PATHS, { depth: 5 })]);
    assertComplete(results, PATHS);
    assert.equal(seen[0]?.ahead, 0);
    assert.equal(seen[1]?.ahead, 0, 'the second request came before the first response');
    assert.ok(Math.max(...seen.map(({ ahead }) => ahead)) < 5);
  });

  test('of depth 1 sends one request at a time', () => {
    const [results, seen] = withServer({}, (connection) => [...pipeline(connection, PATHS, { depth: 1 })]);
    assertComplete(results, PATHS);
    assert.equal(Math.max(...seen.map(({ ahead }) => ahead)), 0);
  });

  test('takes requests from an asynchronous iterable, as they come', async () => {
    using server = startPipelineServer();
    using connection = new HTTPConnection('127.0.0.1', { port: server.port });
    let asked = 0;
    async function* slowly(): AsyncGenerator<string> {
      for (const path of PATHS) {
        if (++asked % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
        yield path;
      }
    }
    const results: PipelineResult<string>[] = [];
    for await (const result of connection.promises.pipeline(slowly())) results.push(result);
    assertComplete(results, PATHS);
    assert.equal(summary(server.seen()).connections, 1);
  });

  test('that waits for the next request of a slow iterable has given all responses before', async () => {
    using server = startPipelineServer();
    using connection = new HTTPConnection('127.0.0.1', { port: server.port });
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    async function* requests(): AsyncGenerator<string> {
      yield '/a/10';
      yield '/b/10';
      await held;
      yield '/c/10';
    }
    const results = connection.promises.pipeline(requests());
    assert.equal((await results.next()).value?.request, '/a/10');
    assert.equal((await results.next()).value?.request, '/b/10');
    release();
    assert.equal((await results.next()).value?.request, '/c/10');
    assert.equal((await results.next()).done, true);
  });

  test('hands bodies on as they come, and drops what is not read', () => {
    const [results] = withServer({}, (connection) => [
      ...connection.pipeline(PATHS, {
        *consume({ length }): Coroutine<number> {
          return (yield* connection.coRead(50)).length + (length ?? 0);
        },
      }),
    ]);
    assert.deepEqual(
      results.map(({ body }) => body),
      PATHS.map((path) => 50 + documentAt(path).length),
    );
  });

  test('gives each result to `each`, and returns none then', async () => {
    using server = startPipelineServer();
    using connection = new HTTPConnection('127.0.0.1', { port: server.port });
    const given: PipelineResult<string>[] = [];
    const returned = await new AioFuture(coPipeline(connection, PATHS, { each: (result) => void given.push(result) }));
    assert.deepEqual(returned, []);
    assertComplete(given, PATHS);
  });

  test('that is left early lets the iterable clean up, and gives up what is in flight', () => {
    using server = startPipelineServer();
    using connection = new HTTPConnection('127.0.0.1', { port: server.port });
    let cleaned = false;
    function* requests(): Generator<string> {
      try {
        yield* PATHS;
      } finally {
        cleaned = true;
      }
    }
    for (const { index } of connection.pipeline(requests())) if (index === 10) break;
    assert.equal(cleaned, true);
    assert.deepEqual(connection.pendingRequests(), []);
    assert.equal(connection.request('GET', '/after/20').body.toString(), documentAt('/after/20'));
  });

  test('sends large bodies, and what is not idempotent, with nothing else in flight', () => {
    const requests = PATHS.slice(0, 30).map((path, index) => {
      if (index % 10 === 3) return { method: 'POST', path, body: 'form' };
      if (index % 10 === 6) return { method: 'PUT', path, body: Buffer.alloc(3_000_000) };
      return { path };
    });
    const [results, seen] = withServer({}, (connection) => [...connection.pipeline(requests)]);
    assert.equal(results.length, 30);
    for (const { request, body } of results) assert.equal(body?.toString(), documentAt(request.path));
    const after = seen.findIndex(({ method }) => method === 'POST') + 1;
    assert.equal(seen[after]?.ahead, 0, 'a request was sent behind a POST before its response');
    for (const { method, ahead } of seen) if (method !== 'GET') assert.equal(ahead, 0);
  });

  test('reports a request that cannot be sent in its place, and goes on', () => {
    const requests = [
      '/a/10',
      { path: 'no slash' },
      '/b/10',
      { method: 'CONNECT', path: 'a:1' },
      { path: '/c/10', typo: 1 },
      '/d/10',
    ];
    const [results] = withServer({}, (connection) => [...connection.pipeline(requests as string[])]);
    assert.deepEqual(
      results.map(({ error, body }) => (error === undefined ? body?.length : (error as Error).name)),
      [10, 'TypeError', 10, 'TypeError', 'TypeError', 10],
    );
  });

  test('refuses unknown options, and what is not iterable', () => {
    using connection = new HTTPConnection('127.0.0.1', { port: 1 });
    assert.throws(() => [...connection.pipeline(['/'], { deep: 3 } as object)], /no option "deep"/);
    assert.throws(() => [...connection.pipeline(['/'], { depth: 0 })], /depth/);
    assert.throws(() => [...connection.pipeline('/' as unknown as string[])], /iterable/);
  });

  test('throws when no connection can be made', () => {
    using server = startPipelineServer();
    const { port } = server;
    server.stop();
    using connection = new HTTPConnection('127.0.0.1', { port });
    assert.throws(() => [...connection.pipeline(PATHS)], { code: 'ECONNREFUSED' });
  });
});

describe('a pipeline whose server', () => {
  const manners: Record<string, PipelineServerManner> = {
    'sends chunked bodies': { chunked: true },
    'speaks HTTP/1.0': { http10: true },
    'closes after each response, and says so': { closeAfter: 1, announced: true },
    'closes after each response without a word': { closeAfter: 1 },
    'resets after each response': { closeAfter: 1, ending: 'reset' },
    'closes after 10 responses, and says so': { closeAfter: 10, announced: true },
    'closes after 10 responses without a word': { closeAfter: 10 },
    'resets after 10 responses': { closeAfter: 10, ending: 'reset' },
    'answers 400 to what comes behind another request': { errorBehind: 400 },
    'answers 503 to what comes behind another request': { errorBehind: 503 },
    'sends bytes that belong to nothing': { extra: 'garbage' },
  };
  for (const [what, manner] of Object.entries(manners)) {
    test(`${what}: still complete, and in order`, () => {
      const [results] = withServer(manner, (connection) => [...connection.pipeline(PATHS, { losses: 5 })]);
      assertComplete(results, PATHS);
      const [mixed] = withServer(manner, (connection) => [...connection.pipeline(MIXED, { losses: 5 })]);
      assertComplete(mixed, MIXED);
    });
  }

  test('speaks HTTP/1.0 gets one request at a time', () => {
    const [, seen] = withServer({ http10: true }, (connection) => [...connection.pipeline(PATHS)]);
    assert.deepEqual(summary(seen), { connections: PATHS.length, deepest: 0, most: 1, total: PATHS.length });
  });

  test('closes after each response without a word costs few requests', () => {
    const [, seen] = withServer({ closeAfter: 1 }, (connection) => [...connection.pipeline(PATHS)]);
    assert.ok(summary(seen).total < PATHS.length + 60, `${summary(seen).total} requests`);
  });

  test('announces its limit for a connection loses no more than one flight', () => {
    const [, seen] = withServer({ closeAfter: 10, announced: true }, (connection) => [...connection.pipeline(PATHS)]);
    assert.ok(summary(seen).total <= PATHS.length + 32, `${summary(seen).total} requests`);
  });

  test('loses a request of each segment: the oldest is asked for again, alone', () => {
    const [results] = withServer({ swallowSecond: true }, (connection) => [
      ...connection.pipeline(PATHS.slice(0, 40), { stallTimeout: 300 }),
    ]);
    assert.equal(results.length, 40);
  });

  test('confirms an error status is asked again twice, not each time', () => {
    const paths = PATHS.map((path, index) => (index % 3 === 1 ? `/status/404/${index}` : path));
    const [results, seen] = withServer({}, (connection) => [...connection.pipeline(paths)]);
    assert.deepEqual(
      results.map(({ response }) => response?.status),
      paths.map((path) => (path.startsWith('/status') ? 404 : 200)),
    );
    const again = paths.filter((path) => seen.filter((each) => each.path === path && each.ahead === 0).length > 1);
    assert.ok(again.length <= 4, `${again.length} asked again`);
  });

  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`cuts connections at random bytes (seed ${seed}): nothing short, nothing lost`, () => {
      const [results] = withServer({ cutWithin: 20_000, seed }, (connection) => [
        ...connection.pipeline(MIXED, { losses: 50 }),
      ]);
      assertComplete(results, MIXED);
    });
  }

  test('is lost with a POST under way gets no second one', () => {
    const requests = ['/a/10', { method: 'POST', path: '/b/10', body: 'once' }, '/c/10'];
    const [results, seen] = withServer({ closeAfter: 1, ending: 'reset' }, (connection) => [
      ...connection.pipeline(requests as string[]),
    ]);
    assert.ok(seen.filter(({ method }) => method === 'POST').length <= 1);
    assert.deepEqual(
      results.map(({ index }) => index),
      [0, 1, 2],
    );
    const post = results[1];
    if (post?.error !== undefined) assert.equal(post.mayHaveBeenProcessed, true);
    assert.equal(results[2]?.error, undefined);
  });

  test('ends each connection, later ones at once, may have processed the request', () => {
    using server = startScriptedServer([[expectHead(), close()], ...Array.from({ length: 12 }, () => [close()])]);
    using connection = connectionTo(server);
    const results = [...connection.pipeline(['/a', '/b'])];
    for (const { error } of results) assert.ok(error instanceof ConnectionClosed, String(error));
    const [{ error, losses, mayHaveBeenProcessed }] = results as [PipelineFailure<string>];
    assert.deepEqual([losses, mayHaveBeenProcessed], [4, true]);
    assert.doesNotMatch(error.message, /as soon as it was made/);
  });

  test('drops connections again and again gives up the oldest request after some', () => {
    const [results] = withServer({ cutWithin: 1 }, (connection) => [...connection.pipeline(['/a/10', '/b/10'])]);
    assert.deepEqual(
      results.map(({ error, losses }) => [(error as Error).name, losses]),
      [
        ['ConnectionClosed', 4],
        ['ConnectionClosed', 4],
      ],
    );
  });
});
