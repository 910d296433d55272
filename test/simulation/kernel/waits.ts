/**
 * Waiting with the thread blocked (native/poll.cc: waitForDescriptors): the world goes on until something is ready, a signal has
 * come, or the time is over. Also the signals that have come (native/signals.cc).
 */

import type { Random } from '../random.ts';
import type { World } from '../world.ts';
import { EINTR } from './errno.ts';

const NONE: readonly number[] = [];

export class Signals {
  /** Number of arrivals of each signal whose listener has not run. */
  readonly #pending = new Map<number, number>();
  /** Its value when a wait last ended for the signal. */
  readonly #told = new Map<number, number>();
  #reported: number[] = [];

  get reported(): number[] {
    return [...this.#reported];
  }

  raise(signal: number): void {
    this.#pending.set(signal, (this.#pending.get(signal) ?? 0) + 1);
  }

  /** The loop turns: listeners run. Returns their signals. */
  handOn(): readonly number[] {
    if (this.#pending.size === 0) return NONE;
    const signals = [...this.#pending.keys()];
    this.#pending.clear();
    this.#told.clear();
    return signals;
  }

  /** Whether there are signals that have ended no wait. */
  caught(except: number): boolean {
    this.#reported = [];
    for (const [signal, count] of this.#pending) {
      if (signal === except || this.#told.get(signal) === count) continue;
      this.#told.set(signal, count);
      this.#reported.push(signal);
    }
    return this.#reported.length > 0;
  }

  clear(): void {
    this.handOn();
    this.#reported = [];
  }
}

/** How late a woken thread runs. */
export interface Lateness {
  readonly chance: number;
  /** Milliseconds at most. */
  readonly most: number;
}

/** Signals that come while the thread is blocked. */
export interface Interruptions {
  readonly chance: number;
  /** Most milliseconds after the beginning of the wait. */
  readonly most: number;
  readonly signals: readonly number[];
}

export class Waits {
  readonly #world: World;
  readonly #signals: Signals;
  readonly #random: Random;
  readonly #lateness: Lateness;
  readonly #interruptions: Interruptions;
  readonly #moments: Random;

  constructor(
    world: World,
    signals: Signals,
    { lateness, interruptions }: { lateness: Lateness; interruptions: Interruptions },
  ) {
    this.#world = world;
    this.#signals = signals;
    this.#random = world.random.fork('waits');
    this.#lateness = lateness;
    this.#interruptions = interruptions;
    this.#moments = world.random.fork('interruptions');
  }

  /**
   * Returns the result of `ready` once it is not 0; 0 when the time is over; EINTR for a heeded signal (`signals` is the one that
   * is not heeded, undefined: none is), also if something is ready. @throws SimulationStuck for a wait that will never end
   */
  wait(ready: () => number, timeoutMs: number, signals: number | undefined): number {
    let result = this.#look(ready, signals);
    if (result !== 0 || timeoutMs === 0) return result;
    if (this.#moments.chance(this.#interruptions.chance)) this.#interrupt();
    // poll(2) takes whole milliseconds, and pollOnce() rounds up.
    const deadline = timeoutMs < 0 ? Number.POSITIVE_INFINITY : this.#world.now + Math.ceil(timeoutMs);
    this.#world.runUntil(() => {
      result = this.#look(ready, signals);
      return result !== 0;
    }, deadline);
    if (this.#random.chance(this.#lateness.chance)) this.#world.spend(this.#random.fraction() * this.#lateness.most);
    return result;
  }
  #interrupt(): void {
    const { most, signals } = this.#interruptions;
    const signal = this.#moments.pick(signals);
    this.#world.after(this.#moments.fraction() * most, () => {
      if (this.#world.traced) this.#world.note('system', `signal ${signal}`);
      this.#signals.raise(signal);
    });
  }

  #look(ready: () => number, signals: number | undefined): number {
    return signals !== undefined && this.#signals.caught(signals) ? EINTR : ready();
  }
}
