/** The options of a TLS context, and where the trusted certificates come from when none are given. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants } from 'node:crypto';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { TLSError } from '../../src/errors.ts';
import { settingsOf, TLSContext, tlsContext } from '../../src/io/tls-context.ts';
import { makeAuthority, makeCertificate, openssl, opensslMissing, scratchFile } from '../support/certificates.ts';
import { inThisForm, loaderOptions, repository } from '../support/compiled.ts';
import { runProgram } from '../support/run-program.ts';
import { startTLSServer } from '../support/tls-server.ts';
import { thrownBy } from '../support/waiting.ts';
import { available } from './native-slow-getaddrinfo.ts';
import { secure, verdict } from './tls-support.ts';

const skip = opensslMissing();
/** Which is preloaded itself, and looks up functions of its own. */
const underSanitizer = process.env.LD_PRELOAD?.includes('asan') ?? false;

const NAMES: readonly string[] = [
  ...[
    'ca',
    'cert',
    'key',
    'pfx',
    'secureOptions',
    'passphrase',
    'servername',
    'minVersion',
    'maxVersion',
    'ciphers',
    'session',
  ],
  ...['ALPNProtocols', 'rejectUnauthorized', 'checkServerIdentity', 'allowPartialTrustChain'],
];

describe('a TLS option', () => {
  const wrong: readonly [options: object, message: RegExp][] = [
    [{ rejectUnauthorized: 0 }, /rejectUnauthorized must be true or false/],
    [{ rejectUnauthorized: '' }, /rejectUnauthorized must be true or false/],
    [{ rejectUnauthorized: 'false' }, /rejectUnauthorized must be true or false/],
    [{ rejectUnauthorised: false }, /tls has no option "rejectUnauthorised"/],
    [{ crl: 'x' }, /tls has no option "crl"/],
    [{ ca: 5 }, /ca must be PEM/],
    [{ ca: [5] }, /ca must be PEM/],
    [{ cert: {} }, /cert must be PEM/],
    [{ key: [null] }, /key must be PEM/],
    [{ key: [{ pem: 'x', passphrase: 5 }] }, /passphrase must be a string/],
    [{ key: 'x', passphrase: 5 }, /passphrase must be a string/],
    [{ key: [{ pem: 'x', passphras: 'y' }] }, /key has no option "passphras"/],
    [{ passphrase: 5 }, /passphrase must be a string/],
    [{ cert: 'x' }, /cert and key must come together/],
    [{ key: 'x' }, /cert and key must come together/],
    [{ cert: ['x', 'y'], key: 'x' }, /cert and key must come together/],
    [{ servername: 5 }, /servername must be a string/],
    [{ servername: '.x' }, /is not a host name/],
    [{ servername: 'a\0b' }, /servername must not contain a NUL/],
    [{ minVersion: 'TLSv1.4' }, /minVersion must be one of TLSv1, TLSv1\.1, TLSv1\.2, TLSv1\.3/],
    [{ minVersion: 'TLSv1.4', ciphers: 'TLS_AES_128_GCM_SHA256' }, /minVersion must be/],
    [{ maxVersion: 3 }, /maxVersion must be/],
    [{ ciphers: 5 }, /ciphers must be a string/],
    [{ ciphers: ':' }, /ciphers must name a cipher/],
    [{ ALPNProtocols: 'h2' }, /ALPNProtocols must be an array/],
    [{ ALPNProtocols: [''] }, /ALPNProtocols must be names of 1 to 255 bytes/],
    [{ ALPNProtocols: ['x'.repeat(256)] }, /ALPNProtocols must be names/],
    [{ ALPNProtocols: [5] }, /ALPNProtocols must be names/],
    [{ session: 'x' }, /session must be a Uint8Array/],
    [{ session: new Uint8Array(0) }, /session must be a Uint8Array from getSession/],
    [{ checkServerIdentity: true }, /checkServerIdentity must be a function/],
    [{ pfx: 5 }, /pfx must be a Uint8Array/],
    [{ pfx: {} }, /pfx must be a Uint8Array/],
    [{ pfx: [null] }, /pfx must be a Uint8Array/],
    [{ pfx: [{ passphrase: 'x' }] }, /pfx must be a Uint8Array/],
    [{ pfx: [{ buf: 'x', passphrase: 5 }] }, /passphrase must be a string/],
    [{ pfx: [{ buf: 'x', passphrase: 'a\0b' }] }, /passphrase must not contain a NUL/],
    [{ pfx: '\ufffd' }, /pfx must be bytes: a file that is read as UTF-8 loses some/],
    [{ secureOptions: '4' }, /secureOptions must be bits/],
    [{ secureOptions: 0.5 }, /secureOptions must be bits/],
    [{ secureOptions: 2 ** 53 }, /secureOptions must be bits/],
    [{ secureOptions: -(2 ** 31) - 1 }, /secureOptions must be bits/],
    [{ secureOptions: 0x84 }, /secureOptions must not contain SSL_OP_IGNORE_UNEXPECTED_EOF/],
    [{ secureOptions: (2 ** 31 + 0x80) | 0 }, /secureOptions must not contain SSL_OP_IGNORE_UNEXPECTED_EOF/],
    [{ allowPartialTrustChain: 1 }, /allowPartialTrustChain must be true or false/],
  ];
  for (const [options, message] of wrong) {
    it(`of a wrong type is refused: ${inspect(options).slice(0, 60)}`, () => {
      const error = thrownBy(() => new TLSContext(options));
      assert.ok(error instanceof TypeError);
      assert.match(error.message, message);
    });
  }

  for (const wrong of ['', [], Number.NaN]) {
    const emptyIsRight: Record<string, readonly unknown[]> = {
      ca: [[]],
      cert: [[]],
      key: [[]],
      pfx: [[]],
      passphrase: [''],
      servername: [''],
      ALPNProtocols: [[]],
    };
    it(`of no sense is refused by its name: ${inspect(wrong)}`, () => {
      for (const name of NAMES) {
        if (emptyIsRight[name]?.some((value) => inspect(value) === inspect(wrong))) continue;
        const error = thrownBy(() => new TLSContext({ [name]: wrong }));
        assert.ok(error instanceof TypeError || error instanceof TLSError, name);
        assert.match(
          error.message,
          new RegExp(`the TLS options? (cert and )?${name} (and key )?(must|is not accepted)`),
        );
      }
    });
  }

  it('is in an object', () => {
    for (const wrong of [null, '', [], Number.NaN, 5]) {
      assert.throws(
        () => new TLSContext(wrong as object),
        /^TypeError: the options of tls must be an object, such as /,
      );
    }
  });

  it('leaves a version at least', () => {
    const message = /^RangeError: .*minVersion .*maxVersion leave no version$/;
    assert.throws(() => new TLSContext({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }), message);
    assert.throws(() => new TLSContext({ maxVersion: 'TLSv1.1' }), message);
    const ciphers = 'TLS_AES_128_GCM_SHA256';
    assert.throws(() => new TLSContext({ ciphers, maxVersion: 'TLSv1.2' }), /^RangeError: .*ciphers .*TLS 1\.3 only/);
  });

  it('that is null is as if it were not there', () => {
    const context = new TLSContext(Object.fromEntries(NAMES.map((name) => [name, null])));
    const { rejectUnauthorized, checkServerIdentity } = settingsOf(context);
    assert.deepEqual([rejectUnauthorized, checkServerIdentity], [true, undefined]);
  });

  it('that OpenSSL does not accept is named with its reason', () => {
    const refused: readonly [options: object, code: RegExp][] = [
      [{ ca: '' }, /^ERR_OSSL_PEM_NO_START_LINE$/],
      [{ ca: ['no certificate'] }, /^ERR_OSSL_PEM_NO_START_LINE$/],
      [{ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }, /^ERR_OSSL_/],
      [{ cert: 'x', key: 'x' }, /^ERR_OSSL_PEM_NO_START_LINE$/],
      [{ ciphers: 'NO-SUCH' }, /^ERR_SSL_NO_CIPHER_MATCH$/],
      [{ ciphers: 'TLS_NO_SUCH' }, /^ERR_SSL_NO_CIPHER_MATCH$/],
      [{ session: Buffer.from('nonsense') }, /^ERR_OSSL_ASN1_/],
    ];
    for (const [options, code] of refused) {
      const error = thrownBy(() => new TLSContext(options));
      assert.ok(error instanceof TLSError, inspect(options));
      assert.match(error.code, code);
      assert.match(error.message, new RegExp(`the TLS option ${Object.keys(options)[0]} is not accepted`));
    }
  });
});

