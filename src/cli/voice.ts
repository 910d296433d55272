/**
 * What the command says on standard error: messages, and the progress between them. It decides nothing.
 */

import type { Given } from './given.ts';
import { printable } from './printable.ts';
import { Progress } from './progress-display.ts';

type Watched = Parameters<Progress['start']>[0];

/** Says things, unless it is to be silent. */
export class Voice {
  /** Without progress and totals. */
  readonly #isQuiet: boolean;
  readonly #isMute: boolean;
  readonly #given: Given;
  #progress: Progress | undefined;
  readonly #said = new Set<string>();

  constructor(given: Given) {
    this.#given = given;
    this.#isQuiet = given.silent === true || given.quiet === true;
    this.#isMute = given.silent === true && given.showError !== true;
  }

  /** Whether the run ends with its totals. */
  get tellsTotals(): boolean {
    return !this.#isQuiet;
  }

  /** Shows the progress of a transfer until `stop()`. */
  watch(transfer: Watched, total: number): void {
    const { progress = 'auto' } = this.#given;
    const mode = this.#isQuiet ? 'none' : progress;
    this.#progress = new Progress(process.stderr, { mode, color: this.#coloured(), total });
    void this.#progress.start(transfer);
  }

  stop(): void {
    this.#progress?.stop();
    this.#progress = undefined;
  }

  /** A message of one line, with advice in a second one, which is given once. */
  say(message: string, advice?: string): void {
    this.line(`dugong: ${message}`);
    if (advice === undefined || this.#said.has(advice)) return;
    this.#said.add(advice);
    this.line(`        ${advice}`);
  }

  /** A line as it is, but without what a terminal would obey. */
  line(text: string): void {
    if (this.#isMute) return;
    const shown = printable(text);
    if (this.#progress === undefined) process.stderr.write(`${shown}\n`);
    else this.#progress.note(shown);
  }

  #coloured(): boolean {
    const { color = 'auto' } = this.#given;
    const { stderr } = process;
    return color === 'always' || (color === 'auto' && stderr.isTTY && stderr.hasColors());
  }
}
