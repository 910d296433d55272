/**
 * Makes a transport for HTTP to a destination: resolve, connect, TLS with the proxy, tunnel, TLS with the server. Each step is
 * complete, and its peer verified, before the next one sends anything.
 */

import type { Coroutine } from '../coroutine.ts';
import { about, DNSUnavailable, HostnameNotResolvable, SystemError, UnsupportedResponse } from '../errors.ts';
import type { ConnectOptions } from '../io/connection-attempts.ts';
import { coResolve, type ResolveOptions } from '../io/resolver.ts';
import { coConnect, coConnectUnix } from '../io/tcp.ts';
import { coHandshake, type TLSTransport } from '../io/tls.ts';
import type { TLSContext } from '../io/tls-context.ts';
import type { Transport } from '../io/transport.ts';
import { authority } from './authority.ts';
import type { HTTPProxy } from './proxy.ts';
import type { DialSteps } from './shared-dial.ts';
import { coTunnel } from './tunnel.ts';

/** Where to connect, and how. */
export interface Destination extends ResolveOptions, ConnectOptions {
  readonly hostname: string;
  readonly port: number;
  /** A Unix socket in place of host and port. */
  readonly socketPath?: string | undefined;
  /** Connect to this proxy instead. Only the proxy resolves the server's name. */
  readonly proxy?: HTTPProxy | undefined;
  /** Speak TLS with the server: through a tunnel, if there is a proxy. */
  readonly tls?: TLSContext | undefined;
}

/** CONNECT always names the port (RFC 9112 3.2.3). */
const NO_DEFAULT = 0;

/** Reports each step, so that a time-out can name the step. */
export function* coDial(destination: Destination, steps: DialSteps): Coroutine<Transport> {
  const { hostname, port, proxy, tls } = destination;
  const transport = yield* coReach(destination, steps);
  if (tls === undefined) return transport;
  if (proxy !== undefined) {
    steps.onPhase('tunnel');
    yield* coTunnelled(transport, destination, { proxy, steps });
  }
  steps.onPhase('handshake');
  steps.trace?.note(`TLS with ${hostname}`);
  const secured = yield* coHandshake(transport, tls, { hostname, port });
  steps.trace?.secured(secured);
  assertHTTP1(secured);
  return secured;
}

/** The user's ALPNProtocols may have offered HTTP/2, which this client does not speak (RFC 9113 3.3). */
function assertHTTP1(transport: TLSTransport): void {
  if (transport.alpnProtocol !== 'h2') return;
  transport.close();
  throw new UnsupportedResponse('the server has chosen HTTP/2 by ALPN: leave "h2" out of the TLS option ALPNProtocols');
}

/** Connects to the server or its proxy; with TLS to the proxy, if its option says so. */
function* coReach(destination: Destination, steps: DialSteps): Coroutine<Transport> {
  const { proxy } = destination;
  const transport = yield* coConnected(destination, steps);
  steps.trace?.connected(transport);
  if (proxy?.tls === undefined) return transport;
  const { hostname, port } = proxy;
  steps.onPhase('proxy-handshake');
  steps.trace?.note(`TLS with the proxy ${hostname}`);
  const secured = yield* coHandshake(transport, proxy.tls, { hostname, port, role: 'proxy' });
  steps.trace?.secured(secured);
  return secured;
}

function* coConnected(destination: Destination, { onPhase, onFailure, trace }: DialSteps): Coroutine<Transport> {
  const { socketPath } = destination;
  if (socketPath !== undefined) {
    onPhase('connect');
    trace?.note(`connecting to ${socketPath}`);
    return yield* coConnectUnix(socketPath);
  }
  const { hostname, port } = destination.proxy ?? destination;
  try {
    onPhase('resolve');
    trace?.note(`resolving ${destination.proxy === undefined ? '' : 'the proxy '}${hostname}`);
    const addresses = yield* coResolve(hostname, { ...destination, port });
    trace?.note(`addresses: ${addresses.join(', ')}`);
    onPhase('connect');
    const options = { onFailure, ...destination };
    return yield* coConnect(addresses, port, trace === undefined ? options : trace.attempts(port, options));
  } catch (error) {
    throw destination.proxy !== undefined && isUnreachable(error) ? about(error, `the proxy ${hostname}`) : error;
  }
}

function isUnreachable(error: unknown): error is SystemError | HostnameNotResolvable | DNSUnavailable {
  return error instanceof SystemError || error instanceof HostnameNotResolvable || error instanceof DNSUnavailable;
}

/** Makes `transport` lead to the server, or closes it. */
function* coTunnelled(
  transport: Transport,
  to: Destination,
  { proxy, steps }: { readonly proxy: HTTPProxy; readonly steps: DialSteps },
): Coroutine<void> {
  let through = false;
  try {
    const { headers } = proxy;
    yield* coTunnel(transport, { authority: authority(to.hostname, to.port, NO_DEFAULT), headers, trace: steps.trace });
    through = true;
  } finally {
    if (!through) transport.close();
  }
}
