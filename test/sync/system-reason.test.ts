import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import {
  about,
  ConnectionClosed,
  ConnectionTimedOut,
  DNSUnavailable,
  HostnameNotResolvable,
  InvalidResponse,
  type SystemError,
} from '../../src/errors.ts';
import { systemError } from '../../src/io/system-error.ts';
import { systemReason } from '../../src/sync/system-reason.ts';

const unavailable = (code: string): DNSUnavailable =>
  new DNSUnavailable('x.test', { cause: Object.assign(new Error('x'), { code }) });
const refused = (): SystemError =>
  systemError(-constants.errno.ECONNREFUSED, 'connect', { address: '127.0.0.1', port: 80 });
const REFUSED = 'connect ECONNREFUSED 127.0.0.1:80';

const cases: readonly (readonly [name: string, error: unknown, code: string | undefined, message: string])[] = [
  ['a name without an address', new HostnameNotResolvable('x.test'), 'ENOTFOUND', 'getaddrinfo ENOTFOUND x.test'],
  ['no resolver', unavailable('EAI_NONAME'), 'ENOTFOUND', 'getaddrinfo ENOTFOUND x.test'],
  ['no answer', unavailable('EAI_AGAIN'), 'EAI_AGAIN', 'getaddrinfo EAI_AGAIN x.test'],
  ['an end', new ConnectionClosed('x', { phase: 'receive' }), 'ECONNRESET', 'socket hang up'],
  ['no HTTP', new InvalidResponse('no status line'), 'DUGONG_INVALID_RESPONSE', 'Parse Error: no status line'],
  ['an error of the system', refused(), 'ECONNREFUSED', REFUSED],
  ['an error about a request', about(refused(), 'GET http://x.test/a'), 'ECONNREFUSED', REFUSED],
  ['a time-out', new ConnectionTimedOut(5), 'DUGONG_CONNECTION_TIMED_OUT', 'timed out after 5 ms'],
  ['another error', new Error('POST https://x.test/ a: b'), undefined, 'POST https://x.test/ a: b'],
  ['a code that is a number', Object.assign(new Error('x'), { code: 5 }), undefined, 'x'],
  ['what is no error', 'text', undefined, 'text'],
];

for (const [name, error, code, message] of cases) {
  test(`${name}, in the words of node:http`, () => assert.deepEqual(systemReason(error), { code, message }));
}
