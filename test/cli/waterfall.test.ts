/** From published messages to the data of the page. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { HTTPConnection, type HTTPResponse } from 'dugong';
import type { WaterfallData } from '../../src/cli/page/data.ts';
import { Waterfall } from '../../src/cli/waterfall.ts';
import { ok } from '../support/messages.ts';
import { close, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { pipelineTraced, publish, traced } from '../support/traced-pipeline.ts';

function dataOf(page: string): WaterfallData {
  const [, after = ''] = page.split('<script type="application/json" id="data">');
  return JSON.parse(after.slice(0, after.indexOf('</script>')));
}

describe('a waterfall', () => {
  test('has the requests of a real pipeline, and those that a cut connection lost, by attempt', async () => {
    using server = startScriptedServer([
      [expectHead(), expectHead(), expectHead(), send(ok('abc')), close()],
      [expectHead(), expectHead(), send(ok('de')), send(ok('f')), close()],
    ]);
    const origin = `http://${server.authority}`;
    const waterfall = new Waterfall('Two connections');
    waterfall.start();
    for (let paths: readonly string[] = ['/1', '/2', '/3']; paths.length > 0; ) {
      using connection = new HTTPConnection(origin);
      paths = await pipelineTraced(connection, origin, { paths, depth: 3 });
    }
    const { title, origins, methods, lanes, requests, totals, errors } = dataOf(waterfall.stop());
    assert.deepEqual([title, origins, methods], ['Two connections', [origin], ['GET']]);
    assert.deepEqual(
      lanes.map(({ slots, count }) => [slots, count]),
      [[3, 5]],
    );
    const [first, second] = lanes[0]?.connections ?? [];
    assert.deepEqual([first?.number, second?.number, second?.requests], [1, 2, 2]);
    assert.match(first?.error ?? '', /closed|lost|ended/);
    assert.deepEqual(
      first?.steps.map(([phase]) => phase),
      ['dns', 'connect'],
    );
    assert.deepEqual(requests.path, ['/1', '/2', '/3', '/2', '/3']);
    assert.deepEqual(requests.attempt, [1, 1, 1, 2, 2]);
    assert.deepEqual(requests.status, [200, 0, 0, 200, 200]);
    assert.deepEqual(requests.bytes, [3, 0, 0, 2, 1]);
    assert.deepEqual(
      requests.error.map((each) => each >= 0),
      [false, true, true, false, false],
    );
    assert.equal(errors.length, new Set(errors).size);
    const { documents, failed, again, bytes, connections, depth } = totals;
    assert.deepEqual(
      { documents, failed, again, bytes, connections, depth },
      { documents: 3, failed: 2, again: 2, bytes: 6, connections: 2, depth: 3 },
    );
  });
});

describe('in known times', () => {
  let time = 0;
  beforeEach(() => {
    time = 0;
    mock.method(performance, 'now', () => time);
  });
  afterEach(() => mock.restoreAll());

  function at(since: number, ...message: Parameters<typeof publish>): void {
    time = since;
    publish(...message);
  }

  test('held responses, and what they save, are in the data', () => {
    const origin = 'http://server.example';
    const connection = new HTTPConnection(origin);
    const waterfall = new Waterfall('One connection');
    waterfall.start();
    const requests = ['/1', '/2', '/3'].map((path) => traced(origin, path));
    for (const request of requests) {
      at(0, 'dugong:request:create', { request });
      at(0, 'dugong:request:send', { request, connection, reused: false });
      at(1, 'dugong:request:sent', { request });
    }
    const response = { status: 200 } as HTTPResponse;
    for (const [index, request] of requests.entries()) {
      at(31 + index * 10, 'dugong:request:headers', { request, response });
      at(40 + index * 10, 'dugong:request:end', { request, response, bytes: 1000 });
    }
    const { requests: columns, totals } = dataOf(waterfall.stop());
    assert.deepEqual(
      [columns.held, columns.wait, columns.receive],
      [
        [0, 39, 49],
        [30, 1, 1],
        [9, 9, 9],
      ],
    );
    assert.deepEqual([totals.wall, totals.oneAtATime], [60, 120]);
  });

  test('requests that were never sent make no connection', () => {
    const waterfall = new Waterfall('No connection');
    waterfall.start();
    const request = traced('http://server.example', '/');
    at(1, 'dugong:request:create', { request });
    at(2, 'dugong:request:error', { request, error: new Error('no such host') });
    const { lanes, totals, errors } = dataOf(waterfall.stop());
    assert.deepEqual(
      lanes.map(({ connections }) => connections.map(({ number }) => number)),
      [[0]],
    );
    assert.deepEqual([totals.connections, totals.failed, totals.depth, errors], [0, 1, 0, ['no such host']]);
  });
});
