/**
 * How often the reader of a fast stream is woken. A reader that waits for the next byte of one is woken for every segment, and to
 * wake, to receive and to acknowledge costs more than the bytes do. A short pause lets some come together first, as network
 * cards do with their interrupts. It knows numbers of bytes and times only.
 */

import { now } from '../clock.ts';

/** So many bytes in one pause make it worth while. */
const WORTH_PAUSING = 131_072;

export class ReceivePace {
  #received = 0;
  #since = now();

  /**
   * Whether to pause for `pause` milliseconds, asked before each wait, when `received` bytes in all have come. It is no use if the
   * stream has been slow since the wait before, nor if it may pause longer than the `certain` bytes take that are still to come.
   */
  allows(received: number, pause: number, certain: number): boolean {
    const time = now();
    const expected = (pause * (received - this.#received)) / (time - this.#since);
    this.#received = received;
    this.#since = time;
    return expected >= WORTH_PAUSING && expected <= certain;
  }
}
