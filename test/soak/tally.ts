/**
 * What became of each request: answered, with just what the server sends for it, or cut, with an error that is documented for it.
 * Anything else is a fault. It knows neither connections nor ways of waiting.
 */

import { inspect } from 'node:util';
import { ConnectionClosed, SystemError } from 'dugong';
import { bodyOf, pathOf } from './answers.ts';

/** A fault is not worth going on for long. */
const MOST_FAULTS = 10;

/** What fetch says of a request, or of a body, that failed; why is the cause. */
const PLATFORM: ReadonlySet<string> = new Set(['fetch failed', 'terminated']);

/** What a caller got of a response that it was given as complete. */
export interface Answer {
  readonly status: number;
  /** Of the field X-Number. */
  readonly number: string | null | undefined;
  readonly body: string;
}

export class Tally {
  answered = 0;
  cut = 0;
  readonly faults: string[] = [];

  complete(number: number, { status, number: said, body }: Answer): void {
    this.answered++;
    const right = status === 200 && said === String(number) && body === bodyOf(number);
    if (!right)
      this.#fault(`${pathOf(number)}: ${status}, number ${said}, ${body.length} bytes, not those that were sent`);
  }

  /** These have no answer, and this is why. */
  failed(numbers: readonly number[], error: unknown): void {
    this.cut += numbers.length;
    const reason = error instanceof TypeError && PLATFORM.has(error.message) ? error.cause : error;
    if (reason instanceof ConnectionClosed || isReset(reason)) return;
    this.#fault(`${pathOf(numbers[0] ?? -1)}: ${inspect(reason)}`);
  }

  /** An error on a pipeline names just the requests that were not answered. */
  lost(expected: readonly number[], error: unknown): void {
    if (!(error instanceof ConnectionClosed)) return;
    const paths = error.lostRequests.map(({ path }) => path);
    if (paths.join() !== expected.map(pathOf).join()) this.#fault(`lost are ${expected.map(pathOf)}, named ${paths}`);
  }

  #fault(what: string): void {
    this.faults.push(what);
    if (this.faults.length >= MOST_FAULTS) throw new Error(`too many faults:\n${this.faults.join('\n')}`);
  }
}

/** A connection that is reset while it is made. */
function isReset(error: unknown): boolean {
  return error instanceof SystemError && error.code === 'ECONNRESET';
}
