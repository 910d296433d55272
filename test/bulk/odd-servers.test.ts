/** Bulk transfers from servers that answer badly, or not at all: each job has one result, and no body has another's name. */

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { before, describe, test } from 'node:test';
import type { TransferJob, TransferOptions, TransferResult } from '../../src/index.ts';
import {
  documentAt,
  type PipelineServerManner,
  rawPath,
  type SeenRequest,
  startPipelineServer,
} from '../support/pipeline-server.ts';
import { close, expectHead, mark, startScriptedServer } from '../support/scripted-server.ts';
import { assertDocuments, assertHostsAtRest, transferred, watchHosts } from '../support/transfers.ts';

const PATHS = Array.from({ length: 100 }, (_, index) => `/d${index}/${100 + index * 37}`);

interface Ran {
  readonly results: readonly TransferResult[];
  readonly seen: readonly SeenRequest[];
  readonly connections: { readonly open: number; readonly all: number };
}

async function run(
  manner: PipelineServerManner,
  paths: readonly (string | (Omit<TransferJob, 'url'> & { path: string }))[],
  options: TransferOptions = {},
): Promise<Ran> {
  using server = startPipelineServer(manner);
  const jobs = paths.map((each) => {
    const { path, ...job } = typeof each === 'string' ? { path: each } : each;
    return { url: server.url + path, ...job };
  });
  const results = await transferred(jobs, { connections: 1, stallTimeout: 500, ...options });
  assertHostsAtRest();
  return { results, seen: server.seen(), connections: server.connections() };
}

const response = (body: string, fields = `Content-Length: ${body.length}\r\n`, status = '200 OK'): string =>
  `HTTP/1.1 ${status}\r\n${fields}\r\n${body}`;

