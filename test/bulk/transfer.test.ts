/** What a bulk transfer promises of every run: one result for each job, in every way of waiting, however its caller behaves. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  AioFuture,
  coAll,
  Interrupted,
  runBlocking,
  Transfer,
  type TransferJob,
  type TransferOptions,
  type TransferResult,
  type TransferSink,
} from '../../src/index.ts';
import { type Killer, startKiller } from '../support/killer.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { documentAt, type PipelineServer, startPipelineServer } from '../support/pipeline-server.ts';
import { startStalledListener } from '../support/stalled-listener.ts';
import {
  assertAtRest,
  assertDocuments,
  inOrder,
  quick,
  SinkLog,
  transferred,
  waysOfRunning,
} from '../support/transfers.ts';

const PATHS = Array.from({ length: 60 }, (_, index) => `/d${index}/${100 + index * 137}`);

function jobsAt({ url }: PipelineServer, paths: readonly string[] = PATHS): TransferJob[] {
  return paths.map((path) => ({ url: url + path }));
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

function outcomes(results: readonly TransferResult[]): string[] {
  return results.map(({ outcome }) => outcome);
}

describe('a transfer', () => {
  for (const { name, run } of waysOfRunning) {
    test(`gives one result for each job, by ${name}`, async () => {
      using server = startPipelineServer();
      const transfer = new Transfer(quick());
      const paths = [...PATHS, '/status/404/x', '/to/d1/100', '/busy/1/x', '/failing/1/x'];
      const results = inOrder(await run(transfer, jobsAt(server, paths)), transfer);
      assertDocuments(results.filter(({ index }) => index !== PATHS.length));
      assert.equal(results[PATHS.length]?.outcome, 'missing');
      assert.deepEqual(results[PATHS.length + 1]?.redirects, [{ status: 302, url: `${server.url}/to/d1/100` }]);
      assert.equal(results[PATHS.length + 2]?.attempts, 2);
    });

    test(`without jobs, and with one, by ${name}`, async () => {
      using server = startPipelineServer();
      assert.deepEqual(await run(new Transfer(quick()), []), []);
      assertDocuments(await run(new Transfer(quick()), jobsAt(server, ['/one/10'])));
    });
  }

  test('takes jobs from a slow asynchronous iterable, and begins at once', async () => {
    using server = startPipelineServer();
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    async function* jobs(): AsyncGenerator<TransferJob> {
      yield* jobsAt(server, ['/a/10', '/b/10']);
      await released;
      yield* jobsAt(server, ['/c/10']);
    }
    const results = new Transfer(quick()).promises.run(jobs());
    const first = [(await results.next()).value, (await results.next()).value] as TransferResult[];
    assertDocuments(first);
    release();
    assertDocuments([(await results.next()).value as TransferResult]);
    assert.equal((await results.next()).done, true);
  });

  test('runs several times at once, and again', async () => {
    using server = startPipelineServer();
    const transfer = new Transfer(quick());
    const run = async (): Promise<void> => {
      const results: TransferResult[] = [];
      for await (const result of transfer.promises.run(jobsAt(server))) results.push(result);
      assertDocuments(inOrder(results));
    };
    await Promise.all([run(), run()]);
    await run();
  });

  test('runs beside another one inside coAll', async () => {
    using server = startPipelineServer();
    const results: TransferResult[] = [];
    const each = (result: TransferResult): void => void results.push(result);
    const counts = await new AioFuture(
      coAll([new Transfer(quick()).coRun(jobsAt(server), each), new Transfer(quick()).coRun(jobsAt(server), each)]),
    );
    assert.deepEqual(
      counts.map(({ done }) => done),
      [PATHS.length, PATHS.length],
    );
    assertDocuments(results);
  });

  test('reports jobs that are none, and goes on', async () => {
    using server = startPipelineServer();
    const bare = Object.create(null);
    const digest = { algorithm: 'sha-0', value: Buffer.alloc(1) };
    const bad: unknown[] = [
      ...[null, 7, 'http://x/', {}, { url: '' }, { url: 'ftp://x/' }, { url: bare }, { url: 'http://127.0.0.1:0/' }],
      ...[{ digest }, { sink: 'file' }, { size: -1 }, { accepts: 1 }, { typo: 1 }, { method: 'A B' }, { etag: 5 }].map(
        (each) => ({ url: `${server.url}/a/10`, ...each }),
      ),
      ...[{ headers: { 'a b': '' } }, { body: Symbol() }, { method: 'CONNECT' }].map((each) => ({
        url: `${server.url}/a/10`,
        ...each,
      })),
      {
        get url(): string {
          throw new Error('no url');
        },
      },
    ];
    const results = await transferred([...jobsAt(server), ...bad, ...jobsAt(server)] as TransferJob[]);
    assertDocuments(results.filter(({ index }) => index < PATHS.length || index >= PATHS.length + bad.length));
    for (const { outcome, error } of results.slice(PATHS.length, PATHS.length + bad.length)) {
      assert.deepEqual([outcome, error instanceof Error], ['failed', true], String(error));
    }
  });

  test('counts the same whether the first job fails or the last', async () => {
    using server = startPipelineServer();
    for (const paths of [
      ['/status/404/x', ...PATHS],
      [...PATHS, '/status/404/x'],
    ]) {
      const transfer = new Transfer(quick());
      const results = [...transfer.run(jobsAt(server, paths))];
      assert.equal(results.length, PATHS.length + 1);
      const { done, missing } = transfer.counts;
      assert.deepEqual([done, missing], [PATHS.length, 1]);
    }
    const all = await transferred(jobsAt(server, ['/status/404/a', '/status/410/b']));
    assert.deepEqual(outcomes(all), ['missing', 'missing']);
  });

  test('takes a million of jobs no faster than their results are taken', async () => {
    const gone = startPipelineServer();
    gone.stop();
    for (const url of ['http://127.0.0.1:0/', gone.url, 'no URL']) {
      let taken = 0;
      function* jobs(): Generator<TransferJob> {
        for (; taken < 1_000_000; taken++) yield { url };
      }
      let results = 0;
      for (const { outcome } of new Transfer(quick({ attempts: 1 })).run(jobs())) {
        assert.equal(outcome, 'failed');
        if (++results === 5000) break;
      }
      assert.ok(taken < 20_000, `${taken} jobs of ${url} were taken`);
    }
  });

  test('that is left early lets the iterable clean up, abandons all bodies, and closes all connections', async () => {
    for (const when of ['run()', 'promises.run()'] as const) {
      startPipelineServer().stop();
      const descriptors = openDescriptors();
      using server = startPipelineServer();
      const log = new SinkLog();
      let cleaned = 0;
      function* jobs(): Generator<TransferJob> {
        try {
          for (let n = 0; n < 100_000; n++) yield { url: `${server.url}/d${n}/3000`, sink: log.sink(String(n)) };
        } finally {
          cleaned++;
        }
      }
      const transfer = new Transfer(quick());
      let results = 0;
      if (when === 'run()') for (const _result of transfer.run(jobs())) if (++results === 100) break;
      if (when !== 'run()') for await (const _result of transfer.promises.run(jobs())) if (++results === 100) break;
      assert.deepEqual([cleaned, log.open], [1, 0]);
      assert.deepEqual(transfer.counts.connections, []);
      server.stop();
      assert.equal(openDescriptors(), descriptors);
    }
  });

  test('fails after the results of all jobs that were taken, if the iterable fails', async () => {
    using server = startPipelineServer();
    const failure = new Error('no more jobs');
    function* jobs(): Generator<TransferJob> {
      yield* jobsAt(server);
      throw failure;
    }
    async function* later(): AsyncGenerator<TransferJob> {
      yield* jobs();
    }
    for (const source of [jobs(), later()]) {
      const results: TransferResult[] = [];
      const run = async (): Promise<void> => {
        for await (const result of new Transfer(quick()).promises.run(source)) results.push(result);
      };
      await assert.rejects(run, failure);
      assertDocuments(inOrder(results));
      assert.equal(results.length, PATHS.length);
    }
    assert.throws(() => [...new Transfer(quick()).run(jobs())], failure);
  });

  test('throws what `each` throws, and closes all', async () => {
    using server = startPipelineServer();
    const failure = new Error('each');
    const each = (): void => {
      throw failure;
    };
    const transfer = new Transfer(quick());
    assert.throws(() => runBlocking(transfer.coRun(jobsAt(server), each)), failure);
    assert.deepEqual(transfer.counts.connections, []);
  });

  test('keeps the heap flat, adds no listener for a job, and leaves no descriptor open', async () => {
    startPipelineServer().stop();
    const descriptors = openDescriptors();
    using server = startPipelineServer();
    const controller = new AbortController();
    let listeners = 0;
    const { addEventListener } = controller.signal;
    controller.signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(controller.signal, args);
    };
    function* jobs(): Generator<TransferJob> {
      for (let n = 0; n < 20_000; n++) yield { url: `${server.url}/d/50`, tag: n };
    }
    const transfer = new Transfer(quick({ signal: controller.signal }));
    const heap: number[] = [];
    let seen = 0;
    for await (const { outcome } of transfer.promises.run(jobs())) {
      assert.equal(outcome, 'done');
      if (++seen % 4000 !== 0) continue;
      collectGarbage();
      heap.push(process.memoryUsage().heapUsed);
    }
    assert.equal(seen, 20_000);
    // A leak of a result, or of a request, would be some hundred bytes of each of 12,000 jobs.
    const [early = 0, late = 0] = [heap[0], heap[3]];
    assert.ok(late < early + 3_000_000, `from ${early} to ${late} bytes`);
    assert.ok(listeners <= 1, `${listeners} listeners`);
    server.stop();
    assert.equal(openDescriptors(), descriptors);
  });
});

describe('the end of a transfer by a signal', () => {
  async function aborted(
    { jobs, ...options }: TransferOptions & { jobs: Iterable<TransferJob> | AsyncIterable<TransferJob> },
    controller: AbortController,
    heed: (result: TransferResult) => void = () => {},
  ): Promise<TransferResult[]> {
    const transfer = new Transfer({ random: () => 0, ...options, signal: controller.signal });
    const results: TransferResult[] = [];
    const run = async (): Promise<void> => {
      for await (const result of transfer.promises.run(jobs)) {
        results.push(result);
        heed(result);
      }
    };
    await assert.rejects(run, { message: 'enough' });
    assertAtRest(transfer, results);
    return inOrder(results);
  }
  const enough = new Error('enough');

  test('before its start takes no job', async () => {
    const controller = new AbortController();
    controller.abort(enough);
    let asked = 0;
    let left = 0;
    const source = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false as const, value: { url: `http://127.0.0.1:1/${asked++}` } }),
        return: () => ({ done: true as const, value: left++ }),
      }),
    };
    assert.deepEqual(await aborted({ jobs: source }, controller), []);
    assert.deepEqual([asked, left], [0, 1]);
  });

  test('while requests are in flight, heads and bodies are due, and jobs wait: all are aborted', async () => {
    for (const path of ['/never/x', '/half/200', '/drip/200']) {
      using server = startPipelineServer();
      const controller = new AbortController();
      const log = new SinkLog();
      let cleaned = 0;
      function* jobs(): Generator<TransferJob> {
        try {
          yield* PATHS.slice(0, 5).map((each) => ({ url: server.url + each, sink: log.sink(each) }));
          yield { url: server.url + path, sink: log.sink(path) };
          for (let n = 0; n < 20_000; n++) yield { url: `${server.url}/d${n}/50`, sink: log.sink(`later ${n}`) };
        } finally {
          cleaned++;
        }
      }
      const results = await aborted({ jobs: jobs(), connections: 1 }, controller, ({ index }) => {
        if (index === 0) setTimeout(() => controller.abort(enough), 50);
      });
      assert.ok(results.length > 100);
      const count = results.filter(({ outcome }) => outcome === 'aborted').length;
      assert.ok(count > 100, `${count} aborted`);
      for (const { outcome, error } of results) if (outcome === 'aborted') assert.equal(error, enough);
      assert.deepEqual([log.open, cleaned], [0, 1]);
    }
  });

  test('while it waits for another attempt', async () => {
    using server = startPipelineServer({ retryAfter: '100' });
    const controller = new AbortController();
    const jobs = jobsAt(server, ['/a/10', '/busy/9/x', '/failing/9/x']);
    const results = await aborted({ jobs, random: () => 0.9 }, controller, () => controller.abort(enough));
    assert.deepEqual(outcomes(results), ['done', 'aborted', 'aborted']);
  });

  test('while the next job is waited for', async () => {
    using server = startPipelineServer();
    const controller = new AbortController();
    let cleaned = 0;
    async function* jobs(): AsyncGenerator<TransferJob> {
      try {
        yield* jobsAt(server, ['/a/10']);
        await new Promise((resolve) => controller.signal.addEventListener('abort', resolve));
      } finally {
        cleaned++;
      }
    }
    const results = await aborted({ jobs: jobs() }, controller, () => controller.abort(enough));
    assert.deepEqual(outcomes(results), ['done']);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(cleaned, 1);
  });

  test('while connections are made', async () => {
    using listener = startStalledListener();
    const controller = new AbortController();
    const jobs = PATHS.map((path) => ({ url: `http://127.0.0.1:${listener.port}${path}` }));
    setTimeout(() => controller.abort(enough), 30);
    const results = await aborted({ jobs }, controller);
    assert.deepEqual([...new Set(outcomes(results))], ['aborted']);
  });

  for (const where of ['beforeRequest', 'afterResponse', 'accepts', 'begin', 'write', 'commit', 'next'] as const) {
    test(`in ${where}`, async () => {
      using server = startPipelineServer();
      const controller = new AbortController();
      const log = new SinkLog();
      let calls = 0;
      const abort = (here: string): void => {
        if (here === where && ++calls === 20) controller.abort(enough);
      };
      function* jobs(): Generator<TransferJob> {
        for (const path of PATHS) {
          abort('next');
          const sink = log.sink(path);
          yield {
            url: server.url + path,
            accepts: (status) => {
              abort('accepts');
              return status === 200;
            },
            sink: {
              ...sink,
              begin(...args) {
                abort('begin');
                return sink.begin(...args);
              },
              write(bytes) {
                abort('write');
                return sink.write(bytes);
              },
              commit() {
                abort('commit');
                return sink.commit();
              },
            } satisfies TransferSink,
          };
        }
      }
      const options = { beforeRequest: () => abort('beforeRequest'), afterResponse: () => abort('afterResponse') };
      const results = await aborted({ jobs: jobs(), ...options }, controller);
      assert.equal(log.open, 0);
      assert.equal(log.committed.size, results.filter(({ outcome }) => outcome === 'done').length);
    });
  }

  describe('of the system', () => {
    let killer: Killer;
    const heard = (): void => {};
    before(async () => {
      killer = await startKiller();
      process.on('SIGALRM', heard);
    });
    after(() => {
      process.removeListener('SIGALRM', heard);
      killer[Symbol.dispose]();
    });

    test('while the thread is blocked: the jobs that were taken are aborted', async () => {
      using server = startPipelineServer();
      const log = new SinkLog();
      const transfer = new Transfer({ connections: 1 });
      const jobs = ['/a/10', '/b/10', '/half/200', '/c/10'].map((path) => ({
        url: server.url + path,
        sink: log.sink(path),
      }));
      const results: TransferResult[] = [];
      killer.whenBlocked('SIGALRM');
      assert.throws(() => {
        for (const result of transfer.run(jobs)) results.push(result);
      }, Interrupted);
      assert.equal(log.open, 0);
      assertAtRest(transfer, inOrder(results));
      assert.equal(results.length, 4);
      assert.equal(results[2]?.outcome, 'aborted');
    });
  });
});

describe('functions of the caller', () => {
  for (const failing of ['begin', 'write', 'commit', 'abandon'] as const) {
    test(`a sink whose ${failing} throws fails its job, and no other`, async () => {
      using server = startPipelineServer();
      const log = new SinkLog();
      const jobs = PATHS.map((path, index) => ({
        url: server.url + path,
        sink: log.sink(path, index % 4 === 2 ? failing : undefined),
        // Some bodies are abandoned.
        size: index % 4 === 2 && failing === 'abandon' ? 1 : undefined,
      }));
      const results = await transferred(jobs, { attempts: 2 });
      for (const { outcome, index, error } of results) {
        if (index % 4 !== 2) assert.equal(outcome, 'done');
        else if (failing === 'abandon') assert.equal((error as Error).name, 'WrongDocument');
        else assert.deepEqual([outcome, (error as Error).message], ['failed', `${failing} fails`]);
      }
      assert.equal(log.open, 0);
      for (const [name, text] of log.committed) assert.equal(text, documentAt(name));
    });
  }

  for (const hook of ['beforeRequest', 'afterResponse', 'accepts', 'body'] as const) {
    test(`${hook} that throws fails its job, and no other`, async () => {
      using server = startPipelineServer();
      const failure = new Error(hook);
      const fail = (job: TransferJob, here: string): void => {
        if (here === hook && job.tag === 'bad') throw failure;
      };
      const jobs = PATHS.map((path, index): TransferJob => {
        const job = { url: server.url + path, tag: index % 5 === 3 ? 'bad' : undefined };
        const body = (): string => {
          fail(job, 'body');
          return 'x';
        };
        const accepts = (status: number): boolean => {
          fail(job, 'accepts');
          return status === 200;
        };
        return { ...job, accepts, ...(hook === 'body' && { method: 'PUT', body }) };
      });
      const results = await transferred(jobs, {
        beforeRequest: ({ job }) => fail(job, 'beforeRequest'),
        afterResponse: (_response, { job }) => fail(job, 'afterResponse'),
      });
      for (const { index, outcome, error } of results) {
        if (index % 5 === 3) assert.deepEqual([outcome, error], ['failed', failure]);
        else assert.equal(outcome, 'done');
      }
    });
  }

  test('a request cancelled in the middle of five leaves the other four complete', async () => {
    using server = startPipelineServer({ holds: true });
    const log = new SinkLog();
    const controller = new AbortController();
    const failing = log.sink('/2/50', 'begin');
    const jobs = [0, 1, 2, 3, 4].map((n) => ({
      url: `${server.url}/${n}/50`,
      sink: n === 2 ? failing : log.sink(`/${n}/50`),
    }));
    server.change({});
    const results = await transferred(jobs, { signal: controller.signal });
    assert.deepEqual(outcomes(results), ['done', 'done', 'failed', 'done', 'done']);
    assert.equal(log.open, 0);
    assert.equal(log.committed.size, 4);
  });
});
