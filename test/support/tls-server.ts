/**
 * TLS servers in another thread (a blocking client freezes its own), and servers that answer a ClientHello with bytes that
 * are no TLS. What a TLS server does on a connection, the client's first words say:
 *
 * | words | answer |
 * | --- | --- |
 * | `finish N` | N bytes, close_notify, FIN |
 * | `truncate N` | N bytes, FIN without close_notify |
 * | `reset N` | N bytes, RST |
 * | `count N` | reads N bytes after the line, says `counted` |
 * | `stall N` | the same, after `resume()` |
 * | `tunnel PORT` | says `connected`, then carries bytes to that port of 127.0.0.1 and back |
 * | `GET ` | a response of HTTP/1.1, then the end |
 * | anything else | the same again |
 */

import { type ServerThread, serverThread } from './server-thread.ts';
import type { RawAnswer, SeenConnection, TLSServerCalls, TLSServerOptions } from './tls-server-worker.ts';

export type { RawAnswer, SeenConnection, TLSServerOptions } from './tls-server-worker.ts';

function thread(): ServerThread<TLSServerCalls> {
  return serverThread<TLSServerCalls>(new URL('./tls-server-worker.ts', import.meta.url));
}

export class TLSServer implements Disposable {
  readonly port: number;
  readonly #id: number;

  constructor({ id, port }: { id: number; port: number }) {
    this.#id = id;
    this.port = port;
  }

  /** The connections so far, also those whose handshake failed, in the order in which that was decided. */
  seen(): SeenConnection[] {
    return thread().call('seen', { id: this.#id });
  }

  /** Waits until there are so many. */
  async seenAtLeast(count: number): Promise<SeenConnection[]> {
    return thread().callAsync('seenAtLeast', { id: this.#id, count });
  }

  /** Lets the stalled connections go on, as soon as there is one. */
  resume(): void {
    thread().call('resume', { id: this.#id });
  }

  [Symbol.dispose](): void {
    thread().call('stop', { id: this.#id });
  }
}

export function startTLSServer(options: TLSServerOptions): TLSServer {
  return new TLSServer(thread().call('listen', options));
}

/** A server that sends this answer to the first bytes of a connection. */
export function startRawServer(answer: RawAnswer): TLSServer {
  return new TLSServer(thread().call('listenRaw', answer));
}
