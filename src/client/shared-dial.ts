/**
 * The establishment of one connection, shared by all coroutines that need it. Each of them takes the next step, whichever is resumed
 * first, so that it goes on when one of them is interrupted. It ends when the last one is.
 *
 * In a loop written by hand, one coroutine, the driver, waits for the connecting socket itself, as a sender would (POLLOUT). The others
 * wait for a stand-in, until the driver is done.
 */

import { now } from '../clock.ts';
import { type Coroutine, POLLOUT, type PollNeeded, waitFor } from '../coroutine.ts';
import { ConnectionTimedOut, type Phase, StateError } from '../errors.ts';
import type { Transport } from '../io/transport.ts';
import { currentRunner, runsBlocked } from '../schedule/running.ts';
import { Stepper } from '../schedule/stepper.ts';
import { UNTIL_NOTIFIED, WaitList } from '../schedule/wait-list.ts';
import type { WireTrace } from './wire-trace.ts';

/** Makes a connection, and reports what it is doing, and why addresses did not connect. */
export type Dial = (steps: DialSteps) => Coroutine<Transport>;

export interface DialSteps {
  readonly onPhase: (phase: Phase) => void;
  readonly onFailure: (failure: Error) => void;
  readonly trace?: WireTrace | undefined;
}

/** A step of making a connection, and when it began, on the scale of `now()`. */
export interface DialStep {
  readonly phase: Phase;
  readonly begin: number;
}

export class SharedDial {
  /** The steps so far, in order. */
  readonly steps: DialStep[] = [];
  readonly #steps: Stepper<Transport>;
  /** Milliseconds for all of it; 0: no limit. */
  readonly #timeout: number;
  /** Why addresses did not connect so far. */
  readonly #failures: Error[] = [];
  #begun: number | undefined;
  #transport: Transport | undefined;
  /** Why there is no connection and will be none. */
  #failure: { readonly error: unknown } | undefined;
  /** Number of coroutines that are suspended here. */
  #suspended = 0;
  readonly #waits = new WaitList();
  /** The driver, while it waits. */
  readonly #driver = new WaitList();
  /** What the latest step waits for. */
  #need: PollNeeded | undefined;
  /** A step is being taken. The caller's `lookup` may call from inside of it. */
  #stepping = false;

  constructor(dial: Dial, timeout: number) {
    this.#timeout = timeout;
    const steps = dial({
      onFailure: (failure) => void this.#failures.push(failure),
      onPhase: (phase) => {
        // The caller's `lookup` has ended it, in the middle of this step.
        if (this.#failure !== undefined) throw this.#failure.error;
        this.steps.push({ phase, begin: now() });
      },
    });
    this.#steps = new Stepper('a connection', steps);
  }

  get begun(): boolean {
    return this.#begun !== undefined;
  }

  /** What is being done at present. */
  get phase(): Phase {
    return this.steps.at(-1)?.phase ?? 'connect';
  }

  /** Why it failed, if it did. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Ends it, and frees what it has, except a finished transport. Suspended coroutines see that when they are resumed. */
  end(): void {
    this.#failure ??= { error: undefined };
    if (!this.#stepping) this.#steps.end();
    // After a failure, stand-ins stay until suspended coroutines have thrown it.
    if (this.#failure.error === undefined) this.#waits.close();
  }

  /** The transport, as soon as there is one; undefined if the dialling was ended. @throws why there is none, each time */
  *coTransport(): Coroutine<Transport | undefined> {
    while (this.#transport === undefined) {
      if (this.#failure?.error !== undefined) throw this.#failure.error;
      if (this.#failure !== undefined) return undefined;
      this.#driver.look();
      if (this.#driver.untold && isByHand() && !this.#late) {
        // Another coroutine might close the socket that the driver waits for.
        yield* this.#coSuspended(this.#waits.coWait(this.#limited(this.#driver.reliedOnBy(UNTIL_NOTIFIED))));
      } else {
        const need = this.#step();
        if (need !== undefined) yield* this.#coSuspended(this.#coWait(this.#limited(need)));
      }
    }
    return this.#transport;
  }

  /** Takes a step. Returns what it waits for; undefined if it has come to an end. */
  #step(): PollNeeded | undefined {
    if (this.#stepping)
      throw new StateError('the connection is being made: lookup() and checkServerIdentity() cannot use it');
    this.#begun ??= now();
    this.#stepping = true;
    const outcome = this.#steps.run();
    this.#stepping = false;
    if (outcome?.status === 'fulfilled') this.#transport = outcome.value;
    else if (outcome !== undefined) this.#failure ??= { error: outcome.reason };
    // After the step: a connection that was made in time counts, even if no coroutine looked in time.
    else if (this.#late) this.#failure ??= { error: this.#timedOut(this.#timeout) };
    // The step itself may have called end().
    if (this.#failure !== undefined) {
      this.end();
      this.#transport?.close();
    }
    const before = this.#need;
    this.#need = outcome === undefined && this.#failure === undefined ? this.#steps.need : undefined;
    // Coroutines that wait for something else look again; a stand-in goes on to stand for the same descriptor.
    if (this.#need !== undefined && this.#need.fd === before?.fd && this.#need.mask === before.mask)
      this.#waits.hold(this.#driver.untold ? UNTIL_NOTIFIED : this.#need);
    else this.#waits.notify();
    return this.#need;
  }

  get #late(): boolean {
    return this.#timeout > 0 && now() >= (this.#begun ?? 0) + this.#timeout;
  }

  #timedOut(timeout: number): ConnectionTimedOut {
    if (this.phase !== 'connect' || this.#failures.length === 0) return new ConnectionTimedOut(timeout, this.phase);
    const cause = new AggregateError([...this.#failures], 'these addresses had failed by then');
    return new ConnectionTimedOut(timeout, this.phase, { cause });
  }

  #limited(need: PollNeeded): PollNeeded {
    return this.#timeout > 0 ? need.before((this.#begun ?? 0) + this.#timeout) : need;
  }

  *#coSuspended(wait: Coroutine<void>): Coroutine<void> {
    let resumed = false;
    this.#suspended++;
    try {
      yield* wait;
      resumed = true;
    } catch (error) {
      const unnamed = error instanceof ConnectionTimedOut && error.phase === undefined;
      throw unnamed ? this.#timedOut(error.timeout) : error;
    } finally {
      this.#suspended--;
      if (!resumed) this.#leave();
    }
  }

  *#coWait(need: PollNeeded): Coroutine<void> {
    if (need.mask !== POLLOUT || !isByHand()) return yield* this.#waits.coWait(need);
    // A driver: stand-ins of other coroutines are not ready meanwhile.
    this.#waits.hold(UNTIL_NOTIFIED);
    const entry = this.#driver.enter(need);
    try {
      yield* waitFor(need);
    } finally {
      this.#driver.leave(entry);
    }
  }

  /** A suspended coroutine has been interrupted. */
  #leave(): void {
    // Another coroutine may have brought it to its end meanwhile; or must now go on with what only this one waited for.
    if (this.#suspended === 0 && this.#transport === undefined) this.end();
    this.#waits.notify();
  }
}

/** Whether a loop written by hand runs the coroutine: it understands descriptors only. */
function isByHand(): boolean {
  return currentRunner() === undefined && !runsBlocked();
}
