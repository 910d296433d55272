import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { HostnameNotResolvable, SystemError } from '../src/errors.ts';
import { isTempNetworkError } from '../src/temp-network-error.ts';
import { withPollution } from './support/pollution.ts';

const system = (code: string): SystemError => new SystemError(code, { errno: -1, syscall: 'connect' });

describe('isTempNetworkError', () => {
  const temporary = [
    ...['EHOSTDOWN', 'EHOSTUNREACH', 'ENETDOWN', 'ENETRESET', 'ENETUNREACH', 'ENOLINK', 'ENONET', 'ENOTCONN', 'ENXIO'],
    ...['EPIPE', 'EREMCHG', 'ESHUTDOWN', 'ETIMEDOUT', 'EAGAIN', 'ECONNRESET', 'ECONNABORTED', 'ECONNREFUSED'],
  ];
  test('knows the codes of the system that concern the network, whatever raised them', () => {
    for (const code of temporary) {
      assert.equal(isTempNetworkError(Object.assign(new Error('x'), { code })), true, code);
    }
    for (const code of Object.keys(constants.errno).filter((name) => !temporary.includes(name) && name !== 'EINTR')) {
      assert.equal(isTempNetworkError(Object.assign(new Error('x'), { code })), false, code);
    }
  });

  test('is true of several errors only if it is of each', () => {
    assert.equal(isTempNetworkError(new AggregateError([system('EPIPE'), system('ETIMEDOUT')])), true);
    assert.equal(isTempNetworkError(new AggregateError([system('EPIPE'), system('EACCES')])), false);
    assert.equal(isTempNetworkError(new AggregateError([])), false);
  });

  test('takes no code of Object.prototype for that of an error, but one of its class', () => {
    withPollution({ code: 'ECONNRESET' }, () => assert.equal(isTempNetworkError(new Error('x')), false));
    class Reset extends Error {
      get code(): string {
        return 'ECONNRESET';
      }
    }
    assert.equal(isTempNetworkError(new Reset('x')), true);
  });

  test('looks through what fetch throws at its cause', () => {
    for (const message of ['fetch failed', 'terminated']) {
      assert.equal(isTempNetworkError(new TypeError(message, { cause: system('ECONNRESET') })), true);
      assert.equal(isTempNetworkError(new TypeError(message, { cause: new HostnameNotResolvable('x') })), false);
      assert.equal(isTempNetworkError(new TypeError(message, { cause: new Error('bad port') })), false);
    }
    const circular = new TypeError('fetch failed', { cause: undefined });
    circular.cause = circular;
    assert.equal(isTempNetworkError(circular), false);
  });

  test('is false of whatever else is thrown', () => {
    const others = [
      undefined,
      null,
      'EPIPE',
      { code: 'EPIPE' },
      new Error('EPIPE'),
      Object.assign(new Error('x'), { code: 32 }),
    ];
    for (const thrown of [...others, new TypeError('x'), new DOMException('x', 'AbortError')]) {
      assert.equal(isTempNetworkError(thrown), false);
    }
  });
});
