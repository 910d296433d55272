/** A real nginx over TLS: one version only, RSA and ECDSA, client certificates, sessions, many connections. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  AioFuture,
  BodyFollowing,
  type Coroutine,
  type HTTPConnection,
  TLSContext,
  type TLSOptions,
} from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import {
  type Certificate,
  makeAuthority,
  makeCertificate,
  openssl,
  opensslMissing,
  scratchFile,
} from '../support/certificates.ts';
import { dummyBytes } from '../support/dummy-bytes.ts';
import { type Nginx, nginxMissing, startNginx } from '../support/nginx.ts';
import { connectionTo, waysOfWaiting } from '../support/waiting.ts';

const skip = nginxMissing() || opensslMissing();
const content = dummyBytes(1_000_000);
const info = 'location = /info { return 200 "$ssl_protocol $ssl_cipher $ssl_session_reused $ssl_client_s_dn"; }';
const upload = 'location /upload/ { dav_methods PUT; create_full_put_path on; client_max_body_size 2m; }';

function start(certificates: readonly Certificate[], directives: string, http = ''): Promise<Nginx> {
  const keys = certificates.map(
    ({ certFile, keyFile }) => `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};`,
  );
  return startNginx({ listen: 'ssl', http, server: `${keys.join('\n')}\n${directives}\n${info}\n${upload}` }).then(
    (nginx) => {
      writeFileSync(join(nginx.root, 'content'), content);
      return nginx;
    },
  );
}

describe('nginx over TLS', { skip }, () => {
  const authority = makeAuthority('dugong test CA');
  const { cert: ca } = authority;
  const san = 'DNS:localhost,IP:127.0.0.1';
  const ecdsa = makeCertificate({ san, issuer: authority });
  const rsa = makeCertificate({ san, issuer: authority, keyType: 'rsa' });

  function connect(nginx: Nginx, options: TLSOptions | TLSContext = {}): HTTPConnection {
    return connectionTo(nginx, { tls: options instanceof TLSContext ? options : { ca, ...options } });
  }

  function* coGet(connection: HTTPConnection, path: string): Coroutine<{ status: number; text: string }> {
    yield* connection.coSendRequest('GET', path);
    const { status } = yield* connection.coReadResponse();
    return { status, text: yield* connection.coReadText() };
  }

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const [type, certificate] of [
      ['ECDSA', ecdsa],
      ['RSA', rsa],
    ] as const) {
      describe(`with ${version} only, ${type}`, () => {
        let nginx: Nginx;
        before(async () => {
          nginx = await start([certificate], `ssl_protocols ${version};`);
        });
        after(() => nginx.stop());

        for (const { name, run } of waysOfWaiting) {
          test(`downloads, uploads and pipelines (${name})`, async () => {
            const counts = native.counts();
            using connection = connect(nginx);
            const { text } = await run(coGet(connection, '/info'));
            assert.ok(text.startsWith(version), text);
            assert.equal(connection.getProtocol(), version);
            assert.equal(connection.getPeerCertificate()?.asn1Curve === undefined, type === 'RSA');
            const file = `/upload/${name.replaceAll(' ', '-')}`;
            await run(connection.coSendRequest('PUT', file, { body: new BodyFollowing() }));
            for (let at = 0; at < content.length; at += 300_000)
              await run(connection.coWrite(content.subarray(at, at + 300_000)));
            await run(connection.coEndBody());
            assert.equal((await run(connection.coReadResponse())).status, 201);
            await run(connection.coDiscard());
            assert.ok(readFileSync(join(nginx.root, file)).equals(content));
            const buffer = Buffer.alloc(content.length + 1);
            for (let index = 0; index < 3; index++) await run(connection.coSendRequest('GET', `/content?${index}`));
            for (let index = 0; index < 3; index++) {
              assert.equal((await run(connection.coReadResponse())).path, `/content?${index}`);
              let length = 0;
              for (let count = -1; count !== 0; length += count)
                count = await run(connection.coReadInto(buffer.subarray(length)));
              assert.ok(buffer.subarray(0, length).equals(content));
            }
            connection.disconnect();
            assert.deepEqual(native.counts(), counts);
          });
        }

        test('resumes sessions', async () => {
          const context = new TLSContext({ ca });
          const reused: string[] = [];
          for (let round = 0; round < 3; round++) {
            using connection = connect(nginx, context);
            connection.sendRequest('GET', '/info');
            connection.readResponse();
            reused.push(connection.readText().split(' ')[2] ?? '');
          }
          assert.deepEqual(reused, ['.', 'r', 'r']);
        });

        test('is refused where the other version is asked for', () => {
          const other: TLSOptions = version === 'TLSv1.2' ? { minVersion: 'TLSv1.3' } : { maxVersion: 'TLSv1.2' };
          assert.throws(() => connect(nginx, other).connect(), { name: 'TLSError', code: /PROTOCOL/ });
        });
      });
    }
  }

  test('with RSA and ECDSA: the ciphers that are asked for decide', async () => {
    await using nginx = await start(
      [rsa, ecdsa],
      'ssl_protocols TLSv1.2; ssl_session_tickets off; ssl_session_cache shared:a:1m;',
    );
    for (const ciphers of ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384']) {
      const context = new TLSContext({ ca, ciphers });
      for (const reused of ['.', 'r']) {
        using connection = connect(nginx, context);
        connection.sendRequest('GET', '/info');
        connection.readResponse();
        assert.equal(connection.readText(), `TLSv1.2 ${ciphers} ${reused} `);
        assert.equal(connection.getCipher()?.name, ciphers);
      }
    }
    assert.throws(() => connect(nginx, { ciphers: 'DHE-RSA-CHACHA20-POLY1305' }).connect(), {
      code: /HANDSHAKE_FAILURE/,
    });
  });

  describe('that wants a certificate of the client', () => {
    const client = makeCertificate({ subject: '/CN=dugong client', issuer: authority });
    const stranger = makeCertificate({ subject: '/CN=stranger' });
    let nginx: Nginx;
    before(async () => {
      nginx = await start([ecdsa], `ssl_client_certificate ${authority.certFile}; ssl_verify_client on;`);
    });
    after(() => nginx.stop());

    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      test(`gets it, with and without a passphrase, in every way of waiting (${maxVersion})`, async () => {
        const encrypted = scratchFile('encrypted.key');
        openssl(['pkcs8', '-topk8', '-in', client.keyFile, '-out', encrypted, '-passout', 'pass:s3cret']);
        const keys: TLSOptions[] = [{ key: client.key }, { key: readFileSync(encrypted), passphrase: 's3cret' }];
        for (const key of keys) {
          for (const { run } of waysOfWaiting) {
            using connection = connect(nginx, { cert: client.cert, maxVersion, ...key });
            const { status, text } = await run(coGet(connection, '/info'));
            assert.equal(status, 200);
            assert.match(text, /CN=dugong client$/);
          }
        }
      });

      test(`answers 400 to a client without one, or with a wrong one (${maxVersion})`, async () => {
        for (const own of [{}, { cert: stranger.cert, key: stranger.key }]) {
          using connection = connect(nginx, { maxVersion, ...own });
          connection.sendRequest('GET', '/info');
          assert.equal(connection.readResponse().status, 400);
          assert.match(connection.readText(), /SSL certificate/);
        }
      });
    }
  });

  test('answers 100 connections at once, of one thread; closes them after some requests with close_notify', async () => {
    await using nginx = await start([ecdsa], '', 'keepalive_requests 2;');
    const context = new TLSContext({ ca });
    const counts = native.counts();
    function* coUse(): Coroutine<void> {
      using connection = connect(nginx, context);
      for (let request = 0; request < 2; request++) assert.equal((yield* coGet(connection, '/info')).status, 200);
      let error: unknown;
      try {
        yield* coGet(connection, '/info');
      } catch (reason) {
        error = reason;
      }
      assert.equal((error as Error | undefined)?.name, 'ConnectionClosed');
    }
    await Promise.all(Array.from({ length: 100 }, () => new AioFuture(coUse())));
    assert.deepEqual(native.counts(), counts);
  });
});
