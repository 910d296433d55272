/**
 * What ends a run early: a signal of the system, or an error after which nothing makes sense. The first signal stops the
 * run in an orderly way; the next one ends the process at once, as by default.
 */

import { EXIT } from './exit-codes.ts';

/** Signals that end the command, with their codes (128 plus the number of the signal). */
const SIGNALS = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hangup } as const;
type EndingSignal = keyof typeof SIGNALS;
const NAMES = Object.keys(SIGNALS) as readonly EndingSignal[];

/** The reason of the signal when the run is to end after the first failure. */
export class FailedEarly extends Error {}

/** Watches for signals from `watch()` on until it is disposed of. Before, they end the process, as by default. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #onSignal = (name: NodeJS.Signals): void => {
    // With a listener the next one would not end the process.
    this.#unwatch();
    this.#name ??= name as EndingSignal;
    this.#controller.abort(new Error(`ended by ${name}`));
  };
  #name: EndingSignal | undefined;
  #isStuck = false;

  /** From now on the thread must not be blocked: reading a file, such as a FIFO, would keep signals off. */
  watch(): void {
    this.#unwatch();
    if (this.#name === undefined) for (const name of NAMES) process.on(name, this.#onSignal);
  }

  /** Aborted when the run is to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The code of the signal that came. */
  get code(): number | undefined {
    return this.#name && SIGNALS[this.#name];
  }

  /** For messages: "interrupted". */
  get cause(): string | undefined {
    if (this.#name === undefined) return undefined;
    return this.#name === 'SIGINT' ? 'interrupted' : `ended by ${this.#name}`;
  }

  /** Says that a write will not complete, so that an orderly exit would wait for it for ever. */
  cannotExit(): void {
    this.#isStuck = true;
  }

  /** Ends the process after a signal, whatever keeps it alive. */
  exit(code: number): void {
    if (this.#name === undefined) return;
    this.#unwatch();
    if (this.#isStuck) process.kill(process.pid, this.#name);
    else process.exit(code);
  }

  /** Ends the run. */
  stop(reason: Error): void {
    this.#controller.abort(reason);
  }

  [Symbol.dispose](): void {
    this.#unwatch();
  }

  #unwatch(): void {
    for (const name of NAMES) process.off(name, this.#onSignal);
  }
}
