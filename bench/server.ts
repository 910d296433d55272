/**
 * The nginx that all clients fetch from, in clear and over TLS: one worker each, no limit of requests per connection, no log. The
 * small file goes out without sendfile, as is nginx's default: head and body in one segment. (With sendfile they are two,
 * which costs every client one more call; with tcp_nopush as well, pipelines stall for many milliseconds.)
 */

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority, makeCertificate } from '../test/support/certificates.ts';
import { type Nginx, startNginx } from '../test/support/nginx.ts';
import { SCENARIOS } from './scenarios.ts';

/** One cipher for all clients, so that its choice is not measured. */
const TLS = 'ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;';

export class BenchServer implements AsyncDisposable {
  readonly #plain: Nginx;
  readonly #tls: Nginx;
  readonly #root: string;
  /** The file with the certificate of the authority that signed the TLS server's certificate. */
  readonly ca: string;

  static async start(): Promise<BenchServer> {
    const root = mkdtempSync(join(tmpdir(), 'dugong-bench-'));
    for (const { warmUp, work } of SCENARIOS) {
      for (const { path, size } of [warmUp, work]) writeFileOfSize(join(root, path), size);
    }
    const http =
      'keepalive_requests 1000000000; keepalive_timeout 1h; open_file_cache max=10; open_file_cache_valid 1h;';
    const server = 'location = /small { sendfile off; }';
    const authority = makeAuthority('dugong bench');
    const { certFile, keyFile } = makeCertificate({ san: 'IP:127.0.0.1', issuer: authority });
    const tls = `${server} ${TLS} ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};`;
    const [plainNginx, tlsNginx] = await Promise.all([
      startNginx({ root, http, server }),
      startNginx({ root, http, server: tls, listen: 'ssl' }),
    ]);
    return new BenchServer({ plain: plainNginx, tls: tlsNginx }, root, authority.certFile);
  }

  private constructor({ plain, tls }: { plain: Nginx; tls: Nginx }, root: string, ca: string) {
    this.#plain = plain;
    this.#tls = tls;
    this.#root = root;
    this.ca = ca;
  }

  get hostname(): string {
    return this.#plain.hostname;
  }

  get port(): number {
    return this.#plain.port;
  }

  get tlsPort(): number {
    return this.#tls.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#plain.stop(), this.#tls.stop()]);
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Sparse: the page cache is filled by the first download. */
function writeFileOfSize(path: string, size: number): void {
  writeFileSync(path, '');
  truncateSync(path, size);
}
