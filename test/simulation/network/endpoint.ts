/**
 * One end of a TCP stream, as in Linux: its states, its two buffers, and the results of recv, send and poll in each (tcp_poll,
 * tcp_recvmsg and tcp_sendmsg of net/ipv4/tcp.c). The client's ends and the servers' are the same. A Direction
 * carries the bytes.
 */

import {
  EAGAIN,
  ECONNREFUSED,
  ECONNRESET,
  ENOTCONN,
  EPIPE,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
} from '../kernel/errno.ts';
import type { World } from '../world.ts';
import { ByteQueue } from './byte-queue.ts';
import type { Direction } from './direction.ts';

export interface Buffers {
  /** Bytes that wait to be sent, or to be acknowledged. */
  readonly send: number;
  readonly receive: number;
}

/** One function for all ends: making functions dominates the cost of a short world. */
function nothing(): void {}

export class Endpoint {
  readonly name: string;
  readonly world: World;
  state: 'fresh' | 'connecting' | 'established' | 'closed' = 'fresh';
  /** Received bytes, and bytes that have not left yet. */
  readonly incoming: ByteQueue = new ByteQueue();
  readonly outgoing: ByteQueue = new ByteQueue();
  /** To the peer, and from it; defined once the connection is established. */
  out: Direction | undefined;
  in: Direction | undefined;
  buffers: Buffers = { send: 65536, receive: 65536 };
  /** The application has closed it. */
  released = false;
  /** Whether a FIN follows the outgoing bytes. */
  finishing = false;
  /** Called when the result of poll() may have changed. */
  changed: () => void = nothing;
  /** Called when bytes are on their way to here. */
  approached: () => void = nothing;
  /** Ends an attempt to connect that goes on. */
  abandon: () => void = nothing;
  #error = 0;
  #receiveShut = false;
  #sendShut = false;
  /** Whether the peer's FIN was received; and whether the peer received ours. */
  #done = false;
  #endTaken = false;

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
  }

  /** Whether the peer's stream has ended, in order or not. */
  get ended(): boolean {
    return this.#receiveShut;
  }

  /** Whether nothing can be sent any more. */
  get broken(): boolean {
    return this.state === 'closed' || this.#sendShut;
  }

  /** Number of bytes that may be sent now. */
  get room(): number {
    return this.buffers.send - this.outgoing.length - (this.out?.inFlight ?? 0);
  }

  /** Number of further bytes that may be on their way to here. A closed peer answers probes of the window by RST. */
  get window(): number {
    if (this.released || this.state !== 'established') return Number.POSITIVE_INFINITY;
    return this.buffers.receive - this.incoming.length - (this.in?.inFlight ?? 0);
  }

  // --- the application's calls -----------------------------------------------------------------------------------------

  recv(target: Uint8Array): number {
    if (this.incoming.length > 0) {
      const count = this.incoming.takeInto(target);
      this.in?.pump();
      return count;
    }
    if (this.#done) return 0;
    if (this.#error !== 0) return this.takeError();
    if (this.#receiveShut) return 0;
    return this.state === 'fresh' || this.state === 'closed' ? ENOTCONN : EAGAIN;
  }

  send(buffers: readonly Uint8Array[], skip: number): number {
    if (this.state === 'connecting') return EAGAIN;
    if (this.state !== 'established' || this.#sendShut || this.#error !== 0) return this.takeError() || EPIPE;
    let left = this.room;
    let total = 0;
    let start = skip;
    let wanted = false;
    for (const buffer of buffers) {
      const part = buffer.subarray(start, start + Math.max(0, left));
      wanted ||= buffer.length > start;
      start = 0;
      this.outgoing.push(part);
      total += part.length;
      left -= part.length;
      if (left <= 0) break;
    }
    if (total === 0) return wanted ? EAGAIN : 0;
    this.out?.pump();
    return total;
  }

  /** SHUT_WR and SHUT_RDWR. */
  finish(): number {
    if (this.state !== 'established') return ENOTCONN;
    this.#sendShut = true;
    this.finishing = true;
    this.out?.pump();
    return 0;
  }

  /** With unread bytes, or after a reset, there is no orderly end (RFC 9293 3.10.4; RFC 2525 2.17). */
  close(): void {
    if (this.released) return;
    this.released = true;
    this.changed = nothing;
    this.approached = nothing;
    if (this.state === 'connecting') this.abandon();
    if (this.state !== 'established') return;
    if (this.incoming.length > 0) this.reset();
    else this.finish();
    this.incoming.clear();
    this.in?.pump();
  }

  /** Ends it at once: an RST goes to the peer, behind the bytes on their way. */
  reset(): void {
    if (this.state !== 'established') return;
    this.outgoing.clear();
    this.#end(0);
    this.out?.sendReset();
  }

  /** SO_ERROR, which reading clears. */
  takeError(): number {
    const error = this.#error;
    this.#error = 0;
    return error;
  }

  /** All bits that poll(2) could report. */
  poll(): number {
    if (this.state === 'connecting') return this.#error === 0 ? 0 : POLLERR;
    let events = this.incoming.length > 0 || this.#receiveShut ? POLLIN : 0;
    if (this.#sendShut || this.state !== 'established' || this.#isWriteable()) events |= POLLOUT;
    if (this.#error !== 0) events |= POLLERR;
    if (this.state === 'fresh' || this.state === 'closed' || (this.#sendShut && this.#receiveShut)) events |= POLLHUP;
    return events;
  }

  /** sk_stream_is_writeable(): a third of the buffer is free. */
  #isWriteable(): boolean {
    const { room } = this;
    return room > 0 && 2 * room >= this.buffers.send - room;
  }

  // --- from the network ------------------------------------------------------------------------------------------------

  established(): void {
    this.state = 'established';
    this.changed();
  }

  /** The attempt to connect has failed. */
  failed(error: number): void {
    if (this.released) return;
    this.#end(error);
    this.changed();
  }

  arrive(bytes: Uint8Array): void {
    this.incoming.push(bytes);
    this.changed();
  }

  arriveEnd(): void {
    if (this.state !== 'established') return;
    this.#receiveShut = true;
    this.#done = true;
    if (this.#endTaken) this.state = 'closed';
    this.changed();
  }

  /** The peer has our FIN. With both, the connection is over (RFC 9293 3.6), as far as calls can see. */
  endTaken(): void {
    this.#endTaken = true;
    if (this.#done && this.state === 'established') this.state = 'closed';
  }

  /** RST; or, with another error, the kernel gives up. */
  arriveReset(error?: number): void {
    if (this.state !== 'established' && this.state !== 'connecting') return;
    const meaning = this.state === 'connecting' ? ECONNREFUSED : this.#done ? EPIPE : ECONNRESET;
    this.outgoing.clear();
    this.#end(error ?? meaning);
    this.changed();
  }

  #end(error: number): void {
    this.state = 'closed';
    this.#error = error;
    this.#receiveShut = true;
    this.#sendShut = true;
    this.in?.pump();
  }
}
