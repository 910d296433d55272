/**
 * The totals of a run. report.ts puts them into words.
 */

import type { TransferResult } from '../index.ts';
import { summaryJSON, summaryOf } from './report.ts';

/** What became of a document. */
export type Fate = TransferResult['outcome'] | 'skipped' | 'blocked';

/** Counts what became of the documents. */
export class Totals {
  readonly #counts = { done: 0, skipped: 0, missing: 0, blocked: 0, failed: 0, aborted: 0 };
  readonly #started: number = performance.now();
  #bytes = 0;

  add(fate: Fate, bytes: number = 0): void {
    this.#counts[fate]++;
    this.#bytes += bytes;
  }

  /** How many documents there are. */
  get count(): number {
    return Object.values(this.#counts).reduce((sum, each) => sum + each, 0);
  }

  /** How many documents are not there. */
  get wanting(): number {
    const { missing, blocked, failed, aborted } = this.#counts;
    return missing + blocked + failed + aborted;
  }

  /** As --summary writes them. */
  json(): string {
    const { skipped, blocked } = this.#counts;
    return summaryJSON(this.#asTransfer(), this.#ms(), { skipped, blocked });
  }

  toString(): string {
    const { skipped, blocked } = this.#counts;
    const others = [
      ...(skipped > 0 ? [` ${skipped} were there already.`] : []),
      ...(blocked > 0 ? [` ${blocked} of the missing refuse programs.`] : []),
    ];
    return summaryOf(this.#asTransfer(), this.#ms()) + others.join('');
  }

  #asTransfer(): Parameters<typeof summaryOf>[0] {
    const { done, missing, blocked, failed, aborted } = this.#counts;
    const bytes = this.#bytes;
    return {
      ...{ done, failed, aborted, bytes, waiting: 0, inFlight: 0, connections: [] },
      missing: missing + blocked,
    };
  }

  #ms(): number {
    return performance.now() - this.#started;
  }
}
