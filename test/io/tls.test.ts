/** A TLS connection: what is negotiated, which peer is verified, and what becomes of the bytes, in each way of waiting. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ConnectionClosed, TLSError } from '../../src/errors.ts';
import { native } from '../../src/io/native.ts';
import { CONNECTION_RESET } from '../../src/io/system-error.ts';
import { coHandshake, type TLSTransport } from '../../src/io/tls.ts';
import { TLSContext } from '../../src/io/tls-context.ts';
import { type Certificate, makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { startTLSServer, type TLSServer, type TLSServerOptions } from '../support/tls-server.ts';
import { thrownBy, waysOfWaiting } from '../support/waiting.ts';
import { blocking, coReceive, coSecure, coSendAll, secure } from './tls-support.ts';

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

/** What the server has seen of the connection that `use` makes. */
async function seenBy(options: TLSServerOptions, use: (port: number) => TLSTransport | undefined) {
  using server = startTLSServer(options);
  const transport = use(server.port);
  const [seen] = await server.seenAtLeast(1);
  transport?.close();
  assert.ok(seen);
  return seen;
}

describe('a TLS connection', { skip }, () => {
  for (const way of waysOfWaiting) {
    it(`takes bytes there and back (${way.name})`, async () => {
      const megabytes = Buffer.alloc(3_000_000, 'there and back ');
      const received = await way.run(
        (function* () {
          const transport = yield* coSecure(server.port, { ca });
          yield* coSendAll(transport, 'finish 3000000\n');
          const { bytes, result } = yield* coReceive(transport);
          assert.equal(result, 0);
          transport.close();
          return bytes;
        })(),
      );
      assert.equal(received.length, megabytes.length);
      assert.deepEqual(received, Buffer.alloc(3_000_000, 'dugong '));
    });
  }

  it('sends what the peer takes slowly, in pieces of all sizes, without loss', () => {
    const size = 4_000_000;
    const transport = secure(server.port, { ca });
    const pieces = [`count ${size}\n`, Buffer.alloc(100, 1), Buffer.alloc(5000, 2), '', Buffer.alloc(30, 3)];
    const head = Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)));
    const first = transport.send(pieces.map((piece) => Buffer.from(piece as string)));
    assert.equal(first, head.length);
    blocking(coSendAll(transport, Buffer.alloc(size - 5130, 4)));
    assert.equal(blocking(coReceive(transport, 7)).bytes.toString(), 'counted');
    transport.close();
  });

  it('says what was agreed on', () => {
    const transport = secure(server.port, { ca, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' });
    assert.equal(transport.getProtocol(), 'TLSv1.2');
    assert.deepEqual(transport.getCipher(), {
      name: 'ECDHE-ECDSA-AES128-GCM-SHA256',
      standardName: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      version: 'TLSv1.2',
    });
    assert.equal(transport.isSessionReused(), false);
    assert.equal(transport.authorizationError, undefined);
    assert.equal(transport.alpnProtocol, undefined);
    transport.close();
  });

  it('is closed only once, and fails afterwards', () => {
    const transport = secure(server.port, { ca });
    transport.close();
    transport.close();
    assert.equal(transport.closed, true);
    assert.ok(transport.receive(Buffer.alloc(1), 0, 1) < 0);
    assert.ok(transport.send([Buffer.alloc(1)]) < 0);
    assert.equal(transport.getSession(), undefined);
  });

  it('may be made inside another, as through a proxy that speaks TLS', () => {
    using origin = startTLSServer(options);
    const outer = secure(server.port, { ca });
    blocking(coSendAll(outer, `tunnel ${origin.port}\n`));
    assert.equal(blocking(coReceive(outer, 9)).bytes.toString(), 'connected');
    const inner = blocking(coHandshake(outer, new TLSContext({ ca }), { hostname: 'other.test' }));
    blocking(coSendAll(inner, `count 3000000\n`));
    blocking(coSendAll(inner, Buffer.alloc(3_000_000)));
    assert.equal(blocking(coReceive(inner, 7)).bytes.toString(), 'counted');
    assert.equal(origin.seen()[0]?.servername, 'other.test');
    inner.close();
    assert.equal(outer.closed, true);
  });

  it('inside another is refused by its own certificate', () => {
    using origin = startTLSServer(options);
    const outer = secure(server.port, { ca });
    blocking(coSendAll(outer, `tunnel ${origin.port}\n`));
    assert.equal(blocking(coReceive(outer, 9)).bytes.toString(), 'connected');
    const handshake = () => blocking(coHandshake(outer, new TLSContext({ ca }), { hostname: 'wrong.test' }));
    assert.equal(codeOf(handshake), 'ERR_TLS_CERT_ALTNAME_INVALID');
    assert.equal(outer.closed, true);
  });
});

