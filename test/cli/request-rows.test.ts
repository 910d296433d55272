/** Finished requests are kept as they were, in little memory, up to a number. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { HTTPResponse } from 'dugong';
import type { RecordedConnection, RecordedRequest } from '../../src/cli/recording.ts';
import { RequestRows } from '../../src/cli/request-rows.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const phases = { blocked: 1, send: 2, held: 3, wait: 4, receive: 5 };
const connection = { number: 7 } as RecordedConnection;

function request(given: Partial<RecordedRequest> = {}): RecordedRequest {
  const response = { status: 404 } as HTTPResponse;
  return {
    ...{ method: 'GET', origin: 'http://a.example', path: '/', headers: [], connection, first: true, response },
    ...{ bytes: 10, create: 1.5, end: 16.5, phases, error: undefined, ...given },
  };
}

describe('rows', () => {
  test('are what was added, in order, over the border of a block', () => {
    const rows = new RequestRows();
    for (let index = 0; index < 5000; index++)
      rows.add(request({ path: `/${index}`, bytes: 1e10 + index, create: index + 0.25 }));
    assert.equal(rows.length, 5000);
    for (const index of [0, 2047, 2048, 4999]) {
      assert.deepEqual(rows.at(index), {
        ...{ method: 0, origin: 0, path: `/${index}`, status: 404, bytes: 1e10 + index, connection: 7 },
        ...{ error: -1, create: index + 0.25, phases },
      });
    }
  });

  test('name each text once', () => {
    const rows = new RequestRows();
    for (const origin of ['http://a.example', 'http://b.example', 'http://a.example']) {
      rows.add(request({ origin, error: `lost ${origin}`, connection: undefined, response: undefined }));
    }
    assert.deepEqual(rows.origins.list, ['http://a.example', 'http://b.example']);
    assert.deepEqual(rows.errors.list, ['lost http://a.example', 'lost http://b.example']);
    const { origin, error, status, connection } = rows.at(2);
    assert.deepEqual({ origin, error, status, connection }, { origin: 0, error: 0, status: 0, connection: 0 });
  });

  test('keep a thousand different errors, and the start of a long path, without what is no text', () => {
    const rows = new RequestRows();
    for (let index = 0; index < 1002; index++)
      rows.add(request({ error: `error ${index}`, path: `/\u202e${'x'.repeat(5000)}` }));
    assert.equal(rows.errors.list.length, 1001);
    assert.equal(rows.errors.list[rows.at(1001).error], 'an error of which there were too many to keep');
    assert.equal(rows.at(1).path.length < 410, true);
    assert.match(rows.at(1).path, /^\/\\u202ex+\.\.\.$/);
  });

  test('are not more than there is room for', () => {
    const rows = new RequestRows(2);
    for (const path of ['/1', '/2', '/3', '/4']) rows.add(request({ path }));
    assert.deepEqual([rows.length, rows.full, rows.leftOut, rows.at(1).path], [2, true, 2, '/2']);
  });

  test('take less than 200 bytes each', () => {
    const rows = new RequestRows();
    const used = (): number => {
      collectGarbage();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const before = used();
    const COUNT = 100_000;
    for (let index = 0; index < COUNT; index++) {
      rows.add(request({ path: new URL(`http://a.example/files/document-${index}.html`).pathname }));
    }
    const each = (used() - before) / COUNT;
    assert.equal(rows.length, COUNT);
    assert.ok(each < 200, `${each} bytes`);
  });
});
