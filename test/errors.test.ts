import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { about, withLostRequests } from '../src/errors.ts';
import {
  ConnectionClosed,
  ConnectionTimedOut,
  DNSUnavailable,
  DugongError,
  ExcessBodyData,
  HostnameNotResolvable,
  InvalidResponse,
  isTempNetworkError,
  MissingBodyData,
  StateError,
  SystemError,
  UnsupportedResponse,
} from '../src/index.ts';

const system = (code: string): SystemError => new SystemError(code, { errno: -1, syscall: 'connect' });

const errors: readonly [error: DugongError, name: string, code: string, temporary: boolean][] = [
  [new StateError('x'), 'StateError', 'DUGONG_STATE', false],
  [new ExcessBodyData('x'), 'ExcessBodyData', 'DUGONG_EXCESS_BODY_DATA', false],
  [new MissingBodyData('x'), 'MissingBodyData', 'DUGONG_MISSING_BODY_DATA', false],
  [new InvalidResponse('x'), 'InvalidResponse', 'DUGONG_INVALID_RESPONSE', false],
  [new UnsupportedResponse('x'), 'UnsupportedResponse', 'DUGONG_UNSUPPORTED_RESPONSE', false],
  [new ConnectionClosed('x', { phase: 'send' }), 'ConnectionClosed', 'DUGONG_CONNECTION_CLOSED', true],
  [new ConnectionTimedOut(5, 'send'), 'ConnectionTimedOut', 'DUGONG_CONNECTION_TIMED_OUT', true],
  [new HostnameNotResolvable('x'), 'HostnameNotResolvable', 'DUGONG_HOSTNAME_NOT_RESOLVABLE', false],
  [new DNSUnavailable('x'), 'DNSUnavailable', 'DUGONG_DNS_UNAVAILABLE', true],
  [system('ECONNREFUSED'), 'SystemError', 'ECONNREFUSED', true],
  [system('EACCES'), 'SystemError', 'EACCES', false],
];

describe('the errors of this library', () => {
  for (const [error, name, code, temporary] of errors) {
    test(`${name} (${code}) has its name and code, and is ${temporary ? '' : 'not '}worth a retry`, () => {
      assert.ok(error instanceof DugongError && error instanceof Error);
      assert.deepEqual([error.name, error.code], [name, code]);
      assert.match(String(error.stack), new RegExp(`^${name}: `));
      assert.equal(Object.hasOwn(error, 'name'), false);
      assert.equal(Object.hasOwn(error, 'cause'), false);
      assert.equal(isTempNetworkError(error), temporary);
    });
  }

  test('ExcessBodyData is a StateError', () => assert.ok(new ExcessBodyData('x') instanceof StateError));

  test('ConnectionClosed says what is lost, and has empty values for what it was not told', () => {
    const cause = new Error('why');
    const lostRequests = [{ method: 'GET', path: '/', mayHaveBeenProcessed: true }];
    const full = new ConnectionClosed('x', { phase: 'idle', lostRequests, bytesSent: 1, bytesReceived: 2, cause });
    assert.deepEqual([full.phase, full.lostRequests, full.bytesSent, full.bytesReceived], ['idle', lostRequests, 1, 2]);
    assert.equal(full.cause, cause);
    const bare = new ConnectionClosed('x', { phase: 'send' });
    assert.deepEqual([bare.lostRequests, bare.bytesSent, bare.bytesReceived, bare.cause], [[], 0, 0, undefined]);
  });

  test('ConnectionTimedOut says its limit and its phase, if it knows one', () => {
    assert.equal(new ConnectionTimedOut(5, 'resolve').message, 'timed out after 5 ms (resolve)');
    assert.equal(new ConnectionTimedOut(5).message, 'timed out after 5 ms');
    assert.equal(new ConnectionTimedOut(5).phase, undefined);
  });

  test('SystemError has the shape of Node’s own', () => {
    const details = { errno: -111, syscall: 'connect', address: '::1', port: 80 };
    const error = new SystemError('ECONNREFUSED', details);
    assert.deepEqual({ ...error }, { code: 'ECONNREFUSED', ...details });
    assert.equal(error.message, 'connect ECONNREFUSED ::1:80');
    assert.deepEqual(
      { ...new SystemError('EMFILE', { errno: -24, syscall: 'socket' }) },
      { code: 'EMFILE', errno: -24, syscall: 'socket' },
    );
  });
});

describe('an error that is about a request', () => {
  test('says what happened, however long the URL is', () => {
    const url = `http://a.test/?${'q'.repeat(5000)}`;
    const { message, stack } = about(system('ECONNREFUSED'), `GET ${url}`);
    assert.match(message, /^GET http:\/\/a\.test\/\?q+\.\.\.: connect ECONNREFUSED/);
    assert.ok(message.length < 1000);
    assert.ok(stack?.includes(message));
    assert.equal(about(about(system('EPIPE'), url), url).message, about(system('EPIPE'), url).message);
  });
});

test('an error that is frozen stays as it is', () => {
  const frozen = Object.freeze(new StateError('of the caller'));
  assert.equal(withLostRequests(about(frozen, 'GET http://localhost/'), []), frozen);
  assert.equal(frozen.message, 'of the caller');
});
