/**
 * A server in another thread with what programs meet: codings, redirects, failures. For tests that compare clients. It is
 * listening when `startOddServer` returns; one to a test file.
 *
 * `/echo` returns the request as JSON; the other resources are in odd-server-worker.ts.
 */

import type { OddServerCalls } from './odd-server-worker.ts';
import { serverThread } from './server-thread.ts';

export interface OddServer {
  /** With a slash at its end. */
  readonly url: string;
  stop(): void;
}

export function startOddServer(): OddServer {
  const thread = serverThread<OddServerCalls>(new URL('./odd-server-worker.ts', import.meta.url));
  const port = thread.call('start', {});
  return { url: `http://127.0.0.1:${port}/`, stop: () => thread.call('stop', {}) };
}
