/**
 * From a host name to a transport that HTTP can be spoken over: resolve, then connect.
 */

import type { Coroutine } from '../coroutine.ts';
import type { Phase } from '../errors.ts';
import { coResolve } from '../io/resolver.ts';
import { coConnect } from '../io/tcp.ts';
import type { Transport } from '../io/transport.ts';

/** Where to. */
export interface Destination {
  readonly hostname: string;
  readonly port: number;
}

/** Tells `onPhase` what is being done; a time-out is reported with it. */
export function* coDial(destination: Destination, onPhase: (phase: Phase) => void): Coroutine<Transport> {
  onPhase('resolve');
  const addresses = yield* coResolve(destination.hostname);
  onPhase('connect');
  return yield* coConnect(addresses, destination.port);
}
