/**
 * A TCP server that sends and cuts when so many bytes have come, and says afterwards what it really read. It runs in another
 * thread, since a blocking client stops this one. It knows bytes, not HTTP.
 */

import type { CuttingServerCalls } from './cutting-server-worker.ts';
import { serverThread } from './server-thread.ts';

/** What is done on one connection: each step as soon as `at` bytes have come. */
export type CutPlan = readonly {
  readonly at: number;
  /** latin1 */
  readonly send?: string | undefined;
  readonly cut?: 'end' | 'reset' | undefined;
}[];

export interface CuttingServer {
  readonly port: number;
  /** Stops it, after its clients have left: what each connection has brought, as latin1. */
  stop(): string[];
}

/** Starts a server with a plan for each connection, in their order; one without a plan is never answered. */
export function startCuttingServer(plans: readonly CutPlan[]): CuttingServer {
  const thread = serverThread<CuttingServerCalls>(new URL('./cutting-server-worker.ts', import.meta.url));
  const { id, port } = thread.call('start', plans);
  return { port, stop: () => thread.call('stop', id) };
}