describe('a certificate and its key', { skip }, () => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

  it('are refused if a part of the chain is broken, which would be left out otherwise', () => {
    const { cert, key } = makeCertificate();
    assert.throws(() => new TLSContext({ cert: cert + broken, key }), /^TLSError: the TLS option cert is not accepted/);
    assert.throws(() => new TLSContext({ ca: cert + broken }), /^TLSError: the TLS option ca is not accepted/);
  });

  it('may stand in one file, with words around them', () => {
    const { cert, key } = makeCertificate();
    const file = `The certificate:\n${cert}and its key:\n${key}that is all\n`;
    assert.ok(new TLSContext({ cert: file, key: file }));
  });

  it('are refused with what to do: no key, another kind of PEM, the wrong passphrase', () => {
    const { cert, key } = makeCertificate({ issuer: makeAuthority('root'), passphrase: 'secret' });
    assert.ok(new TLSContext({ cert, key, passphrase: 'secret' }));
    for (const options of [
      { key },
      { key, passphrase: '' },
      { key, passphrase: 'wrong' },
      { key, passphrase: 'x'.repeat(5000) },
      { key: cert },
      { key: 'x' },
    ]) {
      const error = thrownBy(() => new TLSContext({ cert, ...options })) as TLSError;
      assert.match(String(error), /^TLSError: the TLS option key is not accepted: .*PEM.*passphrase must be right$/);
      assert.match(error.code, /^ERR_OSSL_/);
    }
  });
});

