/**
 * A real HTTP/1.1 server in another thread, for tests to which the exact bytes do not matter (otherwise:
 * scripted-server.ts). Bodies are made of `dummyBytes`. It takes any method and any request body, and responds:
 *
 * | request | answer |
 * | --- | --- |
 * | `/send_N_bytes` | 200, Content-Length N, the first N dummy bytes |
 * | `/send_chunked?sizes=300,283` | 200, dummy bytes in chunks of these sizes |
 * | PUT, POST | 204 "MD5 matched" or "Ok, but no MD5", 400 "MD5 mismatch: ..." as Content-MD5 says |
 * | `/status/N` | status N, a short body where the status has one |
 * | `/echo` | 200, the request as JSON: `EchoedRequest` |
 * | `/stream` | 200, the body of the request while it comes, and no faster than it is read |
 */

import { isIPv6 } from 'node:net';
import type { DummyServerCalls } from './dummy-server-worker.ts';
import { type ServerThread, serverThread } from './server-thread.ts';

export { dummyBytes } from './dummy-bytes.ts';
export type { EchoedRequest } from './dummy-server-worker.ts';

/** Starts a server; it is listening when this returns. */
export function startDummyServer(options: { host?: string } = {}): DummyServer {
  const { host = '127.0.0.1' } = options;
  const thread = serverThread<DummyServerCalls>(new URL('./dummy-server-worker.ts', import.meta.url));
  const { id, port } = thread.call('start', { host });
  return new DummyServer(thread, id, { host, port });
}

export class DummyServer implements Disposable {
  readonly hostname: string;
  readonly port: number;
  /** The value of a client's Host field. */
  readonly authority: string;
  readonly #thread: ServerThread<DummyServerCalls>;
  readonly #id: number;

  /** Use `startDummyServer`. */
  constructor(thread: ServerThread<DummyServerCalls>, id: number, { host, port }: { host: string; port: number }) {
    this.#thread = thread;
    this.#id = id;
    this.hostname = host;
    this.port = port;
    this.authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  }

  /** Closes all connections and frees the port. */
  stop(): void {
    this.#thread.call('stop', { id: this.#id });
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
