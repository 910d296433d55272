/**
 * One world: its time, its future events, and its story. Time passes by events alone. It knows neither
 * descriptors nor bytes.
 *
 * Times are multiples of 1/1024 ms, so that sums and differences of them are exact.
 */

import { Random } from './random.ts';

const GRAIN = 1024;

/** The nearest time on the world's scale. */
function inGrains(time: number): number {
  return Math.round(time * GRAIN) / GRAIN;
}

/** A future event. */
export class Occurrence {
  readonly at: number;
  readonly order: number;
  /** Undefined once it has happened, or was cancelled. */
  action: (() => void) | undefined;

  constructor(at: number, order: number, action: () => void) {
    this.at = at;
    this.order = order;
    this.action = action;
  }

  cancel(): void {
    this.action = undefined;
  }
}

/** A wait for ever in a world without future events, or too much activity. */
export class SimulationStuck extends Error {
  override readonly name: string = 'SimulationStuck';
  readonly seed: number;
  readonly trace: readonly string[];

  constructor(what: string, world: World) {
    const story = world.trace.slice(-40).join('\n');
    super(`seed ${world.seed}, at ${world.now} ms: ${what}${story === '' ? '' : `\n${story}`}`);
    this.seed = world.seed;
    this.trace = world.trace;
  }
}

export interface WorldOptions {
  /** Keep the story. Default: no. */
  readonly traced?: boolean;
  /** More events than this are a busy loop. */
  readonly mostEvents?: number;
  /** More calls of the kernel than this without an event are a busy loop. */
  readonly mostCalls?: number;
  /** More waits than this: the need never becomes ready, and expired time limits have no effect. */
  readonly mostSuspensions?: number;
  /** When the world begins. */
  readonly start?: number;
}

/** This many calls of the kernel without an event: coroutines are resumed without progress. */
const MOST_CALLS = 100_000;
const MOST_EVENTS = 1_000_000;
const MOST_SUSPENSIONS = 100_000;

export class World {
  readonly seed: number;
  readonly random: Random;
  readonly traced: boolean;
  readonly trace: string[] = [];
  /** How often a call has blocked, or the event loop has waited. */
  suspensions = 0;
  events = 0;
  /** Events that must not happen in any world, such as a poll of a closed descriptor. */
  readonly violations: string[] = [];
  /** Set when the world cannot go on, whatever catches the error. */
  stuck: SimulationStuck | undefined;
  #now: number;
  #order = 0;
  #callsSinceEvent = 0;
  readonly #heap: Occurrence[] = [];
  readonly #mostEvents: number;
  readonly #mostCalls: number;
  readonly #mostSuspensions: number;

  constructor(seed: number, options: WorldOptions = {}) {
    const { traced = false, mostEvents = MOST_EVENTS, mostCalls = MOST_CALLS, start = 0 } = options;
    const { mostSuspensions = MOST_SUSPENSIONS } = options;
    this.seed = seed;
    this.random = new Random(seed);
    this.traced = traced;
    this.#mostEvents = mostEvents;
    this.#mostCalls = mostCalls;
    this.#mostSuspensions = mostSuspensions;
    this.#now = inGrains(start);
  }

  /** Milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** The time of the next event; infinite if there is none. */
  get next(): number {
    this.#dropCancelled();
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Events of one time happen in the order of their planning. */
  at(time: number, action: () => void): Occurrence {
    const occurrence = new Occurrence(Math.max(this.#now, inGrains(time)), this.#order++, action);
    this.#push(occurrence);
    return occurrence;
  }

  after(delay: number, action: () => void): Occurrence {
    return this.at(this.#now + delay, action);
  }

  /** Runs events until `condition` is met (true) or the deadline has come (false). @throws SimulationStuck */
  runUntil(condition: () => boolean, deadline: number): boolean {
    const most = this.#mostSuspensions;
    if (++this.suspensions > most) throw this.fail(`${most} waits: the world comes to no end`);
    while (!condition()) {
      const { next } = this;
      if (next > deadline) {
        this.#pass(deadline);
        return condition();
      }
      if (next === Number.POSITIVE_INFINITY) throw this.fail('waits for ever, and nothing is going to happen');
      this.step();
    }
    return true;
  }

  /** Runs the next event. There must be one. */
  step(): void {
    this.#dropCancelled();
    const occurrence = this.#pop();
    this.#now = Math.max(this.#now, occurrence.at);
    this.#callsSinceEvent = 0;
    if (++this.events > this.#mostEvents) throw this.fail(`${this.#mostEvents} events: the world comes to no end`);
    const { action } = occurrence;
    occurrence.action = undefined;
    action?.();
  }

  /** Runs all events that need no action of the client: the servers have then seen everything that it has sent. */
  settle(): void {
    while (this.next < Number.POSITIVE_INFINITY) this.step();
  }

  /** The client's thread is busy, or sleeps, for this long. */
  spend(milliseconds: number): void {
    const until = inGrains(this.#now + milliseconds);
    while (this.next <= until) this.step();
    this.#pass(until);
  }

  /** The client calls the kernel. @throws SimulationStuck if it does nothing else */
  called(): void {
    if (++this.#callsSinceEvent <= this.#mostCalls) return;
    this.#callsSinceEvent = 0;
    throw this.fail(`${this.#mostCalls} calls of the kernel, and no time has passed`);
  }

  fail(what: string): SimulationStuck {
    this.stuck ??= new SimulationStuck(what, this);
    return this.stuck;
  }

  violation(what: string): void {
    this.violations.push(`at ${this.#now} ms: ${what}`);
    if (this.traced) this.note('violation', what);
  }

  /** Callers look at `traced` first where the words cost something. */
  note(actor: string, what: string): void {
    if (this.traced) this.trace.push(`${this.#now.toFixed(3)} ${actor}: ${what}`);
  }

  #pass(until: number): void {
    if (until === this.#now) return;
    this.#now = Math.max(this.#now, until);
    this.#callsSinceEvent = 0;
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && this.#heap[0]?.action === undefined) this.#pop();
  }

  #push(occurrence: Occurrence): void {
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Occurrence;
      if (!isBefore(occurrence, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = occurrence;
  }

  #pop(): Occurrence {
    const heap = this.#heap;
    const first = heap[0] as Occurrence;
    const last = heap.pop() as Occurrence;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(occurrence: Occurrence): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Occurrence)) child++;
      const below = heap[child];
      if (below === undefined || !isBefore(below, occurrence)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = occurrence;
  }
}

function isBefore(one: Occurrence, other: Occurrence): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
