import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import type { TLSDetails } from '../../src/io/native.ts';
import {
  errorCode,
  handshakeFailure,
  identityRefusal,
  type Party,
  tlsError,
  verificationCode,
} from '../../src/io/tls-failure.ts';

const SERVER: Party = { hostname: 'x.test', role: 'server', port: 443 };

/** What OpenSSL says, of which only this is looked at. */
function details(given: Partial<TLSDetails>): TLSDetails {
  return {
    certificates: [],
    verification: 0,
    verificationReason: '',
    refused: false,
    library: '',
    reason: '',
    ...given,
  } as TLSDetails;
}

describe('the code of an error of OpenSSL', () => {
  test('is that of Node', () => {
    assert.equal(errorCode('SSL routines', 'wrong version number'), 'ERR_SSL_WRONG_VERSION_NUMBER');
    assert.equal(errorCode('PEM routines', 'no start line'), 'ERR_OSSL_PEM_NO_START_LINE');
    assert.equal(errorCode('another library', 'bad thing'), 'ERR_OSSL_BAD_THING');
    assert.equal(errorCode('dugong', 'certificate changed'), 'ERR_TLS_CERTIFICATE_CHANGED');
    assert.equal(errorCode('SSL routines', ''), 'ERR_OSSL_UNKNOWN');
  });

  test('of a verification has a name, also if the number is new', () => {
    const codes = [0, 10, 62, 9999].map((verification) => verificationCode(details({ verification })));
    assert.deepEqual(codes, [undefined, 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'UNSPECIFIED']);
  });
});

describe('a TLS error', () => {
  test('of a certificate that is refused names the host, the reason and the way out', () => {
    const verification = { refused: true, verification: 18, verificationReason: 'self-signed certificate' };
    const error = tlsError(SERVER, details(verification));
    assert.deepEqual([error.code, error.hostname, error.peer], ['DEPTH_ZERO_SELF_SIGNED_CERT', 'x.test', 'server']);
    assert.match(error.message, /^the certificate of x\.test is not accepted: self-signed certificate \(DEPTH_ZERO/);
    assert.match(error.message, /NODE_EXTRA_CA_CERTS\.$/);
  });

  test('of another failure names what failed, though the certificate was not valid', () => {
    const error = tlsError(SERVER, details({ verification: 18, library: 'SSL routines', reason: 'bad record' }));
    assert.deepEqual(
      [error.code, error.message],
      ['ERR_SSL_BAD_RECORD', 'TLS with x.test failed: bad record (ERR_SSL_BAD_RECORD)'],
    );
  });

  test('of a handshake with what speaks no TLS says so, and how to go on', () => {
    const failed = details({ library: 'SSL routines', reason: 'wrong version number' });
    assert.match(
      handshakeFailure(SERVER, failed).message,
      /Port 443 of x\.test seems not to speak TLS.*or no option tls$/,
    );
    const proxy = handshakeFailure({ hostname: 'p.test', role: 'proxy' }, failed);
    assert.match(
      proxy.message,
      /^TLS with the proxy p\.test failed.*p\.test seems not to speak TLS.*URL of the proxy$/,
    );
  });
});

test('what checkServerIdentity returns is a refusal, unless it is undefined', () => {
  const refusal = new Error('refused');
  assert.equal(identityRefusal(undefined), undefined);
  assert.equal(identityRefusal(refusal), refusal);
  assert.equal((identityRefusal(runInNewContext('new Error("elsewhere")')) as Error).message, 'elsewhere');
  for (const other of [null, false, true, Promise.resolve(), 'text']) {
    assert.match(String(identityRefusal(other)), /must return undefined or an Error/);
  }
});
