/** Ways to reach a server: trust, client certificates, address families, a Unix socket; and files that are sent. */

import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { makeAuthority, makeCertificate } from '../support/certificates.ts';
import { assertDocuments, contentOf, type Document, writeDocuments } from '../support/documents.ts';
import { listen } from '../support/listen.ts';
import { startNginx } from '../support/nginx.ts';
import { startOpensslServer } from '../support/openssl-server.ts';
import { assertEnded, count, type Ended, Skipped, type Stage, urlsOf } from './stage.ts';

/** `dugong put` of a folder with folders in it, to nginx. */
export async function put(stage: Stage): Promise<string> {
  await using nginx = await startNginx({
    server: 'dav_methods PUT; create_full_put_path on; client_max_body_size 1m;',
  });
  const parts = [
    { name: 'first', documents: stage.documents.slice(0, 200) },
    { name: join('second', 'third'), documents: stage.documents.slice(200, 300) },
  ];
  const folder = stage.folder();
  for (const { name, documents } of parts) writeDocuments(join(folder, name), documents);
  const [url = ''] = urlsOf(nginx, ['site/']);
  const result = await stage.dugong(['put', folder, url]);
  assertEnded(result, 0);
  for (const { name, documents } of parts) assertDocuments(join(nginx.root, 'site', name), documents);
  const files = parts.reduce((sum, { documents }) => sum + documents.length, 0);
  return `${count(files)} files equal on the server, ${result.seconds.toFixed(1)} s`;
}

/** -k and --cacert, with a server whose authority nothing trusts. */
export async function trust(stage: Stage): Promise<string> {
  const authority = makeAuthority('dugong acceptance');
  const { certFile, keyFile } = makeCertificate({ san: 'IP:127.0.0.1', issuer: authority });
  const server = `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};`;
  await using nginx = await startNginx({ root: stage.root, listen: 'ssl', server });
  const { document, url } = one(stage, nginx, 'https');
  const refused = await stage.dugong([url]);
  assertEnded(refused, 5);
  assert.match(refused.stderr, /--cacert/);
  for (const flags of [['-k'], ['--cacert', authority.certFile]]) {
    assertGot(await stage.dugong([...flags, url]), document);
  }
  return 'status 5, and with -k or --cacert the document';
}

/** --cert and --key. nginx answers 400 without them, OpenSSL ends the connection. */
export async function certificates(stage: Stage): Promise<string> {
  const authority = makeAuthority('dugong acceptance');
  const own = makeCertificate({ san: 'IP:127.0.0.1', issuer: authority });
  const client = makeCertificate({ subject: '/CN=client', issuer: authority });
  const keys = `ssl_certificate ${own.certFile}; ssl_certificate_key ${own.keyFile};`;
  const wanting = `ssl_client_certificate ${authority.certFile}; ssl_verify_client on;`;
  await using nginx = await startNginx({ root: stage.root, listen: 'ssl', server: `${keys} ${wanting}` });
  const { document, url } = one(stage, nginx, 'https');
  const trusting = ['--cacert', authority.certFile];
  assertGot(await stage.dugong([...trusting, '--cert', client.certFile, '--key', client.keyFile, url]), document);
  const answered = await stage.dugong([...trusting, url]);
  assertEnded(answered, 8);
  assert.match(answered.stderr, /: 400 /);

  const verifying = ['-Verify', '1', '-verify_return_error', '-CAfile', authority.certFile, '-WWW'];
  await using openssl = await startOpensslServer(own, verifying);
  const [other = ''] = urlsOf(openssl, ['document'], 'https');
  const refused = await stage.dugong([...trusting, '--retry', '0', other]);
  assertEnded(refused, 5);
  assert.match(refused.stderr, /\n {8}the server wants a certificate of its client: --cert and --key give one\n/);
  return 'the document; without them status 8 (nginx: 400) and 5 (OpenSSL), which names --cert';
}

/** -4 and -6, with a server that listens on both. */
export async function families(stage: Stage): Promise<string> {
  const names = await lookup('localhost', { all: true });
  const server = createServer((request, response) => response.end(request.socket.remoteAddress));
  try {
    const port = await listen(server, { host: '::', port: 0 });
    const ask = (flags: readonly string[], host: string): Promise<Ended> =>
      stage.dugong([...flags, `http://${host}:${port}/`]);
    const four = await ask(['-4'], 'localhost');
    assertEnded(four, 0);
    assert.equal(four.stdout.toString(), '::ffff:127.0.0.1');
    // Some systems know localhost by IPv4 only.
    const both = names.some(({ family }) => family === 6) ? 'localhost' : '[::1]';
    const six = await ask(['-6'], both);
    assertEnded(six, 0);
    assert.equal(six.stdout.toString(), '::1');
    assertEnded(await ask(['-4', '--retry', '0'], '[::1]'), 4);
    assertEnded(await ask(['-6', '--retry', '0'], '127.0.0.1'), 4);
    return `-4 by 127.0.0.1, -6 by ::1 (${both}); the other family has status 4`;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAFNOSUPPORT')
      throw new Skipped('there is no IPv6');
    throw error;
  } finally {
    server.close();
  }
}

/** --unix-socket. */
export async function socket(stage: Stage): Promise<string> {
  const path = stage.path('socket');
  await using _ = await startNginx({ root: stage.root, server: `listen unix:${path};` });
  const { document } = one(stage, { port: 80 }, 'http');
  assertGot(await stage.dugong(['--unix-socket', path, `http://anything.example/${document.name}`]), document);
  return 'the document';
}

function one(stage: Stage, server: { readonly port: number }, scheme: string): { document: Document; url: string } {
  const [document] = stage.documents as [Document];
  const [url = ''] = urlsOf(server, [document.name], scheme);
  return { document, url };
}

function assertGot(result: Ended, document: Document): void {
  assertEnded(result, 0);
  assert.ok(result.stdout.equals(contentOf(document)));
}
