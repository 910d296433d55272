/** A call of OpenSSL that fails, and of which nothing says why, is a failure, and never the end of the peer's stream. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { libc } from '../../src/io/libc.ts';
import { makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { startTLSServer } from '../support/tls-server.ts';
import { available } from './native-fickle-socket.ts';
import { contextParameters, run } from './native-programs.ts';
import { silentOpenSSL } from './native-silent-openssl.ts';

/** Shakes hands, then reads twice. */
const program = `
  const context = native.tlsContext(${contextParameters});
  const fd = connect(Number(process.env.port));
  native.pollOne(fd, 4, -1);
  native.tlsStart(fd, context, 'localhost', 'localhost', '', '', undefined);
  while (native.tlsHandshake(fd) === native.TLS_WANT_READ) native.pollOne(fd, 1, -1);
  const receive = () => native.tlsRecv(fd, Buffer.alloc(10), 0, 10) === native.TLS_FAILED;
  const { library, reason } = native.tlsDetails(fd, 0);
  say(JSON.stringify({ before: library + reason, results: [receive(), receive()], reason: native.tlsDetails(fd, 0).reason }));
  native.close(fd);
`;

const preloaded = process.env.LD_PRELOAD !== undefined && 'something else is preloaded';
const skip = opensslMissing() || preloaded || (!(available && libc() === 'glibc') && 'needs glibc and a C compiler');

describe('a read that fails in OpenSSL without a reason', { skip }, () => {
  for (const kind of ['unknown', 'wants to read'] as const) {
    it(`is a failure of TLS, not the end of the stream: ${kind}`, async () => {
      const root = makeAuthority('root');
      const { cert, key } = makeCertificate({ issuer: root, san: 'DNS:localhost' });
      using server = startTLSServer({ cert, key });
      using silent = silentOpenSSL();
      const environment = { ca: root.cert, port: `${server.port}`, ...silent.environment(kind) };
      assert.deepEqual(JSON.parse(await run(program, environment)), {
        before: '',
        results: [true, true],
        reason: 'failure without a reason',
      });
    });
  }
});
