import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import {
  ConnectionClosed,
  ConnectionTimedOut,
  DNSUnavailable,
  type DugongError,
  HostnameNotResolvable,
  InvalidResponse,
} from '../../src/errors.ts';
import { inSystemWords } from '../../src/fetch/system-words.ts';
import { systemError } from '../../src/io/system-error.ts';

const closed = (cause?: unknown): DugongError => new ConnectionClosed('closed', { phase: 'receive', cause });
const failed = (errno: number): DugongError => closed(systemError(-errno, 'recv'));
const resolver = (code: string): DugongError =>
  new DNSUnavailable('x.test', { cause: Object.assign(new Error('x'), { code }) });
const ENOTFOUND = { code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo' };
const EAI_AGAIN = { code: 'EAI_AGAIN', errno: -3001, syscall: 'getaddrinfo' };
const { errno } = constants;

describe('the code of an error that leaves a fetch', () => {
  const cases: readonly (readonly [name: string, error: DugongError, words: object])[] = [
    ['a name without an address', new HostnameNotResolvable('x.test'), ENOTFOUND],
    ['a resolver without an answer', new DNSUnavailable('x.test'), EAI_AGAIN],
    ['a resolver that fails', resolver('EAI_FAIL'), EAI_AGAIN],
    ['a system without a resolver', resolver('EAI_NONAME'), ENOTFOUND],
    ['a name without data', resolver('EAI_NODATA'), ENOTFOUND],
    ['an end', closed(), { code: 'ECONNRESET' }],
    ['an end with another cause', closed(new Error('x')), { code: 'ECONNRESET' }],
    ['a reset', failed(errno.ECONNRESET), { code: 'ECONNRESET', errno: -errno.ECONNRESET, syscall: 'recv' }],
    ['a broken pipe', failed(errno.EPIPE), { code: 'EPIPE', errno: -errno.EPIPE, syscall: 'recv' }],
    ['an end that some kernels call invalid', failed(errno.EINVAL), { code: 'ECONNRESET' }],
  ];
  for (const [name, error, words] of cases) {
    test(`is the system’s for ${name}`, () => {
      const { message } = error;
      const worded = inSystemWords(error);
      assert.equal(worded, error);
      assert.equal(worded.message, message);
      assert.deepEqual(
        Object.fromEntries(
          ['code', 'errno', 'syscall'].flatMap((key) => {
            const value = Reflect.get(worded, key);
            return value === undefined ? [] : [[key, value]];
          }),
        ),
        words,
      );
    });
  }

  test('stays that of this library if the system has none', () => {
    for (const error of [new InvalidResponse('x'), new ConnectionTimedOut(1), systemError(-errno.EACCES, 'connect')]) {
      const { code } = error;
      assert.equal(inSystemWords(error).code, code);
    }
  });
});
