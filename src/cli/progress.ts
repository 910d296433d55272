/**
 * One line on the terminal that says how far the fetching has come, if it takes long. It knows bytes and numbers, not what they
 * are of.
 */

/** What the line is written to: standard error. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** Work that is over sooner shows nothing. */
const SHOWN_AFTER = 1000;
const EVERY = 200;
const CLEAR = '\r\x1b[K';

/** Times are those of `performance.now()`. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #count: number;
  #shownAt: number;
  #shown = false;
  #index = 0;
  #bytes = 0;
  #length: number | null = null;

  /** `count` documents are to be fetched. */
  constructor(terminal: Terminal, count: number, now: number = performance.now()) {
    this.#terminal = terminal;
    this.#count = count;
    this.#shownAt = now + SHOWN_AFTER - EVERY;
  }

  /** The next document has begun; `length` bytes, or null if nobody knows. */
  begin(length: number | null): void {
    this.#index++;
    this.#bytes = 0;
    this.#length = length;
  }

  /** So many bytes more are there. */
  add(bytes: number, now: number = performance.now()): void {
    this.#bytes += bytes;
    if (this.#terminal.isTTY !== true || now < this.#shownAt + EVERY) return;
    this.#shownAt = now;
    this.#shown = true;
    const of = this.#length === null ? '' : ` of ${megabytes(this.#length)}`;
    this.#terminal.write(`${CLEAR}${this.#index} of ${this.#count}: ${megabytes(this.#bytes)}${of} MB`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shown) this.#terminal.write(CLEAR);
    this.#shown = false;
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