describe('the TLS option secureOptions', { skip }, () => {
  const { SSL_OP_ALL, SSL_OP_NO_TLSv1_2, SSL_OP_NO_TLSv1_3, SSL_OP_LEGACY_SERVER_CONNECT } = constants;
  const root = makeAuthority('root');
  const leaf = makeCertificate({ issuer: root, san: 'DNS:localhost' });

  it('sets its bits beside those that are set anyway, and is negative where JavaScript makes it so', () => {
    using server = startTLSServer({ cert: leaf.cert, key: leaf.key });
    const protocols = [
      0,
      SSL_OP_LEGACY_SERVER_CONNECT,
      SSL_OP_ALL,
      SSL_OP_NO_TLSv1_3,
      SSL_OP_ALL | SSL_OP_NO_TLSv1_3,
    ].map((secureOptions) => {
      const transport = secure(server.port, { ca: root.cert, secureOptions });
      const protocol = transport.getProtocol();
      transport.close();
      return protocol;
    });
    assert.deepEqual(protocols, ['TLSv1.3', 'TLSv1.3', 'TLSv1.3', 'TLSv1.2', 'TLSv1.2']);
  });

  it('that leaves no version fails in the handshake', () => {
    using server = startTLSServer({ cert: leaf.cert, key: leaf.key });
    const secureOptions = SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3;
    assert.equal(verdict(server.port, { ca: root.cert, secureOptions }), 'ERR_SSL_NO_PROTOCOLS_AVAILABLE');
  });
});

describe('the option tls', () => {
  it('gives the same context for true, a context for itself, and a new one for options', () => {
    assert.equal(tlsContext(true), tlsContext(true));
    const context = new TLSContext();
    assert.equal(tlsContext(context), context);
    assert.notEqual(tlsContext({}), tlsContext({}));
  });
});

