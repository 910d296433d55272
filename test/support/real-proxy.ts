/** What real proxies have in common for a test, whichever program it is. */

import { type Daemon, freePort, startDaemon } from './daemon.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export class RealProxy implements AsyncDisposable {
  readonly hostname: string = '127.0.0.1';
  readonly port: number;
  readonly #daemon: Daemon;

  constructor(daemon: Daemon, port: number) {
    this.#daemon = daemon;
    this.port = port;
  }

  /** For the option `proxy`. */
  url(credentials?: Credentials): string {
    const user = credentials === undefined ? '' : `${credentials.user}:${encodeURIComponent(credentials.password)}@`;
    return `http://${user}${this.hostname}:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.stop();
  }
}

/** Starts it on a free port; on another one if somebody takes that in between. */
export async function startRealProxy(options: (port: number) => Parameters<typeof startDaemon>[0]): Promise<RealProxy> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return new RealProxy(await startDaemon(options(port)), port);
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}