describe('a transfer from a server that', () => {
  before(watchHosts);
  test('sends a part that nothing has asked for: it is no document', async () => {
    const part = response('b', 'Content-Range: bytes 1-1/3\r\nContent-Length: 1\r\n', '206 Partial Content');
    const { results } = await run({}, [rawPath(part), { path: rawPath(part), headers: { Range: 'bytes=1-1' } }], {
      attempts: 1,
    });
    const [unasked, asked] = results.toSorted((one, other) => one.index - other.index);
    assert.deepEqual([unasked?.outcome, unasked?.error?.name], ['failed', 'WrongDocument']);
    assert.deepEqual([asked?.outcome, asked?.body?.toString()], ['done', 'b']);
  });

  const manners: Record<string, PipelineServerManner> = {
    'answers well': {},
    'sends chunked bodies': { chunked: true },
    'speaks HTTP/1.0': { http10: true },
    'closes after each response, and says so': { closeAfter: 1, announced: true },
    'closes after each response without a word': { closeAfter: 1 },
    'resets after each response': { closeAfter: 1, ending: 'reset' },
    'closes after 10 responses, and says so': { closeAfter: 10, announced: true },
    'closes after 10 responses without a word': { closeAfter: 10 },
    'resets after 10 responses': { closeAfter: 10, ending: 'reset' },
    'answers 400 to what comes behind another request': { errorBehind: 400 },
    'answers 429 to what comes behind another request': { errorBehind: 429 },
    'sends bytes that belong to nothing': { extra: 'garbage' },
    'loses the second request of each segment': { swallowSecond: true },
    'loses the second request of each segment, and announces its end after 10': {
      swallowSecond: true,
      closeAfter: 10,
      announced: true,
    },
    'loses a request of a connection, and announces the end of that before this is known': {
      swallowSecond: true,
      closeAfter: 10,
      announced: true,
      onlyFirst: true,
    },
    'loses the second request of each segment, and closes after 10': { swallowSecond: true, closeAfter: 10 },
    'announces its end after 3 responses': { closeAfter: 3, announced: true },
  };
  for (const [what, manner] of Object.entries(manners)) {
    test(`${what}: all documents, each under its own name`, async () => {
      const { results, connections } = await run(manner, PATHS, { attempts: 8 });
      assertDocuments(results);
      assert.ok(connections.all < 300, `${connections.all} connections`);
    });
  }

  for (const seed of [1, 2, 3, 4]) {
    test(`cuts connections at random bytes (seed ${seed}): nothing short, nothing lost`, async () => {
      const { results } = await run({ cutWithin: 30_000, seed }, PATHS, { attempts: 50, connections: 2 });
      assertDocuments(results);
    });
  }

  test('closes each connection as soon as it is made: each job fails', async () => {
    const { results, connections } = await run({ refuses: true }, PATHS.slice(0, 3));
    for (const { outcome, error } of results) {
      assert.deepEqual([outcome, (error as Error).name], ['failed', 'ConnectionClosed']);
    }
    assert.ok(connections.all <= 40, `${connections.all} connections`);
  });

  test('closes later connections before a request leaves: the error says how the first one ended', async () => {
    const later = [1, 2, 3, 4];
    using server = startScriptedServer([
      [expectHead(), close()],
      ...later.map((n) => [close(), mark(`${n} is closed`)]),
    ]);
    let opened = 0;
    const closed = (): void => {
      if (opened > 0) server.waitFor(`${opened} is closed`);
      opened++;
    };
    subscribe('dugong:connection:open', closed);
    try {
      const [result] = await transferred([{ url: `http://${server.authority}/` }], { attempts: 5 });
      assert.deepEqual([opened, result?.mayHaveBeenProcessed], [5, true]);
      assert.match(String(result?.error), /the server closed the connection without a response/);
    } finally {
      unsubscribe('dugong:connection:open', closed);
    }
  });

  test('never answers: each job fails after its attempts', async () => {
    const { results, seen } = await run({}, ['/never/1', '/never/2'], { headersTimeout: 50, attempts: 2 });
    for (const { outcome, error, attempts } of results) {
      assert.deepEqual([outcome, (error as Error).name, attempts], ['failed', 'ConnectionTimedOut', 2]);
    }
    assert.equal(seen.length, 4);
  });

  test('never ends its informational responses: the job fails', async () => {
    const { results } = await run({}, ['/informed/1'], { headersTimeout: 300, attempts: 1 });
    assert.equal(results[0]?.outcome, 'failed');
  });

  test('stops in the middle of a body: the job fails after its attempts, the others are done', async () => {
    const paths = [...PATHS.slice(0, 20), '/half/200', ...PATHS.slice(20, 40)];
    const { results } = await run({}, paths, { bodyTimeout: 50, attempts: 2 });
    assert.equal(results[20]?.outcome, 'failed');
    assertDocuments(results.filter(({ index }) => index !== 20));
  });

  test('stops in the middle of an error page: the document is missing, the others are done', async () => {
    const paths = [...PATHS.slice(0, 20), '/half/404', ...PATHS.slice(20, 40)];
    const { results } = await run({}, paths);
    assert.deepEqual([results[20]?.outcome, results[20]?.response?.status], ['missing', 404]);
    assertDocuments(results.filter(({ index }) => index !== 20));
  });

  test('never ends an error page: the document is missing, the others are done', async () => {
    const paths = [...PATHS.slice(0, 20), '/drip/404', ...PATHS.slice(20, 40)];
    const { results } = await run({}, paths);
    assert.equal(results[20]?.outcome, 'missing');
    assertDocuments(results.filter(({ index }) => index !== 20));
  });

  test('never ends a body: the job fails at the greatest size', async () => {
    const { results } = await run({}, ['/drip/200', '/a/10'], { maxSize: 100_000 });
    assert.equal((results[0]?.error as { code?: string } | undefined)?.code, 'DUGONG_BODY_TOO_LARGE');
    assertDocuments(results.slice(1));
  });

  test('never ends a body whose size is known: the job fails', async () => {
    const { results } = await run({}, [{ path: '/drip/200', size: 1000, sink: 'discard' }], { attempts: 2 });
    assert.equal((results[0]?.error as Error | undefined)?.name, 'WrongDocument');
  });

  test('never ends a body: the job fails when its time is over', async () => {
    const { results } = await run({}, [{ path: '/drip/200', sink: 'discard' }, '/half/200'], {
      timeout: 100,
      attempts: 1,
    });
    for (const { outcome, error } of results) {
      assert.deepEqual([outcome, (error as Error).name], ['failed', 'ConnectionTimedOut']);
    }
  });

  test('has chunked error pages: they cost no connection', async () => {
    const page = response('4\r\nnone\r\n0\r\n\r\n', 'Transfer-Encoding: chunked\r\n', '404 Not Found');
    const paths = PATHS.map((path, index) => (index % 2 === 1 ? rawPath(page, undefined, String(index)) : path));
    const { results, connections } = await run({}, paths);
    for (const [index, { outcome }] of results.entries()) assert.equal(outcome, index % 2 === 1 ? 'missing' : 'done');
    assert.equal(connections.all, 1);
  });

  test('has error pages with broken framing: those documents are missing or fail, all others are done', async () => {
    const page = response('4\r\nnone\r\nxyz\r\n', 'Transfer-Encoding: chunked\r\n', '404 Not Found');
    const paths = PATHS.map((path, index) => (index % 10 === 5 ? rawPath(page, undefined, String(index)) : path));
    const { results } = await run({}, paths, { attempts: 3 });
    assertDocuments(results.filter(({ index }) => index % 10 !== 5));
    for (const { index, outcome } of results) if (index % 10 === 5) assert.notEqual(outcome, 'done');
  });

  test('sends no HTTP: its jobs fail', async () => {
    const { results } = await run({}, [rawPath('SSH-2.0-x\r\n'), rawPath('\0\0\0'), '/a/10'], { attempts: 2 });
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['failed', 'failed', 'done'],
    );
  });

  test('redirects for ever: the job fails after the greatest number of redirects', async () => {
    const { results, seen } = await run({}, ['/loop/x'], { redirects: 7 });
    assert.equal(results[0]?.outcome, 'failed');
    assert.equal(seen.length, 8);
  });

  test('sends the body with the response to HEAD, to 304 and to 204: those are kept, and the others are fetched anew', async () => {
    const paths = [
      ...PATHS.slice(0, 5),
      rawPath('HTTP/1.1 304 .\r\nContent-Length: 7\r\n\r\nsurplus'),
      ...PATHS.slice(5, 10),
      rawPath('HTTP/1.1 204 .\r\nContent-Length: 7\r\n\r\nsurplus'),
      ...PATHS.slice(10, 15),
      { path: '/head/5000', method: 'HEAD' },
      ...PATHS.slice(15, 20),
    ];
    const { results } = await run({ headWithBody: true }, paths, { attempts: 8 });
    assert.deepEqual([results[5]?.outcome, results[5]?.response?.status], ['missing', 304]);
    assert.deepEqual([results[11]?.outcome, results[11]?.response?.status], ['done', 204]);
    assert.deepEqual([results[17]?.outcome, results[17]?.response?.status], ['done', 200]);
    assertDocuments(results.filter(({ index }) => ![5, 11, 17].includes(index)));
  });

  test('informs before each response: the order is kept', async () => {
    const early = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 .\r\nLink: </x>\r\n\r\n';
    const paths = PATHS.map((_path, index) => rawPath(early + response(`body ${index}`), undefined, String(index)));
    const { results } = await run({}, paths);
    for (const { index, body } of results) assert.equal(body?.toString(), `body ${index}`);
  });

  test('sends a response twice: no body gets the name of another', async () => {
    const paths = [...PATHS.slice(0, 9), rawPath(response('twice').repeat(2)), ...PATHS.slice(9, 30)];
    const { results } = await run({}, paths, { attempts: 8 });
    assertDocuments(results.filter(({ index }) => index !== 9));
    assert.equal(results[9]?.body?.toString(), 'twice');
  });

  test('sends the end of the connection in the middle of a body: nothing short is done', async () => {
    const short = (fields: string, body: string): string => rawPath(response(body, fields), 'end', fields.slice(0, 3));
    const paths = [
      ...PATHS.slice(0, 10),
      short('Content-Length: 10\r\n', 'sho'),
      short('Transfer-Encoding: chunked\r\n', '5\r\nshort\r\n'),
      ...PATHS.slice(10, 20),
    ];
    const { results } = await run({}, paths, { attempts: 2 });
    for (const index of [10, 11]) assert.equal(results[index]?.outcome, 'failed');
    assertDocuments(results.filter(({ index }) => index !== 10 && index !== 11));
  });

  test('answers two requests in the wrong order: digests find that, and both documents are right', async () => {
    const { createHash } = await import('node:crypto');
    const paths = PATHS.map((path) => ({
      path,
      digest: { algorithm: 'sha-256', value: createHash('sha256').update(documentAt(path)).digest() } as const,
    }));
    const { results } = await run({ reversed: true }, paths, { attempts: 8 });
    assertDocuments(results);
    for (const { verification } of results) assert.equal(verification, 'digest');
  });

  test('answers two requests in the wrong order: sizes find that, and both documents are right', async () => {
    const paths = PATHS.map((path) => ({ path, size: documentAt(path).length }));
    const { results, seen } = await run({ reversed: true }, paths, { attempts: 8 });
    assertDocuments(results);
    assert.ok(seen.length < 300, `${seen.length} requests`);
  });
});
