/**
 * Makes a transport for HTTP to a destination: resolve, connect, TLS with the proxy, tunnel, TLS with the server. Each step is
 * complete, and its peer verified, before the next one sends anything.
 */

import type { Coroutine } from '../coroutine.ts';
import {
  about,
  DNSUnavailable,
  HostnameNotResolvable,
  type Phase,
  SystemError,
  UnsupportedResponse,
} from '../errors.ts';
import type { ConnectOptions } from '../io/connection-attempts.ts';
import { coResolve, type ResolveOptions } from '../io/resolver.ts';
import { coConnect, coConnectUnix } from '../io/tcp.ts';
import { coHandshake, type TLSTransport } from '../io/tls.ts';
import type { TLSContext } from '../io/tls-context.ts';
import type { Transport } from '../io/transport.ts';
import { authority } from './authority.ts';
import type { HTTPProxy } from './proxy.ts';
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

type OnPhase = (phase: Phase) => void;

/** Calls `onPhase` at each step, so that a time-out can name the step. */
export function* coDial(destination: Destination, onPhase: OnPhase): Coroutine<Transport> {
  const { hostname, port, proxy, tls } = destination;
  const transport = yield* coReach(destination, onPhase);
  if (tls === undefined) return transport;
  if (proxy !== undefined) {
    onPhase('tunnel');
    yield* coTunnelled(transport, destination, proxy);
  }
  onPhase('handshake');
  const secured = yield* coHandshake(transport, tls, { hostname, port });
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
function* coReach(destination: Destination, onPhase: OnPhase): Coroutine<Transport> {
  const { proxy } = destination;
  const transport = yield* coConnected(destination, onPhase);
  if (proxy?.tls === undefined) return transport;
  onPhase('proxy-handshake');
  return yield* coHandshake(transport, proxy.tls, { hostname: proxy.hostname, port: proxy.port, role: 'proxy' });
}

function* coConnected(destination: Destination, onPhase: OnPhase): Coroutine<Transport> {
  const { socketPath } = destination;
  if (socketPath !== undefined) {
    onPhase('connect');
    return yield* coConnectUnix(socketPath);
  }
  const { hostname, port } = destination.proxy ?? destination;
  try {
    onPhase('resolve');
    const addresses = yield* coResolve(hostname, { ...destination, port });
    onPhase('connect');
    return yield* coConnect(addresses, port, destination);
  } catch (error) {
    throw destination.proxy !== undefined && isUnreachable(error) ? about(error, `the proxy ${hostname}`) : error;
  }
}

function isUnreachable(error: unknown): error is SystemError | HostnameNotResolvable | DNSUnavailable {
  return error instanceof SystemError || error instanceof HostnameNotResolvable || error instanceof DNSUnavailable;
}

/** Makes `transport` lead to the server, or closes it. */
function* coTunnelled(transport: Transport, to: Destination, proxy: HTTPProxy): Coroutine<void> {
  let through = false;
  try {
    yield* coTunnel(transport, authority(to.hostname, to.port, NO_DEFAULT), proxy.headers);
    through = true;
  } finally {
    if (!through) transport.close();
  }
}
