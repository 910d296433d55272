/**
 * The responses of one connection that are not certain yet, oldest first: a pipelined response may belong to another request, and neither
 * its framing nor a digest of its own shows that. Only when each request has had its response, and nothing is left over, are they the ones
 * that were asked for, as far as that can be told.
 */

import type { HTTPResponse } from '../client/http-response.ts';
import { now } from '../clock.ts';
import { Queue } from '../queue.ts';
import type { Attempt } from './attempt.ts';
import type { Verdict } from './receiver.ts';

export interface Settled {
  readonly attempt: Attempt;
  readonly response: HTTPResponse;
  readonly verdict: Verdict;
}

/** Responses, as a multiple of the depth. */
const MOST = 4;
/** Bytes of their bodies in memory. */
const MOST_BYTES = 1 << 24;
/** Milliseconds: what has come over a slow path should not be lost for long when the run is interrupted. */
const LONGEST = 1000;

export class Provisional {
  readonly #all = new Queue<Settled>();
  readonly #most: number;
  #bytes = 0;
  /** When the oldest came. */
  #since = 0;

  constructor(depth: number) {
    this.#most = MOST * depth;
  }

  /** Whether nothing more should be sent before they are certain. */
  get isFull(): boolean {
    return this.#all.length >= this.#most || this.#bytes >= MOST_BYTES || this.#isOld;
  }

  get #isOld(): boolean {
    return this.any && now() - this.#since > LONGEST;
  }

  /** Bytes in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  get any(): boolean {
    return this.#all.length > 0;
  }

  add(settled: Settled): void {
    if (!this.any) this.#since = now();
    this.#all.push(settled);
    this.#bytes += bytesOf(settled);
  }

  take(): Settled | undefined {
    const settled = this.#all.shift();
    if (settled !== undefined) this.#bytes -= bytesOf(settled);
    return settled;
  }

  takeAll(): readonly Settled[] {
    const all = [...this.#all];
    while (this.take() !== undefined);
    return all;
  }
}

function bytesOf({ verdict }: Settled): number {
  return verdict.kind === 'whole' ? (verdict.body?.length ?? 0) : 0;
}
