/** The figures of a run. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RecordedConnection, RequestPhases } from '../../src/cli/recording.ts';
import type { UsedConnection, UsedRequest } from '../../src/cli/used-connections.ts';
import { totalsOf } from '../../src/cli/waterfall-totals.ts';

/** A request that is sent at once. */
function request(from: number, lasting: Partial<RequestPhases>, given: Partial<UsedRequest> = {}): UsedRequest {
  const phases = { blocked: 0, send: 0, held: 0, wait: 0, receive: 0, ...lasting };
  const end = from + Object.values(phases).reduce((sum, each) => sum + each, 0);
  return {
    ...{ method: 0, origin: 0, path: '/', status: 200, bytes: 100, connection: 1, error: -1, create: from, phases },
    ...{ attempt: 1, from, end, ...given },
  };
}

function connection(requests: readonly UsedRequest[], given: Partial<UsedConnection> = {}): UsedConnection {
  const end = Math.max(...requests.map((each) => each.end));
  return { number: 1, origin: 0, begin: 0, end, made: undefined, requests, ...given };
}

describe('totals', () => {
  test('count each request by what became of it', () => {
    const requests = [
      ...[
        request(0, {}),
        request(0, {}, { status: 304 }),
        request(0, {}, { status: 404 }),
        request(0, {}, { error: 0 }),
      ],
      ...[request(0, {}, { status: 503 }), request(0, { wait: 7 }, { attempt: 2 })],
    ];
    const unmade = connection([], { number: 2, end: 3, made: { open: undefined } as RecordedConnection });
    const unsent = connection([request(2, {}, { error: 0 })], { number: 0, origin: 1 });
    const { oneAtATime: _, ...totals } = totalsOf([connection(requests), unmade, unsent], { depth: 6, lanes: 1 });
    assert.deepEqual(totals, {
      ...{ documents: 2, redirects: 1, missing: 2, failed: 2, again: 1, bytes: 700, wall: 7 },
      ...{ connections: 1, origins: 2, depth: 6 },
    });
  });

  test('of nothing are nothing', () => {
    const { wall, oneAtATime, documents } = totalsOf([], { depth: 0, lanes: 0 });
    assert.deepEqual([wall, oneAtATime, documents], [0, 0, 0]);
  });

  test('begin with the creation of the first request', () => {
    const requests = [request(5, { wait: 5 }, { create: 2 })];
    assert.equal(totalsOf([connection(requests, { begin: 4 })], { depth: 1, lanes: 1 }).wall, 8);
  });
});

describe('one at a time', () => {
  test('requests that were sent one at a time take as long', () => {
    const requests = [request(0, { wait: 10, receive: 5 }), request(20, { wait: 30, receive: 5 })];
    const { wall, oneAtATime } = totalsOf([connection(requests)], { depth: 1, lanes: 1 });
    assert.deepEqual([wall, oneAtATime], [55, 55]);
  });

  test('requests that were sent ahead take at least the shortest trip seen, each', () => {
    const requests = [
      request(0, { wait: 10, receive: 2 }),
      request(0, { held: 12, receive: 2 }),
      request(0, { held: 14, receive: 2 }),
    ];
    const { wall, oneAtATime } = totalsOf([connection(requests)], { depth: 3, lanes: 1 });
    assert.deepEqual([wall, oneAtATime], [16, 36]);
  });

  test('connections beside one another share what is saved', () => {
    const requests = [request(0, { wait: 10 }), request(0, { held: 10 }), request(0, { held: 10 })];
    const both = [connection(requests), connection(requests, { number: 2 })];
    const { wall, oneAtATime } = totalsOf(both, { depth: 3, lanes: 2 });
    assert.deepEqual([wall, oneAtATime], [10, 30]);
  });

  test('what failed counts on neither side', () => {
    const requests = [request(0, { wait: 10 }), request(10, { held: 90 }, { error: 0 })];
    const { wall, oneAtATime } = totalsOf([connection(requests)], { depth: 2, lanes: 1 });
    assert.deepEqual([wall, oneAtATime], [100, 100]);
  });
});
