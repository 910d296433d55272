/**
 * Shows the progress of a long fetch in one line on the terminal. It knows bytes and numbers only.
 */

/** The output of the line: standard error. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** Milliseconds before the line appears. */
const SHOWN_AFTER = 1000;
const EVERY = 200;
const CLEAR = '\r\x1b[K';

/** The progress line. Times are those of `performance.now()`. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #count: number;
  #shownAt: number;
  #shown = false;
  #index = 0;
  #bytes = 0;
  #length: number | null = null;

  /** @param count the number of documents */
  constructor(terminal: Terminal, count: number, now: number = performance.now()) {
    this.#terminal = terminal;
    this.#count = count;
    this.#shownAt = now + SHOWN_AFTER - EVERY;
  }

  /** Begins the next document of `length` bytes, null if the length is not known. */
  begin(length: number | null): void {
    this.#index++;
    this.#bytes = 0;
    this.#length = length;
  }

  /** Adds received bytes. */
  add(bytes: number, now: number = performance.now()): void {
    this.#bytes += bytes;
    if (this.#terminal.isTTY !== true || now < this.#shownAt + EVERY) return;
    this.#shownAt = now;
    this.#shown = true;
    const of = this.#length === null ? '' : ` of ${megabytes(this.#length)}`;
    this.#terminal.write(`${CLEAR}${this.#index} of ${this.#count}: ${megabytes(this.#bytes)}${of} MB`);
  }

  /** Removes the line. */
  clear(): void {
    if (this.#shown) this.#terminal.write(CLEAR);
    this.#shown = false;
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
