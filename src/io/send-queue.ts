/**
 * Bytes on their way to a transport, in order: text of latin1 characters, which is encoded only when it is sent, and
 * buffers, which are sent from where they are. It knows nothing of what the bytes mean.
 */

import { Buffer } from 'node:buffer';
import type { Transport } from './transport.ts';

/** Buffers up to this many bytes are copied: a copy costs less than an entry in an iovec. */
const SMALL = 2048;
/** sendmsg(2) takes at most IOV_MAX (1024) buffers. */
const MAX_BUFFERS = 1024;

export class SendQueue {
  /** What follows after the buffers, not encoded yet. */
  #text = '';
  #buffers: Uint8Array[] = [];
  /** How much of the first buffer has been sent. */
  #sent = 0;

  /** How many bytes wait. */
  #length = 0;

  get empty(): boolean {
    return this.#length === 0;
  }

  get length(): number {
    return this.#length;
  }

  pushText(text: string): void {
    this.#text += text;
    this.#length += text.length;
  }

  /** Queues `bytes`; those of large ones are taken when they are sent, see {@link own}. */
  pushBytes(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    if (bytes.length <= SMALL) {
      this.#text += asBuffer(bytes).toString('latin1');
    } else {
      this.#encodeText();
      // A view of its own, of this length: a longer one, or none, would be what the head has not announced.
      this.#buffers.push(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
    }
  }

  /**
   * Sends as much as the transport takes in one call. Returns the count or a negated errno.
   * @throws RangeError if the memory of queued bytes is gone
   */
  sendTo(transport: Transport): number {
    this.#encodeText();
    // None was empty when it was queued.
    if (this.#buffers.some(({ length }) => length === 0)) {
      throw new RangeError('the memory of bytes that wait to be sent is gone: their buffer was detached or has shrunk');
    }
    const buffers = this.#buffers.length > MAX_BUFFERS ? this.#buffers.slice(0, MAX_BUFFERS) : this.#buffers;
    const count = transport.send(buffers, this.#sent);
    if (count > 0) this.#drop(count);
    return count;
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#text = '';
    this.#buffers = [];
    this.#sent = 0;
    this.#length = 0;
  }

  /** Makes copies of what is queued, so that its owners may write into their buffers again. */
  own(): void {
    this.#buffers = this.#buffers.map((buffer) => Buffer.from(buffer));
  }

  #encodeText(): void {
    if (this.#text === '') return;
    this.#buffers.push(Buffer.from(this.#text, 'latin1'));
    this.#text = '';
  }

  #drop(count: number): void {
    this.#length -= count;
    let left = this.#sent + count;
    let done = 0;
    for (const buffer of this.#buffers) {
      if (left < buffer.length) break;
      left -= buffer.length;
      done++;
    }
    if (done === this.#buffers.length) this.#buffers = [];
    else if (done > 0) this.#buffers = this.#buffers.slice(done);
    this.#sent = left;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
