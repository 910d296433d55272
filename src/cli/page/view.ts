/** The visible part of time, and its scale. It knows no elements. */

/** Shortest visible time, in ms. */
const SHORTEST = 0.05;
/** Free space before the first and behind the last event, as a part of the visible time. */
const MARGIN = 0.01;

export class View {
  readonly #whole: number;
  readonly #onChange: () => void;
  #begin = 0;
  #span = 1;
  #width = 1;

  /** `whole`: milliseconds from the beginning of the recording to its last event. */
  constructor(whole: number, onChange: () => void) {
    this.#whole = whole;
    this.#onChange = onChange;
    this.showAll();
  }

  get begin(): number {
    return this.#begin;
  }

  get end(): number {
    return this.#begin + this.#span;
  }

  get span(): number {
    return this.#span;
  }

  /** Pixels. */
  get width(): number {
    return this.#width;
  }

  resize(width: number): void {
    if (width === this.#width || width === 0) return;
    this.#width = width;
    this.#onChange();
  }

  x(time: number): number {
    return ((time - this.#begin) / this.#span) * this.#width;
  }

  time(x: number): number {
    return this.#begin + (x / this.#width) * this.#span;
  }

  showAll(): void {
    this.#show(-MARGIN * this.#whole, this.#whole * (1 + 2 * MARGIN));
  }

  /** Shows `factor` times the time; what is at `x` stays there. */
  zoom(factor: number, x: number = this.#width / 2): void {
    const longest = this.#whole * (1 + 2 * MARGIN);
    const span = Math.min(longest, Math.max(SHORTEST, this.#span * factor));
    this.#show(this.time(x) - (x / this.#width) * span, span);
  }

  /** Moves by a part of what is visible. */
  pan(part: number): void {
    this.#show(this.#begin + part * this.#span, this.#span);
  }

  /** Moves, and widens, until both times are visible. */
  reveal(begin: number, end: number): void {
    if (begin >= this.begin && end <= this.end) return;
    const span = Math.max(this.#span, (end - begin) * 1.2);
    this.#show((begin + end - span) / 2, span);
  }

  #show(begin: number, span: number): void {
    const least = -MARGIN * this.#whole;
    const most = this.#whole * (1 + MARGIN);
    this.#span = span;
    this.#begin = Math.max(least, Math.min(begin, most - span));
    this.#onChange();
  }
}
