/** Shared by the tests of real proxies, whatever the program. */

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from './certificates.ts';
import { type Daemon, freePort, startDaemon } from './daemon.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** The demands of a proxy on its clients: TLS, if it has a certificate, and credentials. */
export interface Demands {
  readonly credentials?: Credentials | undefined;
  readonly certificate?: Certificate | undefined;
}

export class RealProxy implements AsyncDisposable {
  readonly hostname: string = '127.0.0.1';
  readonly port: number;
  readonly #daemon: Daemon;
  readonly #scheme: string;
  #behind: RealProxy | undefined;

  constructor(daemon: Daemon, port: number, { certificate }: Demands) {
    this.#daemon = daemon;
    this.port = port;
    this.#scheme = certificate === undefined ? 'http' : 'https';
  }

  /** For the option `proxy`. */
  url(credentials?: Credentials): string {
    const user = credentials === undefined ? '' : `${credentials.user}:${encodeURIComponent(credentials.password)}@`;
    return `${this.#scheme}://${user}${this.hostname}:${this.port}`;
  }

  /** `proxy` ends together with this proxy. */
  before(proxy: RealProxy): void {
    this.#behind = proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.stop();
    await this.#behind?.[Symbol.asyncDispose]();
  }
}

/** Puts a certificate and its key into the folder of a program. */
export function installCertificate({ certFile, keyFile }: Certificate, folder: string): { cert: string; key: string } {
  const installed = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  copyFileSync(certFile, installed.cert);
  copyFileSync(keyFile, installed.key);
  return installed;
}

/** Starts the proxy on a free port; on another one if the port is taken in between. */
export async function startRealProxy(
  demands: Demands,
  options: (port: number) => Parameters<typeof startDaemon>[0],
): Promise<RealProxy> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return new RealProxy(await startDaemon(options(port)), port, demands);
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}