describe('the server learns', { skip }, () => {
  it('the host name, without a final dot [RFC 6066 3]', async () => {
    assert.equal((await seenBy(options, (port) => secure(port, { ca }, 'localhost.'))).servername, 'localhost');
    assert.equal((await seenBy(options, (port) => secure(port, { ca }, 'other.test'))).servername, 'other.test');
  });

  it('no name for an IP address [RFC 6066 3]', async () => {
    assert.equal((await seenBy(options, (port) => secure(port, { ca }, '127.0.0.1'))).servername, false);
  });

  it('the servername in place of the host, and none if that is empty', async () => {
    const named = await seenBy(options, (port) => secure(port, { ca, servername: 'other.test' }, 'else.test'));
    assert.equal(named.servername, 'other.test');
    const unnamed = await seenBy(options, (port) => secure(port, { ca, servername: '' }));
    assert.equal(unnamed.servername, false);
    using wrong = startTLSServer(options);
    assert.equal(
      codeOf(() => secure(wrong.port, { ca, servername: 'else.test' })),
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });

  it('http/1.1 by ALPN, or other protocols, or none [RFC 7301]', async () => {
    const ALPNProtocols = ['h2', 'other', 'http/1.1'];
    const alpn = async (own: { ALPNProtocols?: readonly string[] }) =>
      (await seenBy({ ...options, ALPNProtocols }, (port) => secure(port, { ca, ...own }))).alpn;
    assert.equal(await alpn({}), 'http/1.1');
    assert.equal(await alpn({ ALPNProtocols: ['x', 'other'] }), 'other');
    assert.equal(await alpn({ ALPNProtocols: [] }), false);
    using speaking = startTLSServer({ ...options, ALPNProtocols });
    const transport = secure(speaking.port, { ca });
    assert.equal(transport.alpnProtocol, 'http/1.1');
    transport.close();
  });

  it('nothing more if it speaks no protocol that we offer [RFC 7301 3.2]', () => {
    using server = startTLSServer({ ...options, ALPNProtocols: ['h2'] });
    const error = thrownBy(() => secure(server.port, { ca })) as TLSError;
    assert.equal(error.code, 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
    assert.match(error.message, /ALPNProtocols/);
    secure(server.port, { ca, ALPNProtocols: [] }).close();
  });

  it('the versions that were chosen', async () => {
    const version = async (own: object) => (await seenBy(options, (port) => secure(port, { ca, ...own }))).protocol;
    assert.equal(await version({}), 'TLSv1.3');
    assert.equal(await version({ maxVersion: 'TLSv1.2' }), 'TLSv1.2');
    using old = startTLSServer({ ...options, maxVersion: 'TLSv1.2' });
    const code = codeOf(() => secure(old.port, { ca, minVersion: 'TLSv1.3' }));
    assert.match(code, /^ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION$/);
  });

  it('old versions only by two words: minVersion, and the security level of OpenSSL [RFC 8996]', () => {
    const ciphers = 'DEFAULT@SECLEVEL=0';
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      using old = startTLSServer({ ...options, ciphers, minVersion: 'TLSv1', maxVersion: version });
      const protocol = (own: object) => {
        const transport = secure(old.port, { ca, ...own });
        const used = transport.getProtocol();
        transport.close();
        return used;
      };
      assert.equal(protocol({ minVersion: 'TLSv1', ciphers }), version);
      assert.match(
        codeOf(() => protocol({ ciphers })),
        /PROTOCOL_VERSION$/,
      );
      // At which point it fails, the version of OpenSSL decides.
      for (const own of [{ minVersion: 'TLSv1' }, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }]) {
        assert.match(String(thrownBy(() => protocol(own))), /^TLSError: .*"@SECLEVEL=0" in the TLS option ciphers/);
      }
    }
  });

  it('the ciphers that were chosen, for either version', async () => {
    const cipher = async (ciphers: string) => (await seenBy(options, (port) => secure(port, { ca, ciphers }))).cipher;
    assert.equal(await cipher('TLS_AES_128_GCM_SHA256'), 'TLS_AES_128_GCM_SHA256');
    assert.equal(await cipher('TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-SHA'), 'TLS_CHACHA20_POLY1305_SHA256');
    using strict = startTLSServer({ ...options, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' });
    assert.match(
      codeOf(() => secure(strict.port, { ca, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })),
      /^ERR_SSL_(SSLV3|SSL\/TLS)_ALERT_HANDSHAKE_FAILURE$/,
    );
  });

  it('that a handshake which fails before TLS 1.3 may be for want of a certificate of ours', async () => {
    const demanding = { ...options, ca, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' } as const;
    using server = startTLSServer(demanding);
    assert.throws(() => secure(server.port, { ca }), {
      name: 'TLSError',
      message: /cert and key, or pfx, give the certificate/,
    });
  });

  it('a certificate of the client, with an encrypted key too', async () => {
    const demanding = { ...options, ca, requestCert: true, rejectUnauthorized: true };
    const client = makeCertificate({ issuer: root, subject: '/CN=client' });
    const { cert, key } = client;
    assert.equal((await seenBy(demanding, (port) => secure(port, { ca, cert, key }))).client, 'client');
    const locked = makeCertificate({ issuer: root, subject: '/CN=locked', passphrase: 'secret' });
    const own = { ca, cert: Buffer.from(locked.cert), key: [{ pem: locked.key, passphrase: 'secret' }] };
    assert.equal((await seenBy(demanding, (port) => secure(port, own))).client, 'locked');
    const common = { ca, cert: [locked.cert], key: locked.key, passphrase: 'secret' };
    assert.equal((await seenBy(demanding, (port) => secure(port, common))).client, 'locked');
    assert.throws(() => new TLSContext({ ...common, passphrase: 'wrong' }), /^TLSError: the TLS option key is not/);
    assert.throws(() => new TLSContext({ cert: locked.cert, key: locked.key }), /^TLSError: the TLS option key is not/);
    assert.throws(() => new TLSContext({ cert, key: locked.key, passphrase: 'secret' }), {
      code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH',
    });
  });

  it('and refuses a client without a certificate: with TLS 1.3 that is heard of by reading', () => {
    using demanding = startTLSServer({ ...options, ca, requestCert: true, rejectUnauthorized: true });
    const transport = secure(demanding.port, { ca });
    const { result } = blocking(coReceive(transport));
    assert.ok(result < 0);
    assert.equal(transport.failure?.code, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
    assert.ok(transport.failure instanceof TLSError);
    transport.close();
    const code = codeOf(() => secure(demanding.port, { ca, maxVersion: 'TLSv1.2' }));
    assert.match(code, /^ERR_SSL_(SSLV3|SSL\/TLS)_ALERT_HANDSHAKE_FAILURE$/);
  });
});

describe('the end of the stream', { skip }, () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const after = (words: string) => {
      const transport = secure(server.port, { ca, maxVersion });
      blocking(coSendAll(transport, words));
      const outcome = blocking(coReceive(transport));
      return { transport, count: outcome.bytes.length, result: outcome.result };
    };

    it(`is 0 after a close_notify, when all is read (${maxVersion})`, () => {
      for (const size of [1, 100_000]) {
        const { transport, count, result } = after(`finish ${size}\n`);
        assert.deepEqual([count, result, transport.failure], [size, 0, undefined]);
        transport.close();
      }
    });

    it(`is a loss after FIN without close_notify [RFC 8446 6.1] (${maxVersion})`, () => {
      for (const size of [1, 100_000]) {
        const { transport, count, result } = after(`truncate ${size}\n`);
        assert.deepEqual([count, result], [size, CONNECTION_RESET]);
        assert.ok(transport.failure instanceof ConnectionClosed);
        assert.match(transport.failure.message, /without a TLS close_notify/);
        assert.equal(transport.receive(Buffer.alloc(9), 0, 9), CONNECTION_RESET);
        transport.close();
      }
    });

    it(`is a loss after RST (${maxVersion})`, () => {
      const { transport, result } = after('reset 10\n');
      assert.equal(result, CONNECTION_RESET);
      transport.close();
    });
  }

  it('is announced by us: close() sends close_notify', () => {
    // The server ends its stream in the orderly way only when ours has ended so.
    const transport = secure(server.port, { ca });
    native.tlsShutdown(transport.fd);
    assert.equal(blocking(coReceive(transport)).result, 0);
    transport.close();
  });
});
