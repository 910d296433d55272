/**
 * Between a client and a scripted server, in a thread of its own: a proxy that makes tunnels, and a front that takes TLS off,
 * so that a script plays inside TLS. The tunnel knows nothing of the bytes; the front knows no HTTP.
 *
 * ```ts
 * using origin = startScriptedServer([[expectHead(), send(ok('hello'))]]);
 * using front = startTLSFront(origin, certificate);
 * using proxy = startTunnelProxy(front);
 * ```
 */

import type { Certificate } from './certificates.ts';
import type { ProxyServerCalls, SeenHandshake, TLSFrontOptions } from './proxy-server-worker.ts';
import { type ServerThread, serverThread } from './server-thread.ts';

export type { Ending } from './proxy-server-worker.ts';

function thread(): ServerThread<ProxyServerCalls> {
  return serverThread<ProxyServerCalls>(new URL('./proxy-server-worker.ts', import.meta.url));
}

abstract class Between implements Disposable {
  readonly hostname: string = '127.0.0.1';
  readonly port: number;
  protected readonly id: number;

  constructor({ id, port }: { id: number; port: number }) {
    this.id = id;
    this.port = port;
  }

  get authority(): string {
    return `${this.hostname}:${this.port}`;
  }

  /** Waits until all bytes that have arrived from one side have gone to the other. Returns the number of open sockets. */
  settle(): number {
    return thread().call('settle', { id: this.id });
  }

  [Symbol.dispose](): void {
    thread().call('stop', { id: this.id });
  }
}

export class TunnelProxy extends Between {
  /** The requests to the proxy itself. */
  heads(): string[] {
    return thread().call('heads', { id: this.id });
  }

  /** All bytes that clients have sent through it. */
  passed(): Buffer {
    return Buffer.from(thread().call('passed', { id: this.id }));
  }
}

export class TLSFront extends Between {
  /** The handshakes that succeeded. */
  handshakes(): SeenHandshake[] {
    return thread().call('handshakes', { id: this.id });
  }
}

/** A proxy whose tunnels all lead to the port of `to`, and begin with `answer`, in pieces of `chunk` bytes. */
export function startTunnelProxy(
  to: { readonly port: number },
  { answer = 'HTTP/1.1 200 OK\r\n\r\n', chunk }: { answer?: string; chunk?: number } = {},
): TunnelProxy {
  return new TunnelProxy(thread().call('listenTunnel', { to: to.port, answer, chunk }));
}

/** Speaks TLS with clients, and passes their bytes on to the port of `to`. */
export function startTLSFront(
  to: { readonly port: number },
  { cert, key }: Pick<Certificate, 'cert' | 'key'>,
  options: Partial<Pick<TLSFrontOptions, 'ending' | 'minVersion' | 'maxVersion' | 'clientCA'>> = {},
): TLSFront {
  return new TLSFront(thread().call('listenTLS', { to: to.port, cert, key, ending: 'close-notify', ...options }));
}
