/**
 * A TCP relay that cuts each connection after a number of bytes which a seed decides: in either direction, in order or by a reset. It runs
 * in a thread of its own, and knows bytes, not HTTP.
 */

import type { CuttingRelayCalls } from './cutting-relay-worker.ts';
import { serverThread } from './server-thread.ts';

export interface CuttingRelayOptions {
  readonly port: number;
  readonly seed: number;
  /** Most bytes that a connection carries to the client. To the server it is a hundredth of that. */
  readonly most: number;
}

export class CuttingRelay implements AsyncDisposable {
  readonly hostname: string = '127.0.0.1';
  readonly port: number;
  readonly #stop: () => Promise<number>;

  constructor(port: number, stop: () => Promise<number>) {
    this.port = port;
    this.#stop = stop;
  }

  /** Ends all connections. Returns how many were cut. */
  async stop(): Promise<number> {
    return await this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts a relay to a port of loopback. */
export async function startCuttingRelay(options: CuttingRelayOptions): Promise<CuttingRelay> {
  const thread = serverThread<CuttingRelayCalls>(new URL('./cutting-relay-worker.ts', import.meta.url));
  const { id, port } = await thread.callAsync('start', options);
  return new CuttingRelay(port, () => thread.callAsync('stop', id));
}
