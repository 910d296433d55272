/**
 * Time, and poll(2) of a MemoryTransport, for the coroutines of one test: time passes when the test says so. Other descriptors
 * are polled by the real kernel.
 */

import { native } from '../../src/io/native.ts';
import { MEMORY_FD, type MemoryTransport } from './memory-transport.ts';

export class MemoryClock implements Disposable {
  /** The transport that has the descriptor of memory now. */
  transport: MemoryTransport | undefined;
  readonly #now = native.now;
  readonly #pollOne = native.pollOne;
  /** Milliseconds that have passed by `pass()`. */
  #passed = 0;

  constructor() {
    const begin = native.now();
    native.now = () => begin + this.#passed;
    native.pollOne = (...poll) => {
      const [fd, mask] = poll;
      return fd === MEMORY_FD ? mask & (this.transport?.ready ?? 0) : this.#pollOne(...poll);
    };
  }

  pass(milliseconds: number): void {
    this.#passed += milliseconds;
  }

  [Symbol.dispose](): void {
    native.now = this.#now;
    native.pollOne = this.#pollOne;
  }
}
