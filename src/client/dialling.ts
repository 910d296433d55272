/**
 * The establishment of one connection, shared by all coroutines that need it: each of them drives it on, so that it does not
 * matter which one is resumed first, or whether one of them is given up. It ends when the last of them is.
 */

import { now } from '../clock.ts';
import { type Coroutine, endNow, PollNeeded, waitFor } from '../coroutine.ts';
import { ConnectionTimedOut, type Phase, StateError } from '../errors.ts';
import { type Joined, StandIn } from '../io/stand-in.ts';
import type { Transport } from '../io/transport.ts';
import { notPollNeeded } from '../schedule/run-blocking.ts';
import { currentRunner, type Runner, runsBlocked, wakeSoon } from '../schedule/running.ts';
import { coDial, type Destination } from './dial.ts';

export class Dialling {
  readonly #steps: Coroutine<Transport>;
  /** Milliseconds for all of it; 0: no limit. */
  readonly #timeout: number;
  #phase: Phase = 'connect';
  /** Why addresses did not connect so far. */
  readonly #failures: Error[] = [];
  #begun: number | undefined;
  #transport: Transport | undefined;
  /** Why there is no connection and will be none. */
  #failure: { readonly error: unknown } | undefined;
  #waiting = 0;
  /** Those who wait and can be told to look again. */
  readonly #runners = new Set<Runner>();
  /** What those wait for who cannot be told. */
  readonly #standIn = new StandIn();
  /** What was waited for last. */
  #need: PollNeeded | undefined;
  /** A step is being taken: the user's `lookup` may be calling from inside of it. */
  #stepping = false;

  constructor(destination: Destination, timeout: number) {
    this.#timeout = timeout;
    const onFailure = (failure: Error): void => void this.#failures.push(failure);
    this.#steps = coDial({ onFailure, ...destination }, (phase) => {
      // By `lookup`, in the middle of a step: nothing more is begun then.
      if (this.#failure !== undefined) throw this.#failure.error;
      this.#phase = phase;
    });
  }

  get begun(): boolean {
    return this.#begun !== undefined;
  }

  /** What is being done at present. */
  get phase(): Phase {
    return this.#phase;
  }

  /** Why it failed, if it did. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Ends it. What it made so far is freed, a finished transport excepted; those who wait find out when they are resumed. */
  end(): void {
    this.#failure ??= { error: undefined };
    if (!this.#stepping) endNow(this.#steps);
    // Otherwise somebody has yet to hear of the failure.
    if (this.#failure.error === undefined) this.#standIn.close();
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
    if (this.#stepping)
      throw new StateError('the connection is being made: lookup() and checkServerIdentity() cannot use it');
    let need: PollNeeded | undefined;
    this.#stepping = true;
    try {
      this.#begun ??= now();
      let step = this.#steps.next();
      while (!step.done && !(step.value instanceof PollNeeded)) step = this.#steps.throw(notPollNeeded(step.value));
      if (step.done) this.#transport = step.value;
      else need = this.#inTime(step.value);
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      this.#stepping = false;
    }
    // It may also have been ended from inside.
    if (this.#failure !== undefined) {
      need = undefined;
      this.end();
      this.#transport?.close();
    }
    // Those who wait for what is no longer to be waited for look again.
    const same = need?.fd === this.#need?.fd && need?.mask === this.#need?.mask;
    this.#need = need;
    if (!same) for (const runner of this.#runners) wakeSoon(runner);
    if (need === undefined) this.#standIn.call();
    else this.#standIn.hold(need, same);
    return need;
  }

  /** What was waited for may be there although the time is over, if nobody looked: hence after the step. */
  #inTime(need: PollNeeded): PollNeeded {
    const late = this.#timeout > 0 && now() >= (this.#begun ?? 0) + this.#timeout;
    if (late) throw this.#timedOut(this.#timeout);
    return need;
  }

  #timedOut(timeout: number): ConnectionTimedOut {
    if (this.#phase !== 'connect' || this.#failures.length === 0) return new ConnectionTimedOut(timeout, this.#phase);
    const cause = new AggregateError([...this.#failures], 'these addresses had failed by then');
    return new ConnectionTimedOut(timeout, this.#phase, { cause });
  }

  *#coProgress(need: PollNeeded): Coroutine<void> {
    const limited = this.#timeout > 0 ? need.before((this.#begun ?? 0) + this.#timeout) : need;
    const runner = currentRunner();
    let resumed = false;
    this.#waiting++;
    try {
      if (runner !== undefined) yield* this.#coWaitAs(runner, limited);
      else if (runsBlocked()) yield* waitFor(limited.forSeveral());
      else yield* this.#coWaitUntold(limited);
      resumed = true;
    } catch (error) {
      const unnamed = error instanceof ConnectionTimedOut && error.phase === undefined;
      throw unnamed ? this.#timedOut(error.timeout) : error;
    } finally {
      this.#waiting--;
      if (!resumed) this.#leave();
    }
  }

  *#coWaitAs(runner: Runner, need: PollNeeded): Coroutine<void> {
    this.#runners.add(runner);
    try {
      yield* waitFor(need.forSeveral());
    } finally {
      this.#runners.delete(runner);
    }
  }

  /** For a loop that knows of readiness only. */
  *#coWaitUntold(need: PollNeeded): Coroutine<void> {
    const joined = this.#joinStandIn(need);
    try {
      yield* waitFor(joined?.need ?? need.forSeveral());
    } finally {
      joined?.leave();
    }
  }

  /** Undefined if there are no descriptors left for it: then there is only what is waited for itself. */
  #joinStandIn(need: PollNeeded): Joined | undefined {
    try {
      return this.#standIn.join(need);
    } catch {
      return undefined;
    }
  }

  /** One who waited has been interrupted. */
  #leave(): void {
    // Another coroutine may have brought it to its end meanwhile; or must now go on with what only this one was told of.
    if (this.#waiting === 0 && this.#transport === undefined) this.end();
    const [next] = this.#runners;
    if (next !== undefined) wakeSoon(next);
    else this.#standIn.call();
  }
}
