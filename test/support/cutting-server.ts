/**
 * A TCP server that sends and cuts when a given number of bytes has arrived, and reports afterwards what it read. It runs in another
 * thread, since a blocking client stops this one. It knows bytes, not HTTP.
 */

import type { CuttingServerCalls } from './cutting-server-worker.ts';
import { serverThread } from './server-thread.ts';

/** The steps on one connection: each is done as soon as `at` bytes have arrived. */
export type CutPlan = readonly {
  readonly at: number;
  /** latin1 */
  readonly send?: string | undefined;
  readonly cut?: 'end' | 'reset' | undefined;
}[];

export interface CuttingServer {
  readonly port: number;
  /** Stops the server after its clients have left. Returns the bytes of each connection, as latin1. */
  stop(): string[];
}

/** Starts a server with a plan for each connection, in order; a connection without a plan gets no response. */
export function startCuttingServer(plans: readonly CutPlan[]): CuttingServer {
  const thread = serverThread<CuttingServerCalls>(new URL('./cutting-server-worker.ts', import.meta.url));
  const { id, port } = thread.call('start', plans);
  return { port, stop: () => thread.call('stop', id) };
}
