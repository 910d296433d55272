/** Servers that end their connections all the time, and servers with TLS. */

import assert from 'node:assert/strict';
import { makeAuthority, makeCertificate } from '../support/certificates.ts';
import { assertDocuments, type Document } from '../support/documents.ts';
import { startNginx } from '../support/nginx.ts';
import { startPythonServer } from '../support/python-server.ts';
import { assertEnded, count, linesOf, megabytes, namesOf, type Stage, urlsOf } from './stage.ts';

interface Way {
  readonly scheme?: string;
  readonly flags?: readonly string[];
}

/** Fetches documents from a server; all are equal. */
async function fetchAll(
  stage: Stage,
  server: { readonly port: number },
  { documents, scheme = 'http', flags = [] }: Way & { documents: readonly Document[] },
): Promise<string> {
  const folder = stage.folder();
  const input = stage.list(urlsOf(server, namesOf(documents), scheme));
  const result = await stage.dugong(['--jsonl', '--input', input, '-P', folder, ...flags]);
  assertEnded(result, 0);
  assertDocuments(folder, documents);
  const lines = linesOf(result);
  assert.equal(lines.length, documents.length);
  const size = documents.reduce((sum, document) => sum + document.size, 0);
  const attempts = lines.reduce((sum, line) => sum + line.attempts, 0);
  const files = `${count(documents.length)} files (${megabytes(size)}) equal`;
  return `${files}, ${result.seconds.toFixed(1)} s, ${count(attempts)} attempts`;
}

/** `python3 -m http.server`. */
export async function http10(stage: Stage): Promise<string> {
  await using python = await startPythonServer(stage.root);
  return await fetchAll(stage, python, { documents: stage.documents.slice(0, 300) });
}

/** A server that answers three requests of a connection. */
export async function three(stage: Stage): Promise<string> {
  await using nginx = await startNginx({ root: stage.root, http: 'keepalive_requests 3;' });
  return await fetchAll(stage, nginx, { documents: stage.documents.slice(0, 600) });
}

export async function tls(stage: Stage): Promise<string> {
  const authority = makeAuthority('dugong acceptance');
  const { certFile, keyFile } = makeCertificate({ san: 'IP:127.0.0.1', issuer: authority });
  const server = `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};`;
  await using nginx = await startNginx({ root: stage.root, listen: 'ssl', server });
  const flags = ['--cacert', authority.certFile];
  return await fetchAll(stage, nginx, { documents: stage.documents.slice(0, 1000), scheme: 'https', flags });
}
