/**
 * Bytes that the protocol wants to send, in their order: the counterpart of ReceiveBuffer. The protocol puts them in; the driver takes
 * views of them, sends what it can, and reports how many bytes have left. It knows nothing of what the bytes mean.
 *
 * Text has latin1 characters only; it is encoded when it is taken. Large pieces are not copied: they are sent from the caller's memory.
 */

import { Buffer } from 'node:buffer';
import { shownAs } from '../inspection.ts';

/** Pieces up to this many bytes are copied: a copy costs less than a view of its own. */
const SMALL = 2048;

/**
 * Bytes to be sent and not reported as sent: `output` of {@link ClientProtocol}. The protocol fills it, the driver
 * empties it: `take()` gives views of all bytes, and `sent()` reports how many of them have left, once for each
 * `take()`. Bytes that were taken and not reported count as possibly sent.
 *
 * @example
 * ```js
 * import { ClientProtocol } from 'dugong/http1';
 *
 * const protocol = new ClientProtocol({ host: 'server.example' });
 * protocol.sendRequest('GET', '/a');
 * const { output } = protocol;
 * const [bytes] = output.take();
 * const written = 10; // what write(2) returned
 * output.sent(written);
 * console.log(bytes?.length, output.sentBytes, output.length); // 68 10 58
 * ```
 */
export class SendBuffer {
  /** The number of bytes that have left, as the driver reported. */
  sentBytes = 0;
  /** Position of the next byte that is put in, counted from the connection's first byte; cut-off bytes count. */
  end = 0;
  /** Whether bytes were cut off, which will never be sent. */
  wasCut = false;
  /** Whether a driver has taken bytes, or reported, since the beginning. */
  driven = false;
  /** Text behind the views, not encoded yet. */
  #text = '';
  #views: Uint8Array[] = [];
  #length = 0;
  /** Bytes that may have left: sent bytes, and bytes taken since the last report. */
  #taken = 0;
  readonly #onTaken: () => void;
  readonly #onSent: (before: number) => void;

  /**
   * Makes an empty buffer. `onTaken` runs at the first take after a report; `onSent` runs when bytes are reported, with
   * `sentBytes` as it was before.
   */
  constructor(onTaken: () => void = () => undefined, onSent: (before: number) => void = () => undefined) {
    this.#onTaken = onTaken;
    this.#onSent = onSent;
  }

  /** The number of bytes that wait to be sent. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that may have left. A byte that was taken counts, until a report says that it has not left. */
  get takenBytes(): number {
    return this.#taken;
  }

  /**
   * Views of all bytes that wait, in order. They count as possibly sent from here on, until `sent()` says how many have left. A
   * second take before that gives the same bytes again.
   * @throws RangeError - the caller's memory is gone: a buffer was detached, or has shrunk
   */
  take(): readonly Uint8Array[] {
    this.driven = true;
    this.#encodeText();
    for (const { length } of this.#views) {
      if (length > 0) continue;
      throw new RangeError('the memory of bytes that wait to be sent is gone: their buffer was detached or has shrunk');
    }
    if (this.#taken === this.sentBytes) this.#onTaken();
    // Bytes that were taken and then cut off may have left all the same.
    this.#taken = Math.max(this.#taken, this.sentBytes + this.#length);
    // A copy, which does not change while the driver writes and the protocol goes on.
    return this.#views.slice();
  }

  /**
   * Reports that the first `count` of the taken bytes have left. The others have not, and the next take returns them
   * again.
   * @throws RangeError - more than were taken
   */
  sent(count: number): void {
    if (!Number.isInteger(count) || count < 0 || this.sentBytes + count > this.#taken) {
      const taken = this.#taken - this.sentBytes;
      throw new RangeError(
        `${String(count)} bytes reported as sent, where ${taken} were taken: report once for each take()`,
      );
    }
    this.driven = true;
    const before = this.sentBytes;
    this.sentBytes += count;
    this.#taken = this.sentBytes;
    // Taken bytes may have been cut off before the driver reports that they left.
    this.#length = Math.max(0, this.#length - count);
    this.#drop(count);
    if (count > 0) this.#onSent(before);
  }

  /** Copies the waiting bytes that are in the caller's memory, so that the caller may use it again. */
  own(): void {
    this.#views = this.#views.map((view) => Buffer.from(view));
  }

  // --- for the protocol ----------------------------------------------------------------------------------------------

  /** Puts in `text`, each character of which is one byte (latin1). For the protocol. */
  pushText(text: string): void {
    this.#text += text;
    this.#length += text.length;
    this.end += text.length;
  }

  /**
   * Puts in `bytes`. Above 2048 bytes they are not copied: they must stay as they are until they have left, or `own()`
   * was called. For the protocol.
   */
  pushBytes(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    this.end += bytes.length;
    if (bytes.length <= SMALL) {
      this.#text += asBuffer(bytes).toString('latin1');
    } else {
      this.#encodeText();
      // A view of fixed length: a length-tracking view could grow, and send more than was announced.
      this.#views.push(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
    }
  }

  /**
   * Removes the waiting bytes from `position` on, counted from the connection's first byte; all of them without
   * `position`. For the protocol.
   */
  cut(position: number = 0): void {
    const keep = Math.max(0, Math.min(this.#length, position - this.sentBytes));
    if (keep === this.#length) return;
    this.wasCut = true;
    this.#encodeText();
    const kept: Uint8Array[] = [];
    let left = keep;
    for (const view of this.#views) {
      if (left === 0) break;
      const part = view.length <= left ? view : view.subarray(0, left);
      kept.push(part);
      left -= part.length;
    }
    this.#views = kept;
    this.#length = keep;
  }

  // -------------------------------------------------------------------------------------------------------------------

  #encodeText(): void {
    if (this.#text === '') return;
    this.#views.push(Buffer.from(this.#text, 'latin1'));
    this.#text = '';
  }

  #drop(count: number): void {
    let left = count;
    let done = 0;
    for (const view of this.#views) {
      if (left < view.length) break;
      left -= view.length;
      done++;
    }
    if (done === this.#views.length) this.#views.length = 0;
    else if (done > 0) this.#views = this.#views.slice(done);
    const [first] = this.#views;
    if (left > 0 && first !== undefined) this.#views[0] = first.subarray(left);
  }

  /** How much there is, not what: the bytes may hold credentials. */
  toJSON(): { length: number; sent: number } {
    return { length: this.length, sent: this.sentBytes };
  }

  static {
    shownAs(SendBuffer, (buffer) => buffer.toJSON());
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
