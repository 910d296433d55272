/**
 * The establishment of one connection, shared by all coroutines that need it: each of them drives it on, so that it does not
 * matter which one is resumed first, or whether one of them is given up. It ends when the last of them is.
 */

import { type Coroutine, PollNeeded } from '../coroutine.ts';
import { ConnectionTimedOut, type Phase } from '../errors.ts';
import type { Transport } from '../io/transport.ts';
import { coDial, type Destination } from './dial.ts';
import { coWait } from './wait.ts';

export class Dialling {
  readonly #steps: Coroutine<Transport>;
  /** Milliseconds for all of it; 0: no limit. */
  readonly #timeout: number;
  #phase: Phase = 'connect';
  #begun: number | undefined;
  #transport: Transport | undefined;
  /** Why there is no connection and will be none. */
  #failure: { readonly error: unknown } | undefined;
  #waiting = 0;

  constructor(destination: Destination, timeout: number) {
    this.#timeout = timeout;
    this.#steps = coDial(destination, (phase) => {
      this.#phase = phase;
    });
  }

  /** What is being done at present. */
  get phase(): Phase {
    return this.#phase;
  }

  /** Why it failed, if it did. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Ends it. What it made so far is freed, a finished transport excepted. */
  end(): void {
    this.#steps.return(undefined as never);
    this.#failure ??= { error: undefined };
  }

  /** The transport, as soon as there is one; undefined if the dialling was ended. @throws why there is none, each time */
  *coTransport(): Coroutine<Transport | undefined> {
    while (this.#transport === undefined) {
      if (this.#failure?.error !== undefined) throw this.#failure.error;
      if (this.#failure !== undefined) return undefined;
      const need = this.#step();
      if (need !== undefined) yield* this.#coProgress(need);
    }
    return this.#transport;
  }

  /** What is to be waited for; undefined if there is something new. */
  #step(): PollNeeded | undefined {
    try {
      this.#begun ??= performance.now();
      if (this.#timeout > 0 && performance.now() >= this.#begun + this.#timeout) {
        throw new ConnectionTimedOut(this.#timeout, this.#phase);
      }
      const step = this.#steps.next();
      if (!step.done) return step.value;
      this.#transport = step.value;
    } catch (error) {
      this.#failure = { error };
      this.end();
    }
    return undefined;
  }

  *#coProgress({ fd, mask, deadline }: PollNeeded): Coroutine<void> {
    const limit = this.#timeout > 0 ? (this.#begun ?? 0) + this.#timeout : undefined;
    const earlier = deadline === undefined || limit === undefined ? (deadline ?? limit) : Math.min(deadline, limit);
    let resumed = false;
    this.#waiting++;
    try {
      yield* coWait(new PollNeeded(fd, mask, { deadline: earlier, shared: mask }), this.#phase);
      resumed = true;
    } finally {
      this.#waiting--;
      // Another coroutine may have brought it to its end meanwhile.
      if (!resumed && this.#waiting === 0 && this.#transport === undefined) this.end();
    }
  }
}
