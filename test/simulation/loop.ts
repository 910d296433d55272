/**
 * Node's side of a world: delivers the reports of the addon's watchers and the alarm, in an order that the seed decides, with
 * promises and immediates settled in between as in Node; lets time pass only when nothing else can be done; and ends when
 * the program has, or when nothing keeps the process alive.
 *
 * A turn is one of libuv's: times that have come, then the descriptors that were ready at its beginning, each report a macrotask of
 * its own. If a report changes another one that was seen already, the result is as with libuv.
 */

import { immediates, kernel } from './kernel/install.ts';
import type { Leftovers, MachineOptions } from './kernel/machine.ts';
import { Network } from './network/network.ts';
import type { Random } from './random.ts';
import { type SimulationStuck, World, type WorldOptions } from './world.ts';

export type Outcome<T> =
  | { readonly status: 'fulfilled'; readonly value: T }
  | { readonly status: 'rejected'; readonly reason: unknown }
  /** Nothing keeps the process alive any more. */
  | { readonly status: 'abandoned' }
  | { readonly status: 'stuck'; readonly reason: SimulationStuck };

export interface Report<T> {
  readonly world: World;
  readonly network: Network;
  readonly outcome: Outcome<T>;
  readonly leftovers: Leftovers;
  /** The parts of the library that still kept the process alive after the end of the program, so that time had to pass. */
  readonly referenced: readonly string[];
}

/** The tools of a program. */
export interface Scene {
  readonly world: World;
  readonly network: Network;
  /** As setTimeout, in the time of the world. */
  later(milliseconds: number, action: () => void): void;
}

export interface SimulationOptions extends WorldOptions, MachineOptions {
  readonly seed: number;
  /** Other code of the program blocks the loop: how often, and for how many milliseconds at most. */
  readonly busy?: { readonly chance: number; readonly most: number };
  /**
   * Turns of Node's real event loop before time passes, default 1. The platform does some of its work in several (reading a Blob):
   * their number differs between versions.
   */
  readonly turns?: number;
  /** Starts servers. */
  readonly prepare?: (scene: Scene) => void;
}

/** Runs a program, blocking or not, in a world of its own. */
export async function simulate<T>(
  options: SimulationOptions,
  program: (scene: Scene) => Promise<T> | T,
): Promise<Report<T>> {
  const world = new World(options.seed, options);
  const network = new Network(world);
  kernel.begin(world, network, options);
  const loop = new Loop(world, options);
  const scene: Scene = { world, network, later: (milliseconds, action) => loop.later(milliseconds, action) };
  options.prepare?.(scene);
  const outcome = await loop.run(() => program(scene));
  const { referenced } = loop;
  const leftovers = kernel.end();
  return { world, network, outcome, leftovers, referenced };
}

class Loop {
  readonly #world: World;
  readonly #random: Random;
  readonly #busy: { readonly chance: number; readonly most: number };
  readonly #turns: number;
  /** Timers of the program: number of future ones, and the due ones. */
  #timers = 0;
  #due: (() => void)[] = [];
  /** The parts of the library that keep the process alive although the program has ended. */
  referenced: readonly string[] = [];

  constructor(world: World, { busy = { chance: 0, most: 0 }, turns = 1 }: SimulationOptions) {
    this.#world = world;
    this.#random = world.random.fork('loop');
    this.#busy = busy;
    this.#turns = turns;
  }

  later(milliseconds: number, action: () => void): void {
    this.#timers++;
    this.#world.after(milliseconds, () => this.#due.push(action));
  }

  async run<T>(program: () => Promise<T> | T): Promise<Outcome<T>> {
    let outcome: Outcome<T> | undefined;
    Promise.resolve()
      .then(program)
      .then(
        (value) => {
          outcome = { status: 'fulfilled', value };
        },
        (reason: unknown) => {
          outcome = { status: 'rejected', reason };
        },
      );
    await this.#settled();
    try {
      while (this.#alive) {
        await this.#turn();
        if (outcome !== undefined && this.#resting) this.referenced = [...new Set([...this.referenced, ...this.#held])];
        if (this.#alive) this.#passTime();
      }
    } catch (error) {
      if (error !== this.#world.stuck) throw error;
    }
    const { stuck } = this.#world;
    if (stuck !== undefined) return { status: 'stuck', reason: stuck };
    return outcome ?? { status: 'abandoned' };
  }

  get #held(): string[] {
    const { watchers } = kernel;
    return [...(watchers.alarmHolds ? ['the alarm'] : []), ...(watchers.descriptorsHold ? ['a descriptor'] : [])];
  }

  /** Whether nothing can be done before time passes. */
  get #resting(): boolean {
    return immediates.pending === 0 && this.#due.length === 0 && !kernel.watchers.anySeen;
  }

  get #alive(): boolean {
    return kernel.watchers.holds || this.#timers > 0 || immediates.pending > 0;
  }

  async #turn(): Promise<void> {
    kernel.signals.handOn();
    const reports = this.#reports();
    for (const report of reports) setImmediate(() => this.#guarded(report));
    await this.#settled();
  }

  /** Runs everything that is ready, and what that makes ready, in as many turns as Node needs. */
  async #settled(): Promise<void> {
    for (let turn = 0; turn < this.#turns; turn++) await macrotask();
  }

  #reports(): (() => void)[] {
    const { watchers } = kernel;
    const times: (() => void)[] = this.#due.map((action) => () => {
      this.#timers--;
      action();
    });
    this.#due = [];
    if (watchers.alarmAt !== undefined && watchers.alarmAt <= this.#world.now) times.push(() => watchers.ring());
    const seen = this.#random.shuffle(watchers.seen());
    return [...this.#random.shuffle(times), ...seen.map((one) => () => void watchers.deliver(one))];
  }

  /** An error of a report is an uncaught exception. */
  #guarded(report: () => void): void {
    try {
      report();
    } catch (error) {
      this.#world.violation(`uncaught: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }

  /** Lets time pass until there is something to report. */
  #passTime(): void {
    if (immediates.pending > 0) return;
    const { watchers } = kernel;
    if (this.#random.chance(this.#busy.chance)) this.#world.spend(this.#random.fraction() * this.#busy.most);
    this.#world.runUntil(() => this.#due.length > 0 || watchers.anySeen, watchers.alarmAt ?? Number.POSITIVE_INFINITY);
  }
}

/** After it, everything that was ready has run, promises included. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
