/** Shared by the tests of tunnels: a connection through a proxy, the bytes of CONNECT, and failures that leave nothing open. */

import assert from 'node:assert/strict';
import { HTTPConnection, type HTTPConnectionOptions } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { response } from './messages.ts';
import { timeLimit } from './time-limit.ts';
import { thrownBy } from './waiting.ts';

export const ESTABLISHED: string = response('200 Connection established');

/** To an origin whose name has no address: only the proxy is ever resolved. */
export function through(proxy: { readonly port: number }, options: HTTPConnectionOptions = {}): HTTPConnection {
  return new HTTPConnection('origin.invalid', {
    tls: true,
    proxy: { hostname: '127.0.0.1', port: proxy.port },
    timeout: timeLimit(20_000),
    ...options,
  });
}

export function connectHead(authority: string, ...fields: string[]): string {
  return `CONNECT ${authority} HTTP/1.1\r\n${[`Host: ${authority}`, ...fields].join('\r\n')}\r\n\r\n`;
}

/** Compares as `assert.throws` does: the properties that `expected` has. */
export function assertLike(error: unknown, expected: object): void {
  assert.throws(() => {
    throw error;
  }, expected);
}

/** The error of connecting; it must leave no descriptor open. */
export function failure(connection: HTTPConnection): unknown {
  const before = native.counts();
  const error = thrownBy(() => connection.sendRequest('GET', '/secret-path', { headers: { Cookie: 's3cret' } }));
  assert.deepEqual(native.counts(), before);
  return error;
}
