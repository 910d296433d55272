/** Which lane a connection is in, and which slot a request. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RecordedConnection } from '../../src/cli/recording.ts';
import type { UsedConnection, UsedRequest } from '../../src/cli/used-connections.ts';
import { lanesOf } from '../../src/cli/waterfall-lanes.ts';

const phases = { blocked: 0.12345, send: 0, held: 0, wait: 0, receive: 0 };

function request(from: number, end: number, error = -1): UsedRequest {
  return {
    ...{ method: 0, origin: 0, path: `/${from}`, status: 200, bytes: 1, connection: 1, error, create: from, phases },
    ...{ attempt: 1, from, end },
  };
}

interface Given extends Partial<UsedConnection> {
  readonly number: number;
}

function connection({ number, ...given }: Given): UsedConnection {
  return { number, origin: 0, begin: 0, end: 10, made: undefined, requests: [], ...given };
}

function numbers(connections: readonly UsedConnection[]): number[][] {
  return lanesOf(connections, []).lanes.map((lane) => lane.connections.map(({ number }) => number));
}

describe('a lane', () => {
  test('has connections of one origin that followed one another', () => {
    assert.deepEqual(
      numbers([
        connection({ number: 1, begin: 0, end: 10 }),
        connection({ number: 2, begin: 1, end: 5 }),
        connection({ number: 3, begin: 5, end: 9 }),
        connection({ number: 4, begin: 6, end: 9, origin: 1 }),
        connection({ number: 5, begin: 11, end: 12 }),
        connection({ number: 6, begin: 8, end: 12 }),
      ]),
      [[1, 5], [2, 3], [6], [4]],
    );
  });

  test('has requests that were not sent for itself', () => {
    assert.deepEqual(numbers([connection({ number: 1, end: 2 }), connection({ number: 0, begin: 3 })]), [[1], [0]]);
  });

  test('says how its connections were made, and why they ended', () => {
    const made = {
      ...{ remoteAddress: '127.0.0.1', error: undefined },
      steps: [
        ...[
          { phase: 'resolve', duration: 1 },
          { phase: 'connect', duration: 2.00049 },
          { phase: 'proxy-handshake', duration: 3 },
        ],
        ...[
          { phase: 'tunnel', duration: 4 },
          { phase: 'handshake', duration: 5 },
        ],
      ],
    } as unknown as RecordedConnection;
    const requests = [request(0, 1), request(1, 2, 0)];
    const { lanes } = lanesOf([connection({ number: 1, made, requests })], ['cut']);
    assert.deepEqual(lanes[0]?.connections, [
      {
        ...{ number: 1, begin: 0, end: 10, address: '127.0.0.1', error: 'cut', requests: 2 },
        steps: [
          ['dns', 1],
          ['connect', 6],
          ['tls', 8],
        ],
      },
    ]);
  });
});

describe('a slot', () => {
  test('is free again when its request has ended', () => {
    const requests = [request(0, 3), request(0, 4), request(0, 5), request(3, 6), request(4.001, 7), request(4.002, 8)];
    const one = connection({ number: 1, requests });
    const two = connection({ number: 2, begin: 10, end: 20, requests: [request(11, 12)] });
    const { lanes, requests: columns } = lanesOf([one, two], []);
    assert.deepEqual(columns.slot, [0, 1, 2, 0, 1, 3, 0]);
    assert.deepEqual(columns.connection, [0, 0, 0, 0, 0, 0, 1]);
    assert.deepEqual([lanes[0]?.slots, lanes[0]?.first, lanes[0]?.count], [4, 0, 7]);
    assert.equal(columns.blocked[0], 0.123);
  });

  test('is shared if there are too many', () => {
    const requests = Array.from({ length: 300 }, () => request(0, 1));
    const { lanes, requests: columns } = lanesOf([connection({ number: 0, requests })], []);
    assert.deepEqual([lanes[0]?.slots, columns.slot.at(-1)], [256, 255]);
  });
});
