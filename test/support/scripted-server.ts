/**
 * A TCP server that plays a script on each connection (script.ts): expect these bytes, send those, wait for
 * the test, close, reset. It runs in another thread, since the client under test blocks this one; everything but
 * `reached()` may be called, and works, with Node's event loop standing still. It knows bytes, not HTTP. The thread is
 * one of this process: the server's sockets count among the descriptors that a test sees in /proc/self/fd.
 *
 * ```ts
 * using server = startScriptedServer([
 *   [expect('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), send('HTTP/1.1 204 No Content\r\n\r\n'), expectEnd()],
 * ]);
 * // ... connect to server.hostname, server.port ...
 * server.check();
 * ```
 */

import { isIPv6 } from 'node:net';
import type { Script } from './script.ts';
import type { ScriptedServerCalls } from './scripted-server-worker.ts';
import { NoAnswer, type ServerThread, serverThread } from './server-thread.ts';
import { timeLimit } from './time-limit.ts';

export * from './script.ts';

export interface ScriptedServerOptions {
  /** Address to listen on; default 127.0.0.1; '::1' for IPv6. */
  host?: string;
  /** Listen on this Unix socket instead. */
  socketPath?: string;
  /** Milliseconds after which waiting for the server fails; default 20,000, times DUGONG_TEST_TIME_FACTOR. */
  limit?: number;
}

/** The address of a server. `authority` is the value of a client's Host field. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
  readonly authority: string;
}

/**
 * Starts a server that plays one script per connection, in the order of the connections; it is listening when
 * this returns. Scripts that need the port may be given as a function of the address.
 */
export function startScriptedServer(
  scripts: readonly Script[] | ((address: Address) => readonly Script[]),
  options: ScriptedServerOptions = {},
): ScriptedServer {
  const { host = '127.0.0.1', socketPath, limit = 20_000 } = options;
  const thread = serverThread<ScriptedServerCalls>(new URL('./scripted-server-worker.ts', import.meta.url));
  const { id, port } = thread.call('listen', socketPath === undefined ? { host, port: 0 } : { path: socketPath });
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const address: Address = { hostname: host, port, authority };
  thread.call('play', { id, scripts: typeof scripts === 'function' ? scripts(address) : scripts });
  return new ScriptedServer(thread, id, address, timeLimit(limit));
}

export class ScriptedServer implements Disposable, Address {
  readonly hostname: string;
  readonly port: number;
  readonly authority: string;
  readonly #thread: ServerThread<ScriptedServerCalls>;
  readonly #id: number;
  readonly #limit: number;
  #stopped = false;

  /** Use `startScriptedServer`. */
  constructor(thread: ServerThread<ScriptedServerCalls>, id: number, address: Address, limit: number) {
    this.#thread = thread;
    this.#id = id;
    this.#limit = limit;
    this.hostname = address.hostname;
    this.port = address.port;
    this.authority = address.authority;
  }

  /** Opens a gate, now and for ever. */
  open(gate: string): void {
    this.#thread.call('open', { id: this.#id, gate });
  }

  /** Blocks this thread until some script has passed the mark. */
  waitFor(mark: string): void {
    this.#explained(() => this.#thread.call('reached', { id: this.#id, mark }, this.#limit));
  }

  /** Settles when some script has passed the mark. */
  async reached(mark: string): Promise<void> {
    try {
      await this.#thread.callAsync('reached', { id: this.#id, mark }, this.#limit);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** Number of connections so far. */
  connections(): number {
    return this.#thread.call('connections', { id: this.#id });
  }

  /** All bytes of this connection so far, except those after `expectAnything`. */
  received(connection: number = 0): Buffer {
    const bytes = this.#thread.call('received', { id: this.#id, connection });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The heads that `expectHead` has read on this connection so far, each with its final CRLF CRLF, as latin1. */
  heads(connection: number = 0): string[] {
    return this.#thread.call('heads', { id: this.#id, connection });
  }

  /**
   * Blocks this thread until all scripts have been played.
   * @throws Error if one failed, does not end, or got more bytes than it expects: with the place and the bytes
   */
  check(): void {
    this.#explained(() => this.#thread.call('check', { id: this.#id }, this.#limit));
  }

  /** Resets open connections and frees the port. Failures that no call has reported are written to stderr. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const unreported = this.#thread.call('stop', { id: this.#id });
    if (unreported !== undefined) console.error(`scripted server on port ${this.port}:\n${unreported}`);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #explained(call: () => void): void {
    try {
      call();
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #explain(error: unknown): unknown {
    if (!(error instanceof NoAnswer)) return error;
    return new Error(`${error.message}\n${this.#thread.call('describe', { id: this.#id })}`, { cause: error });
  }
}
