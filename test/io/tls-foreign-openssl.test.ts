/** A process may have functions of another OpenSSL, by a library that brings it: the addon takes Node's own only. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTLSServer } from '../support/tls-server.ts';
import { available } from './native-fickle-socket.ts';
import { contextParameters, run } from './native-programs.ts';

/** What a newer OpenSSL would say of a session of an older one, whose members are elsewhere: that it is very old. */
const foreign = 'long SSL_SESSION_get_time_ex(const void *session) { return 1; }\n';

/** Two connections in TLS 1.2: whether the second one resumed the session of the first. */
const program = `
  const context = native.tlsContext({ ...${contextParameters}, maxVersion: 0x0303 });
  const resumed = [1, 2].map(() => {
    const fd = connect(Number(process.env.port));
    native.pollOne(fd, 4, -1);
    native.tlsStart(fd, context, 'localhost', 'localhost', '', 'the server', undefined);
    while (native.tlsHandshake(fd) === native.TLS_WANT_READ) native.pollOne(fd, 1, -1);
    const { resumed } = native.tlsDetails(fd, 0);
    native.tlsShutdown(fd);
    native.close(fd);
    return resumed;
  });
  say(JSON.stringify(resumed));
`;

const preloaded = process.env.LD_PRELOAD !== undefined && 'something else is preloaded';
const skip = opensslMissing() || preloaded || (!available && 'needs a C compiler');

describe('a function that only another OpenSSL has', { skip }, () => {
  it('does not tell the age of sessions', async (context) => {
    const folder = temporaryFolder(context);
    const [code, library] = [join(folder, 'foreign.c'), join(folder, 'foreign.so')];
    writeFileSync(code, foreign);
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, code]);
    const root = makeAuthority('root');
    const { cert, key } = makeCertificate({ issuer: root, san: 'DNS:localhost' });
    using server = startTLSServer({ cert, key });
    const environment = { ca: root.cert, port: `${server.port}`, LD_PRELOAD: library };
    assert.deepEqual(JSON.parse(await run(program, environment)), [false, true]);
  });
});
