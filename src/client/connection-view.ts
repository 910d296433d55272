/**
 * What `console.log` shows of a connection: its server, its state, the requests under way. It shows what is known already, does no
 * I/O, and never shows credentials.
 */

import { shownPath } from '../inspection.ts';
import { authority } from './authority.ts';
import type { Destination } from './dial-steps.ts';
import type { HTTPConnection } from './http-connection.ts';
import type { Session } from './session.ts';

/** The port is always named. */
const NO_DEFAULT = 0;

export function connectionView(
  connection: HTTPConnection,
  destination: Destination,
  session: Session | undefined,
): object {
  const { hostname, port, tls, socketPath, proxy } = destination;
  return {
    server: authority(hostname, port, NO_DEFAULT),
    ...(socketPath !== undefined && { socketPath }),
    ...(proxy !== undefined && { proxy: authority(proxy.hostname, proxy.port, NO_DEFAULT) }),
    tls: tls !== undefined && (encryption(connection) ?? true),
    state: stateOf(session),
    pendingRequests: connection
      .pendingRequests()
      .map(({ method, path, stage }) => `${method} ${shownPath(path)} (${stage})`),
  };
}

function encryption(connection: HTTPConnection): string | undefined {
  const protocol = connection.getProtocol();
  return protocol === null ? undefined : `${protocol} ${connection.getCipher()?.standardName}`;
}

function stateOf(session: Session | undefined): string {
  if (session === undefined) return 'not connected';
  if (session.closed) return 'closed';
  if (session.wire.connecting !== undefined) return `connecting (${session.wire.connecting})`;
  if (session.wire.transport === undefined) return 'not connected';
  const { sendState, receiveState, failure } = session.protocol;
  if (sendState === 'failed' || receiveState === 'failed') {
    return failure instanceof Error ? `lost: ${failure.message}` : 'lost';
  }
  if (receiveState === 'raw') return 'connected, HTTP has ended';
  return sendState === 'closed' ? 'connected, takes no more requests' : 'connected';
}
