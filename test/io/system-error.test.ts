import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { SystemError } from '../../src/errors.ts';
import { native } from '../../src/io/native.ts';
import { INTERRUPTED } from '../../src/io/signals.ts';
import * as numbers from '../../src/io/system-error.ts';
import { isConnectionLost, systemError, WOULD_BLOCK } from '../../src/io/system-error.ts';

const { errno } = constants;

describe('the error for a negated errno', () => {
  test('has the shape of Node’s own', () => {
    const error = systemError(-errno.EMFILE, 'socket');
    assert.ok(error instanceof SystemError);
    assert.deepEqual({ ...error }, { code: 'EMFILE', errno: -errno.EMFILE, syscall: 'socket' });
    assert.equal(error.message, 'socket EMFILE');
  });

  test('names the address that the call was about', () => {
    const error = systemError(-errno.ECONNREFUSED, 'connect', { address: '::1', port: 80 });
    assert.deepEqual([error.address, error.port], ['::1', 80]);
    assert.equal(error.message, 'connect ECONNREFUSED ::1:80');
    const path = systemError(-errno.ENOENT, 'connect', { address: '/socket' });
    assert.equal(path.message, 'connect ENOENT /socket');
    assert.equal(Object.hasOwn(path, 'port'), false);
  });
});

test('the numbers are the negated errnos of this system', () => {
  const { EAGAIN, EBADF, ECONNRESET, EEXIST, EINPROGRESS, EINTR, ENOENT, ENOMEM, EPROTO } = errno;
  assert.equal(native.IN_PROGRESS, -EINPROGRESS);
  assert.equal(INTERRUPTED, -EINTR);
  const { errorNumber: _, isConnectionLost: __, systemError: ___, ...constant } = numbers;
  assert.deepEqual(
    { ...constant },
    {
      WOULD_BLOCK: -EAGAIN,
      CONNECTION_RESET: -ECONNRESET,
      PROTOCOL_ERROR: -EPROTO,
      BAD_DESCRIPTOR: -EBADF,
      ALREADY_THERE: -EEXIST,
      NOT_THERE: -ENOENT,
      OUT_OF_MEMORY: -ENOMEM,
    },
  );
});

test('a connection is lost by what ends it, and not by what passes', () => {
  for (const name of [
    'ECONNRESET',
    'EPIPE',
    'ECONNABORTED',
    'ENOTCONN',
    'ETIMEDOUT',
    'EINVAL',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENETDOWN',
  ] as const) {
    assert.equal(isConnectionLost(-errno[name]), true, name);
  }
  for (const result of [0, 5, WOULD_BLOCK, -errno.EINTR, -errno.EBADF, -errno.ENOMEM]) {
    assert.equal(isConnectionLost(result), false, String(result));
  }
});
