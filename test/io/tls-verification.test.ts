/** The verification of servers beyond the matrix: messages, switches, the user's own check, and what is left behind. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { checkServerIdentity as nodes } from 'node:tls';
import { runInNewContext } from 'node:vm';
import { ConnectionClosed, TLSError } from '../../src/errors.ts';
import { native } from '../../src/io/native.ts';
import { coConnect } from '../../src/io/tcp.ts';
import { coHandshake } from '../../src/io/tls.ts';
import { TLSContext } from '../../src/io/tls-context.ts';
import {
  type Certificate,
  makeAuthority,
  makeCertificate,
  opensslMissing,
  scratchFile,
} from '../support/certificates.ts';
import { startRawServer, startTLSServer, type TLSServer, type TLSServerOptions } from '../support/tls-server.ts';
import { thrownBy } from '../support/waiting.ts';
import { blocking, secure } from './tls-support.ts';

const skip = opensslMissing();

let root: Certificate;
let leaf: Certificate;
let options: TLSServerOptions;
let server: TLSServer;
let ca: string;

before(() => {
  if (skip !== false) return;
  root = makeAuthority('root');
  leaf = makeCertificate({ issuer: root, subject: '/CN=server', san: 'DNS:localhost,DNS:other.test,IP:127.0.0.1' });
  options = { cert: leaf.cert, key: leaf.key };
  ca = root.cert;
  server = startTLSServer(options);
});
after(() => server?.[Symbol.dispose]());

/** The code with which that fails. */
function codeOf(call: () => unknown): string {
  const error = thrownBy(call);
  assert.ok(error instanceof TLSError || error instanceof ConnectionClosed, String(error));
  return error.code;
}

