import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CheckedMembers, plainRequest } from '../../src/fetch/plain-request.ts';
import { bare } from '../../src/options.ts';

const MEMBERS = ['method', 'redirect', 'cache', 'integrity', 'referrer', 'referrerPolicy'] as const;

function membersOf(request: CheckedMembers): unknown[] {
  return [...MEMBERS.map((name) => request[name]), [...(request.headers ?? [])]];
}

describe('a plain init of fetch', () => {
  const plain: readonly RequestInit[] = [
    {},
    ...['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'].map((method) => ({ method })),
    ...(['follow', 'error', 'manual'] as const).map((redirect) => ({ redirect })),
    { method: 'POST', body: 'x', headers: { b: '1', A: ' 2 ' } },
    {
      headers: [
        ['a', '1'],
        ['A', '2'],
        ['set-cookie', 'x'],
        ['set-cookie', 'y'],
      ],
    },
    { headers: new Headers({ a: 'b' }) },
    { body: null },
  ];
  for (const init of plain) {
    test(`is what a Request makes of it: ${JSON.stringify(init)}`, () => {
      const { body, ...rest } = init;
      assert.deepEqual(
        membersOf(plainRequest(bare(init)) as CheckedMembers),
        membersOf(new Request('http://a.test/', rest)),
      );
    });
  }

  const others: readonly object[] = [
    ...['get', 'TRACE', 'A B', '', null, 1].map((method) => ({ method })),
    ...['cache', 'credentials', 'duplex', 'integrity', 'keepalive', 'mode'].map((name) => ({ [name]: 'x' })),
    ...['priority', 'referrer', 'referrerPolicy', 'window'].map((name) => ({ [name]: 'x' })),
    ...[{ redirect: 'x' }, { redirect: null }, { headers: null }, { body: 'x' }, { method: 'HEAD', body: 'x' }],
  ];
  for (const init of others) {
    test(`is not ${JSON.stringify(init)}`, () => assert.equal(plainRequest(bare(init)), undefined));
  }
});
