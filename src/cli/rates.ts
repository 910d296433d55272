/**
 * Rates over the last seconds, and how long the rest takes. It knows numbers and times only.
 */

import type { TransferCounts } from '../index.ts';

/** Milliseconds that a rate is taken over. */
const WINDOW = 10_000;
/** Milliseconds, and documents, before the rest is estimated. */
const ENOUGH_TIME = 3000;
const ENOUGH_DOCUMENTS = 10;

interface Sample {
  readonly time: number;
  readonly bytes: number;
  readonly finished: number;
}

/** Documents that need nothing any more. A document that is tried again counts once, at its end. */
export function finishedOf({ done, missing, failed, aborted }: TransferCounts): number {
  return done + missing + failed + aborted;
}

/** The rates of a run. Times are in milliseconds on any scale. */
export class Rates {
  readonly #samples: Sample[] = [];
  #begun: number | undefined;

  add(counts: TransferCounts, time: number): void {
    this.#begun ??= time;
    this.#samples.push({ time, bytes: counts.bytes, finished: finishedOf(counts) });
    while ((this.#samples[1]?.time ?? time) <= time - WINDOW) this.#samples.shift();
  }

  /** Bytes per second; undefined if nothing is known. */
  get bytesPerSecond(): number | undefined {
    return this.#perSecond('bytes');
  }

  #perSecond(what: 'bytes' | 'finished'): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.time <= first.time) return undefined;
    return (Math.max(0, last[what] - first[what]) / (last.time - first.time)) * 1000;
  }

  /** Milliseconds until `total` documents are finished; undefined while little is known. */
  remaining(counts: TransferCounts, total: number | undefined): number | undefined {
    const last = this.#samples.at(-1);
    if (last === undefined || last.time - (this.#begun ?? last.time) < ENOUGH_TIME || total === undefined)
      return undefined;
    const bytes = counts.waiting === 0 ? bytesLeft(counts) : undefined;
    if (bytes !== undefined) return quotient(bytes, this.bytesPerSecond);
    if (finishedOf(counts) < ENOUGH_DOCUMENTS) return undefined;
    return quotient(Math.max(0, total - finishedOf(counts)), this.#perSecond('finished'));
  }
}

function quotient(rest: number, perSecond: number | undefined): number | undefined {
  return perSecond === undefined || perSecond === 0 ? undefined : (rest / perSecond) * 1000;
}

/** Bytes that are to come; undefined unless all are known, since only the first document of a connection has a length. */
function bytesLeft({ connections, inFlight }: TransferCounts): number | undefined {
  const busy = connections.filter((each) => each.inFlight > 0);
  if (busy.length === 0 || busy.length !== inFlight || busy.some(({ length }) => length === null)) return undefined;
  return busy.reduce((sum, { length, bytes }) => sum + Math.max(0, (length ?? 0) - bytes), 0);
}