describe('the certificates trusted by default', { skip }, () => {
  /** Connects in a process of its own, with these variables: what it prints. */
  async function connectWith(variables: Record<string, string>): Promise<string> {
    const root = makeAuthority('default root');
    const leaf = makeCertificate({ issuer: root, san: 'DNS:localhost' });
    const folder = scratchFile('folder');
    mkdirSync(folder, { recursive: true });
    writeFileSync(scratchFile('root.pem'), root.cert);
    cpSync(root.certFile, `${folder}/${openssl(['x509', '-noout', '-hash'], root.cert).trim()}.0`);
    using server = startTLSServer({ cert: leaf.cert, key: leaf.key });
    const env = { ...process.env, SSL_CERT_FILE: '', SSL_CERT_DIR: '', NODE_EXTRA_CA_CERTS: '' };
    const result = await runProgram('test/io/tls-connect-program.ts', [`${server.port}`], {
      env: { ...env, ...variables },
    });
    return result.stdout.toString() + result.stderr;
  }

  it('do not include those of a stranger', async () => {
    assert.equal(await connectWith({}), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE\n');
  });

  for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
    it(`include those in the file of ${name}`, async () => {
      assert.equal(await connectWith({ [name]: scratchFile('root.pem') }), 'accepted\n');
    });
  }

  it('include those in the folders of SSL_CERT_DIR', async () => {
    const output = await connectWith({ SSL_CERT_DIR: `/nonexistent:${scratchFile('folder')}` });
    assert.match(output, /^accepted\n.*Warning: SSL_CERT_DIR: ignoring \/nonexistent: ENOENT/s);
  });

  it('are there without a file that cannot be used, and a warning is given', async () => {
    writeFileSync(scratchFile('nonsense.pem'), 'nonsense');
    for (const file of ['/nonexistent/file', scratchFile('nonsense.pem')]) {
      const output = await connectWith({ SSL_CERT_FILE: file });
      assert.match(output, /^UNABLE_TO_VERIFY_LEAF_SIGNATURE\n.*Warning: SSL_CERT_FILE: ignoring/s);
    }
  });

  it('are not looked at in vain: NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing', async () => {
    assert.match(await connectWith({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }), /^UNABLE_TO_VERIFY_LEAF_SIGNATURE\n/);
  });
});

describe('in a process without OpenSSL', {
  skip: process.platform !== 'linux' || process.arch !== 'x64' || !available || underSanitizer,
}, () => {
  it('plain connections work, and TLS is refused with a reason', () => {
    // dlsym that finds nothing of OpenSSL's stands for a node that exports nothing.
    writeFileSync(
      scratchFile('no-openssl.c'),
      `#define _GNU_SOURCE
       #include <dlfcn.h>
       #include <string.h>
       void *dlsym(void *handle, const char *name) {
         if (strncmp(name, "OPENSSL_version_", 16) == 0) return 0;
         void *(*next)(void *, const char *) = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
         if (!next) next = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
         return next(handle, name);
       }`,
    );
    const library = scratchFile('no-openssl.so');
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, scratchFile('no-openssl.c'), '-ldl']);
    const code = `
      import { TLSContext } from './${inThisForm('src/io/tls-context.ts')}';
      import { native } from './${inThisForm('src/io/native.ts')}';
      console.log(native.close(native.socket(4)));
      try { new TLSContext(); } catch (error) { console.log(error.name, error.code, error.message); }`;
    const output = execFileSync(process.execPath, [...loaderOptions, '--input-type=module', '-e', code], {
      cwd: repository,
      encoding: 'latin1',
      env: { ...process.env, LD_PRELOAD: library },
    });
    assert.match(output, /^0\nTLSError DUGONG_TLS_UNAVAILABLE TLS is not available in Node v[\d.]+: .*OpenSSL 3\n$/);
  });
});
