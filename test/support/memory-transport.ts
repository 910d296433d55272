/**
 * A transport without a kernel: a test plays its peer, and decides when bytes arrive, how many the peer takes, and how the
 * stream ends. It behaves as a TCP socket of Linux does: bytes that arrived before a reset can be read, and a reset is reported once.
 */

import { constants } from 'node:os';
import { POLLIN, POLLOUT, PollNeeded, SharedNeed } from '../../src/coroutine.ts';
import { CONNECTION_RESET, WOULD_BLOCK } from '../../src/io/system-error.ts';
import type { Transport } from '../../src/io/transport.ts';

/** No descriptor of the kernel has this number; a runner only compares it. */
export const MEMORY_FD = 1_000_000;

const BROKEN_PIPE = -constants.errno.EPIPE;

export class MemoryTransport implements Transport {
  readonly fd: number;
  readonly remoteAddress: undefined;
  readonly receiveNeeds: PollNeeded;
  readonly sendNeeds: PollNeeded;
  closed = false;
  /** Number of calls that have received or sent something. */
  calls = 0;
  /** Bytes that the peer has taken, by call. */
  readonly taken: Buffer[] = [];
  takenBytes = 0;
  /** Number of bytes that each of the next sending calls takes. */
  readonly #room: number[] = [];
  /** The arrived parts: a receiving call gets bytes of the first part only. */
  readonly #arrived: Uint8Array[] = [];
  #end: 'orderly' | 'reset' | undefined;
  #resetTold = false;

  /** `fd` is a descriptor of the kernel if a loop is to wait for it. */
  constructor(fd: number = MEMORY_FD) {
    this.fd = fd;
    this.receiveNeeds = new PollNeeded(fd, POLLIN);
    this.sendNeeds = new SharedNeed(fd, POLLOUT);
  }

  // --- the peer ------------------------------------------------------------------------------------------------------

  /** The next sending call finds room for `count` bytes. */
  take(count: number): void {
    this.#room.push(count);
  }

  /** Bytes arrive; one receiving call takes no more than these. */
  say(bytes: Uint8Array): void {
    this.#arrived.push(bytes);
  }

  /** The peer's stream ends behind the arrived bytes. It still takes what there is room for. */
  end(): void {
    this.#end ??= 'orderly';
  }

  reset(): void {
    this.#end ??= 'reset';
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  get wasReset(): boolean {
    return this.#end === 'reset';
  }

  /** The result of poll(2): POLLIN, POLLOUT; both if an error is to be reported. */
  get ready(): number {
    if (this.closed || this.#end === 'reset') return POLLIN | POLLOUT;
    const readable = this.#arrived.length > 0 || this.#end !== undefined ? POLLIN : 0;
    return readable | (this.#room.length > 0 ? POLLOUT : 0);
  }

  // --- the transport -------------------------------------------------------------------------------------------------

  receive(buffer: Uint8Array, offset: number, length: number): number {
    this.#assertOpen();
    const [first] = this.#arrived;
    if (first !== undefined) {
      this.calls++;
      const count = Math.min(length, first.length);
      buffer.set(first.subarray(0, count), offset);
      if (count === first.length) this.#arrived.shift();
      else this.#arrived[0] = first.subarray(count);
      return count;
    }
    if (this.#end === undefined) return WOULD_BLOCK;
    if (this.#end === 'orderly' || this.#resetTold) return 0;
    this.#resetTold = true;
    return CONNECTION_RESET;
  }

  send(buffers: readonly Uint8Array[]): number {
    this.#assertOpen();
    if (this.#end === 'reset') return this.#sendReset();
    const [room] = this.#room;
    if (room === undefined) return WOULD_BLOCK;
    this.calls++;
    let left = room;
    for (const bytes of buffers) {
      if (left === 0) break;
      const part = Buffer.from(bytes.subarray(0, Math.min(left, bytes.length)));
      this.taken.push(part);
      left -= part.length;
      this.takenBytes += part.length;
    }
    const count = buffers.reduce((sum, { length }) => sum + length, 0);
    if (count >= room) this.#room.shift();
    else this.#room[0] = room - count;
    return Math.min(room, count);
  }

  close(): void {
    this.closed = true;
  }

  #sendReset(): number {
    if (this.#resetTold) return BROKEN_PIPE;
    this.#resetTold = true;
    return CONNECTION_RESET;
  }

  /** A kernel gives the number of a closed descriptor to the next one. */
  #assertOpen(): void {
    if (this.closed) throw new Error('the transport is used after it was closed');
  }
}
