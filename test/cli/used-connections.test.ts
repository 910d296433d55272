/** Which requests were on which connection, in which order, and for the how manieth time. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HTTPResponse } from 'dugong';
import type { RecordedConnection, RecordedRequest } from '../../src/cli/recording.ts';
import { RequestRows } from '../../src/cli/request-rows.ts';
import { type UsedConnection, usedConnections } from '../../src/cli/used-connections.ts';

const origin = 'http://a.example';

function connection(number: number, given: Partial<RecordedConnection> = {}): RecordedConnection {
  return {
    ...{
      number,
      origin,
      create: 10 * number,
      open: undefined,
      steps: [],
      remoteAddress: undefined,
      firstUse: undefined,
    },
    ...{ lastEnd: 10 * number + 5, error: undefined, ...given },
  };
}

/** A request that is created at a time, sent 1 ms later, and takes 4 ms from then. */
function request(path: string, create: number, given: Partial<RecordedRequest> = {}): RecordedRequest {
  const response = { status: 200 } as HTTPResponse;
  const phases = { blocked: 1, send: 1, held: 1, wait: 1, receive: 1 };
  return {
    ...{ method: 'GET', origin, path, headers: [], connection: undefined, first: false, response, bytes: 0 },
    ...{ create, end: create + 5, phases, error: undefined, ...given },
  };
}

function used(requests: readonly RecordedRequest[], connections: readonly RecordedConnection[]): UsedConnection[] {
  const rows = new RequestRows();
  for (const each of requests) rows.add(each);
  return usedConnections(rows, connections);
}

describe('a connection', () => {
  test('has its requests in the order in which they were sent, and lasts until the last has ended', () => {
    const [one, two] = [connection(1), connection(2)];
    const requests = [
      request('/c', 30, { connection: one }),
      request('/b', 20, { connection: two }),
      request('/a', 12, { connection: one }),
    ];
    const [first, second, ...others] = used(requests, [one, two]);
    assert.deepEqual(
      first?.requests.map(({ path, from, end }) => [path, from, end]),
      [
        ['/a', 13, 17],
        ['/c', 31, 35],
      ],
    );
    assert.deepEqual([first?.begin, first?.end, first?.made], [10, 35, one]);
    assert.deepEqual(
      second?.requests.map(({ path }) => path),
      ['/b'],
    );
    assert.deepEqual(others, []);
  });

  test('that no request has used is there, too', () => {
    const failed = connection(1, { error: 'refused' });
    const [only] = used([], [failed]);
    assert.deepEqual([only?.begin, only?.end, only?.requests.length], [10, 15, 0]);
  });
});

describe('requests', () => {
  test('that were not sent are behind the connections, by origin', () => {
    const one = connection(1);
    const requests = [
      request('/', 3, { error: 'no connection' }),
      request('/', 2, { error: 'no connection', origin: 'http://b.example' }),
      request('/', 1, { connection: one }),
      request('/x', 1, { error: 'no connection' }),
    ];
    assert.deepEqual(
      used(requests, [one]).map((each) => [
        each.number,
        each.origin,
        each.begin,
        each.requests.map(({ path }) => path),
      ]),
      [
        [1, 0, 10, ['/']],
        [0, 0, 1, ['/x', '/']],
        [0, 1, 2, ['/']],
      ],
    );
  });

  test('count how often they had failed before', () => {
    const one = connection(1);
    const requests = [
      request('/', 3, { connection: one }),
      request('/', 2, { connection: one, error: 'cut' }),
      request('/', 1, { connection: one, error: 'cut' }),
      request('/other', 4, { connection: one }),
    ];
    assert.deepEqual(
      used(requests, [one])[0]?.requests.map(({ path, attempt }) => [path, attempt]),
      [
        ['/', 1],
        ['/', 2],
        ['/', 3],
        ['/other', 1],
      ],
    );
  });
});
