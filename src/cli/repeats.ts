/**
 * Failures of one server with one cause, as that it cannot be reached: the first few are said, and the others counted, since a server
 * that is down fails all of its documents. It does no output.
 */

import { EXIT } from './exit-codes.ts';
import { number } from './report.ts';

/** How many of a kind are said. */
const SAID = 3;
/** Codes of failures that are the server's, or those of the way to it, and not of one document. */
const OF_SERVER: ReadonlySet<number> = new Set([EXIT.network, EXIT.tls]);

/** A failure. */
export interface Failure {
  /** The URL that was asked for last. */
  readonly url: string;
  /** The exit code that it stands for. */
  readonly code: number;
  readonly cause: string;
}

/** The failures of a run. */
export class Repeats {
  readonly #counts = new Map<string, number>();

  /** Counts a failure. Returns whether to say it. */
  add({ url, code, cause }: Failure): boolean {
    if (!OF_SERVER.has(code)) return true;
    const kind = `${new URL(url).origin}: ${cause}`;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return count <= SAID;
  }

  /** A line for each kind of which some were not said. */
  lines(): string[] {
    const many = [...this.#counts].filter(([, count]) => count > SAID);
    return many.map(([kind, count]) => `and ${number(count - SAID)} more of ${kind} (--failed FILE lists all)`);
  }
}