describe('the verification', { skip }, () => {
  it('names the host, the cause and the way out, and gives the certificate', () => {
    const error = thrownBy(() => secure(server.port, { ca }, 'wrong.test')) as TLSError;
    assert.ok(error instanceof TLSError);
    assert.equal(error.hostname, 'wrong.test');
    assert.equal(error.certificate?.subject.CN, 'server');
    assert.match(error.reason, /mismatch/);
    assert.match(error.message, /wrong\.test.*DNS:localhost.*\(ERR_TLS_CERT_ALTNAME_INVALID\).*servername/);
    const untrusted = thrownBy(() => secure(server.port, { ca: leaf.cert })) as TLSError;
    assert.match(untrusted.message, /NODE_EXTRA_CA_CERTS/);
    assert.equal(untrusted.certificate?.subject.CN, 'server');
  });

  it('takes a certificate that is no root for an anchor only when told to', () => {
    using chained = startTLSServer({ ...options, cert: leaf.cert });
    const plain = { ca: leaf.cert };
    assert.equal(
      codeOf(() => secure(chained.port, plain)),
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
    secure(chained.port, { ...plain, allowPartialTrustChain: true }).close();
  });

  it('can be switched off, and says what it would have said', () => {
    const transport = secure(server.port, { rejectUnauthorized: false, ca: leaf.cert }, 'wrong.test');
    assert.equal(transport.authorizationError, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    transport.close();
    const other = secure(server.port, { rejectUnauthorized: false, ca }, 'wrong.test');
    assert.equal(other.authorizationError, 'ERR_TLS_CERT_ALTNAME_INVALID');
    other.close();
  });

  it('of the name is left to checkServerIdentity, if there is one', () => {
    const asked: [string, string][] = [];
    const accept = new TLSContext({
      ca,
      checkServerIdentity(hostname, { subject }) {
        asked.push([hostname, String(subject.CN)]);
        return undefined;
      },
    });
    secure(server.port, accept, 'wrong.test').close();
    secure(server.port, accept, '127.0.0.1').close();
    assert.deepEqual(asked, [
      ['wrong.test', 'server'],
      ['127.0.0.1', 'server'],
    ]);
    const refusal = new Error('not this one');
    const error = thrownBy(() => secure(server.port, { ca, checkServerIdentity: () => refusal })) as TLSError;
    assert.ok(error instanceof TLSError);
    assert.deepEqual(
      [error.code, error.cause, error.reason],
      ['ERR_TLS_CERT_ALTNAME_INVALID', refusal, 'not this one'],
    );
    assert.throws(() => secure(server.port, { ca, checkServerIdentity: nodes }, 'wrong.test'), {
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      name: 'TLSError',
    });
    secure(server.port, { ca, checkServerIdentity: nodes }).close();
  });

  it('is not passed by a checkServerIdentity that returns neither undefined nor an Error', () => {
    const before = native.counts().owned;
    for (const returned of [null, false, true, 'no', {}, Promise.resolve(), Promise.resolve(undefined)]) {
      const checkServerIdentity = (() => returned) as unknown as () => undefined;
      const error = thrownBy(() => secure(server.port, { ca, checkServerIdentity })) as TLSError;
      assert.equal(error.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
      assert.match(error.message, /checkServerIdentity: it must return undefined or an Error, and has returned/);
    }
    const foreign = runInNewContext('new RangeError("of another realm")');
    const error = thrownBy(() => secure(server.port, { ca, checkServerIdentity: () => foreign })) as TLSError;
    assert.equal(error.cause, foreign);
    assert.equal(native.counts().owned, before);
  });

  it('asks checkServerIdentity nothing about a certificate that is refused anyway', () => {
    const checkServerIdentity = () => assert.fail('asked');
    assert.equal(
      codeOf(() => secure(server.port, { ca: leaf.cert, checkServerIdentity })),
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
    const rejectUnauthorized = false;
    secure(server.port, { ca: leaf.cert, rejectUnauthorized, checkServerIdentity }).close();
    const refusing = () => Object.assign(new Error('no'), { code: 'OWN' });
    const transport = secure(server.port, { ca, rejectUnauthorized, checkServerIdentity: refusing });
    assert.equal(transport.authorizationError, 'OWN');
    transport.close();
  });

  it('closes the socket when it fails, when the check throws, and when it is given up', () => {
    const before = native.counts().owned;
    codeOf(() => secure(server.port, { ca }, 'wrong.test'));
    const thrown = new Error('thrown');
    const throwing = () => {
      throw thrown;
    };
    assert.equal(
      thrownBy(() => secure(server.port, { ca, checkServerIdentity: throwing })),
      thrown,
    );
    assert.throws(() => secure(server.port, { ca }, ''), TypeError);
    using silent = startRawServer({ bytes: Buffer.alloc(0), ending: 'keep-open' });
    const transport = blocking(coConnect(['127.0.0.1'], silent.port));
    const handshake = coHandshake(transport, new TLSContext({ ca }), { hostname: 'localhost' });
    handshake.next();
    handshake.return(undefined as never);
    assert.equal(transport.closed, true);
    assert.equal(native.counts().owned, before);
  });
});

describe('SSLKEYLOGFILE', { skip }, () => {
  it('gets the secrets of each connection appended, in a file for its owner alone', async () => {
    const file = scratchFile('keys');
    writeFileSync(scratchFile('old-keys'), '# kept\n');
    const lines = (path: string) => readFileSync(path, 'latin1').trimEnd().split('\n');
    process.env.SSLKEYLOGFILE = file;
    try {
      secure(server.port, { ca }).close();
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.ok(lines(file).some((line) => /^CLIENT_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]+$/.test(line)));
      process.env.SSLKEYLOGFILE = scratchFile('old-keys');
      secure(server.port, { ca, maxVersion: 'TLSv1.2' }).close();
      const [first, second] = lines(scratchFile('old-keys'));
      assert.equal(first, '# kept');
      assert.match(second ?? '', /^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$/);
      process.env.SSLKEYLOGFILE = '/nonexistent/keys';
      const warned = once(process, 'warning');
      secure(server.port, { ca }).close();
      assert.match(
        String((await warned)[0]),
        /SSLKEYLOGFILE: \/nonexistent\/keys cannot be opened for appending: No such file or directory/,
      );
    } finally {
      delete process.env.SSLKEYLOGFILE;
    }
  });
});
