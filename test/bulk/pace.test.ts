/** When a bulk transfer tries again, how long it waits, and how fast it receives. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Transfer, type TransferJob, type TransferResult } from '../../src/index.ts';
import { type PipelineServer, rawPath, startPipelineServer } from '../support/pipeline-server.ts';
import { assertDocuments, inOrder, quick, transferred } from '../support/transfers.ts';

function jobsAt({ url }: PipelineServer, paths: readonly string[]): TransferJob[] {
  return paths.map((path) => ({ url: url + path }));
}

describe('Retry-After', () => {
  test('holds back all requests to its server, also those that were in flight', async () => {
    using server = startPipelineServer({ retryAfter: '1' });
    const paths = Array.from({ length: 20 }, (_, index) => (index === 10 ? '/busy/1/x' : `/d${index}/100`));
    const results = await transferred([...jobsAt(server, paths), ...jobsAt(server, ['/late/10'])], { connections: 1 });
    assertDocuments(results);
    const seen = server.seen().filter(({ path }) => path === '/busy/1/x');
    const [first, second] = seen.map(({ at }) => at);
    assert.equal(seen.length, 2);
    assert.ok((second ?? 0) - (first ?? 0) >= 990, 'the server was asked again too early');
  });

  test('by a date counts from the date of the response, whatever the clocks say', async () => {
    using server = startPipelineServer({
      date: 'Tue, 01 Jan 1980 00:00:00 GMT',
      retryAfter: 'Tue, 01 Jan 1980 00:00:01 GMT',
    });
    const results = await transferred(jobsAt(server, ['/busy/1/x']));
    assertDocuments(results);
    const [first, second] = server.seen().map(({ at }) => at);
    assert.ok((second ?? 0) - (first ?? 0) >= 990);
  });

  test('of a day ends the job, with the time at which it may be tried again', async () => {
    using server = startPipelineServer({ retryAfter: '86400' });
    const [result] = await transferred(jobsAt(server, ['/busy/1/x']));
    assert.equal(result?.outcome, 'missing');
    const wait = (result?.retryAt ?? 0) - Date.now();
    assert.ok(wait > 86_000_000 && wait <= 86_400_000, String(wait));
    assert.equal(server.seen().length, 1);
  });

  for (const junk of ['soon', '-1', '1.5', '99999999999999999999', '']) {
    test(`"${junk}" counts as none`, async () => {
      using server = startPipelineServer({ retryAfter: junk });
      assertDocuments(await transferred(jobsAt(server, ['/busy/1/x'])));
    });
  }

  test('beyond the time for all attempts ends the job', async () => {
    using server = startPipelineServer({ retryAfter: '20' });
    const [result] = await transferred(jobsAt(server, ['/busy/1/x']), { retryMaxTime: 5000 });
    assert.deepEqual([result?.outcome, result?.attempts], ['missing', 1]);
  });
});

describe('further attempts', () => {
  test('of ten pipelined requests that all get 429: one step of waiting, one attempt each', async () => {
    using server = startPipelineServer();
    const paths = ['/warm/10', ...Array.from({ length: 10 }, (_, index) => `/busy/1/${index}`)];
    const waits: number[] = [];
    const random = (): number => {
      waits.push(0);
      return 0;
    };
    const results = await transferred(jobsAt(server, paths), { connections: 1, attempts: 2, random });
    assertDocuments(results);
    for (const { attempts, index } of results) assert.equal(attempts, index === 0 ? 1 : 2);
    for (const path of paths.slice(1)) assert.equal(server.seen().filter((each) => each.path === path).length, 2);
  });

  test('end after the greatest number, redirects not counted', async () => {
    using server = startPipelineServer();
    const results = await transferred(jobsAt(server, ['/busy/9/x', '/to/to/to/busy/2/y']), { attempts: 3 });
    assert.deepEqual(
      results.map(({ outcome, attempts }) => [outcome, attempts]),
      [
        ['missing', 3],
        ['done', 6],
      ],
    );
  });

  test('are made for statuses that can pass, and for no others', async () => {
    using server = startPipelineServer();
    const statuses = [400, 401, 403, 404, 405, 408, 410, 425, 429, 451, 500, 501, 502, 503, 504, 505];
    await transferred(
      statuses.map((status) => ({ url: `${server.url}/status/${status}/x` })),
      { attempts: 2, depth: 1 },
    );
    const again = statuses.filter(
      (status) => server.seen().filter(({ path }) => path.includes(`/${status}/`)).length > 1,
    );
    assert.deepEqual(again, [408, 425, 429, 500, 502, 503, 504]);
  });

  test('of what is not idempotent are made only if the server has not processed it', async () => {
    using server = startPipelineServer();
    const statuses = [408, 425, 429, 500, 502, 503, 504];
    await transferred(
      statuses.map((status) => ({ url: `${server.url}/status/${status}/x`, method: 'POST', body: 'x' })),
      { attempts: 2 },
    );
    const again = statuses.filter(
      (status) => server.seen().filter(({ path }) => path.includes(`/${status}/`)).length > 1,
    );
    assert.deepEqual(again, [408, 425, 429, 503]);
  });

  test('of jobs for a server that announces its end are not charged to requests that it has not seen', async () => {
    using server = startPipelineServer({ closeAfter: 10, announced: true });
    const paths = Array.from({ length: 200 }, (_, index) => `/d${index}/100`);
    const results = await transferred(jobsAt(server, paths), { connections: 1, attempts: 2 });
    assertDocuments(results);
    const sum = results.reduce((total, { attempts }) => total + attempts, 0);
    assert.ok(sum < 230, `${sum} attempts`);
  });
});

describe('uploads', () => {
  test('are sent with nothing else in flight, and a function gives the body of each attempt', async () => {
    using server = startPipelineServer();
    let given = 0;
    const body = function* (): Generator<Buffer> {
      given++;
      yield Buffer.alloc(70_000);
      yield Buffer.alloc(30_000);
    };
    const jobs = Array.from({ length: 10 }, (_, index): TransferJob => {
      const url = `${server.url}/${index === 4 ? 'failing/1/x' : `d${index}/100`}`;
      return index % 2 === 0 ? { url, method: 'PUT', body: Buffer.alloc(100_000) } : { url };
    });
    const streamed = {
      url: `${server.url}/failing/1/streamed`,
      method: 'PUT',
      body,
      headers: { 'Content-Length': '100000' },
    };
    assertDocuments(await transferred([...jobs, streamed]));
    for (const { method, ahead, body: length } of server.seen()) {
      if (method === 'PUT') assert.deepEqual([ahead, length], [0, 100_000]);
    }
    assert.equal(given, 2);
  });

  test('that a reset ends: PUT is sent again, POST is reported', async () => {
    using server = startPipelineServer({ closeAfter: 1, ending: 'reset', onlyFirst: true });
    const { url } = server;
    const reset = rawPath('HTT', 'reset');
    const [warm, put, post] = await transferred(
      [
        { url: `${url}/warm/10` },
        { url: url + reset, method: 'PUT', body: 'x' },
        { url: `${url}${reset}post`, method: 'POST', body: 'x' },
      ],
      { connections: 1, attempts: 3 },
    );
    assert.equal(warm?.outcome, 'done');
    assert.deepEqual([put?.outcome, put?.attempts], ['failed', 3]);
    assert.deepEqual([post?.outcome, post?.mayHaveBeenProcessed], ['failed', true]);
    assert.equal(server.seen().filter(({ method }) => method === 'POST').length, 1);
  });

  test('that are refused early have the status, and are not tried again', async () => {
    using server = startPipelineServer();
    const body = Buffer.alloc(20_000_000);
    const early = (status: string): string => `${server.url}/early/${status}`;
    const jobs = ['413', '417', '409', '412'].map((status) => ({ url: early(status), method: 'PUT', body }));
    const results = await transferred(jobs);
    for (const [index, { outcome, response, attempts }] of results.entries()) {
      assert.deepEqual([outcome, response?.status, attempts], ['missing', [413, 417, 409, 412][index], 1]);
    }
  });

  test('whose server answers early, and takes no more: the answer counts', async () => {
    using server = startPipelineServer();
    const job = { url: `${server.url}/early/200`, method: 'PUT', body: Buffer.alloc(20_000_000) };
    const [result] = await transferred([job], { headersTimeout: 200 });
    assert.deepEqual([result?.outcome, result?.response?.status], ['done', 200]);
  });

  test('whose server takes nothing end with the time for the head', async () => {
    using server = startPipelineServer();
    const job = { url: `${server.url}/deaf/x`, method: 'PUT', body: Buffer.alloc(20_000_000) };
    const [result] = await transferred([job], { headersTimeout: 200, attempts: 2 });
    assert.equal((result?.error as Error | undefined)?.name, 'ConnectionTimedOut');
  });
});

describe('bytesPerSecond', () => {
  test('bounds all connections together, within 10 %', async () => {
    using server = startPipelineServer();
    const paths = Array.from({ length: 40 }, (_, index) => `/d${index}/25000`);
    const transfer = new Transfer(quick({ bytesPerSecond: 1_000_000, connections: 4 }));
    const begun = performance.now();
    const results: TransferResult[] = [];
    for await (const result of transfer.promises.run(jobsAt(server, paths))) results.push(result);
    const seconds = (performance.now() - begun) / 1000;
    assertDocuments(inOrder(results, transfer));
    // A bucket that is full at the start is not counted.
    assert.ok(seconds > 0.9 && seconds < 2, `${seconds} s for 1 MB`);
  });
});
