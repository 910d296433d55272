import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { adviceFor } from '../../src/cli/advice.ts';
import { LocalFileError } from '../../src/cli/file-sink.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { codeOfError, codeOfResult, Verdict } from '../../src/cli/verdict.ts';
import {
  ConnectionClosed,
  ConnectionTimedOut,
  DNSUnavailable,
  HostnameNotResolvable,
  InvalidResponse,
  MissingBodyData,
  ProxyError,
  SystemError,
  TLSError,
  UnsupportedResponse,
} from '../../src/errors.ts';
import { responseWith } from '../support/http-response.ts';

const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
const answer = { status: 407, reason: '', headers: [], body: new Uint8Array() };

describe('the exit code of an error', () => {
  const cases: readonly (readonly [error: unknown, code: number])[] = [
    [new RangeError('a bug'), 1],
    [new UsageError('?'), 2],
    [new TypeError('"a b" is no method'), 2],
    [new LocalFileError('x', full), 3],
    [new MissingBodyData('the file has shrunk'), 3],
    [new ConnectionClosed('gone', { phase: 'response head' as never }), 4],
    [new ConnectionTimedOut(5), 4],
    [new DNSUnavailable('x'), 4],
    [new HostnameNotResolvable('x'), 4],
    [new SystemError('ECONNREFUSED', { errno: -111, syscall: 'connect' }), 4],
    [new ProxyError('no'), 4],
    [new TLSError('CERT_HAS_EXPIRED', 'expired', { reason: 'expired' }), 5],
    [new ProxyError('no', { answer }), 6],
    [new InvalidResponse('?'), 7],
    [new UnsupportedResponse('?'), 7],
    [new LocalFileError('standard output', gone), 141],
  ];
  for (const [error, code] of cases) {
    test(`is ${code} for ${(error as Error).name}: ${(error as Error).message}`, () => {
      assert.equal(codeOfError(error), code);
      assert.equal(codeOfResult({ outcome: 'failed', error: error as Error, response: undefined }), code);
      assert.doesNotMatch(adviceFor(error) ?? '', /\n/);
    });
  }
});

describe('the exit code of a run', () => {
  test('is that of its documents: 6 where credentials are wanted, 8 for what is missing', () => {
    const code = (status: number) =>
      codeOfResult({ outcome: 'missing', error: undefined, response: responseWith({ status }) });
    assert.deepEqual([401, 407, 404, 302, 500].map(code), [6, 6, 8, 8, 8]);
    for (const outcome of ['done', 'aborted'] as const) {
      assert.equal(codeOfResult({ outcome, error: undefined, response: undefined }), 0);
    }
  });

  test('is the lowest but 0, in whatever order', () => {
    for (const codes of [
      [8, 0, 4, 5],
      [5, 4, 8, 0],
      [0, 4],
    ]) {
      const verdict = new Verdict();
      for (const code of codes) verdict.add(code);
      assert.equal(verdict.code, 4);
    }
    assert.equal(new Verdict().code, 0);
  });
});

test('advice fits the error', () => {
  assert.match(adviceFor(new LocalFileError('x', full)) ?? '', /make room/);
  assert.match(adviceFor(new LocalFileError('x', 'the file exists')) ?? '', /--overwrite.*--skip-existing/);
  assert.match(adviceFor(new HostnameNotResolvable('x')) ?? '', /spelled/);
  const tls = (code: string, peer?: 'proxy') => adviceFor(new TLSError(code, '', { reason: '', peer })) ?? '';
  assert.match(tls('DEPTH_ZERO_SELF_SIGNED_CERT'), /--cacert/);
  assert.match(tls('SELF_SIGNED_CERT_IN_CHAIN', 'proxy'), /NODE_EXTRA_CA_CERTS/);
  assert.match(tls('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), /--cert and --key/);
  assert.match(tls('ERR_SSL_WRONG_VERSION_NUMBER'), /does an HTTPS server listen/);
  assert.equal(adviceFor(new Error('?')), undefined);
});
