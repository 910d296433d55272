/**
 * From where a server is said to be to a transport that HTTP can be spoken over: resolve, then connect.
 */

import type { Coroutine } from '../coroutine.ts';
import type { Phase } from '../errors.ts';
import type { ConnectOptions } from '../io/connection-attempts.ts';
import { coResolve, type ResolveOptions } from '../io/resolver.ts';
import { coConnect, coConnectUnix } from '../io/tcp.ts';
import type { Transport } from '../io/transport.ts';
import type { Proxy } from './proxy.ts';

/** Where to, and how. */
export interface Destination extends ResolveOptions, ConnectOptions {
  readonly hostname: string;
  readonly port: number;
  /** A Unix socket in place of host and port. */
  readonly socketPath?: string | undefined;
  /** Connect to this proxy instead, which alone knows the way to the server. */
  readonly proxy?: Proxy | undefined;
}

/** Tells `onPhase` what is being done; a time-out is reported with it. */
export function* coDial(destination: Destination, onPhase: (phase: Phase) => void): Coroutine<Transport> {
  const { socketPath, proxy } = destination;
  const { hostname, port } = proxy ?? destination;
  if (socketPath !== undefined) {
    onPhase('connect');
    return yield* coConnectUnix(socketPath);
  }
  onPhase('resolve');
  const addresses = yield* coResolve(hostname, destination);
  onPhase('connect');
  return yield* coConnect(addresses, port, destination);
}
