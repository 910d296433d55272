/**
 * A stream of bytes to a peer over a non-blocking descriptor, as the client layer sees it. It knows no HTTP and never waits:
 * results are counts, WOULD_BLOCK (`receiveNeeds` and `sendNeeds` say what to wait for), or another negated errno.
 */

import type { PollNeeded } from '../coroutine.ts';
import type { DugongError } from '../errors.ts';

export interface Transport {
  readonly fd: number;
  readonly closed: boolean;
  /** The numeric address of the peer; undefined if it has none, as a Unix socket. */
  readonly remoteAddress: string | undefined;
  /** What must become ready before receiving, or sending, can go on after WOULD_BLOCK. */
  readonly receiveNeeds: PollNeeded;
  readonly sendNeeds: PollNeeded;
  /** Whether nothing can be sent before more is received: receiving completes a handshake that is going on. */
  readonly sendAwaitsInput?: boolean;
  /** Milliseconds that a reader may pause during a fast stream, so that each receive gets more; undefined: none. */
  readonly pause?: number | undefined;
  /** Receives into `buffer[offset, offset + length)`: the count, 0 at the orderly end of the peer's stream. */
  receive(buffer: Uint8Array, offset: number, length: number): number;
  /** Sends `buffers`, in order; the count may be short. */
  send(buffers: readonly Uint8Array[]): number;
  /** Details of the last failure of receiving or sending, besides its errno. */
  readonly failure?: DugongError | undefined;
  /** Frees the descriptor; coroutines that wait for it are resumed. May be called again. */
  close(): void;
}
