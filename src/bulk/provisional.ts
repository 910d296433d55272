/**
 * The whole bodies of one connection that are not committed yet, oldest first: a pipelined response may belong to another request, and
 * neither its framing nor a digest of its own shows that. Only when each request has had its response, and nothing is left over, are
 * they the documents that were asked for, as far as that can be told.
 */

import { Queue } from '../queue.ts';
import type { Attempt } from './attempt.ts';

export interface WholeBody {
  readonly attempt: Attempt;
  readonly body: Buffer | undefined;
}

/** Bodies, as a multiple of the depth. */
const MOST = 4;
/** Bytes of those in memory. */
const MOST_BYTES = 1 << 24;

export class Provisional {
  readonly #bodies = new Queue<WholeBody>();
  readonly #most: number;
  #bytes = 0;

  constructor(depth: number) {
    this.#most = MOST * depth;
  }

  /** Whether nothing more should be sent before they are committed. */
  get isFull(): boolean {
    return this.#bodies.length >= this.#most || this.#bytes >= MOST_BYTES;
  }

  /** Bytes in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  get any(): boolean {
    return this.#bodies.length > 0;
  }

  add(whole: WholeBody): void {
    this.#bodies.push(whole);
    this.#bytes += whole.body?.length ?? 0;
  }

  take(): WholeBody | undefined {
    const whole = this.#bodies.shift();
    this.#bytes -= whole?.body?.length ?? 0;
    return whole;
  }

  takeAll(): readonly Attempt[] {
    const all = [...this.#bodies].map(({ attempt }) => attempt);
    while (this.take() !== undefined);
    return all;
  }
}
