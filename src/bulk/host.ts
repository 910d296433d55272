/**
 * The attempts that wait for one server, reached by one route: in the order of the jobs, except those that are tried again. It knows when
 * the server wants to be left alone, and whether it can be reached at all. It does no I/O.
 */

import { Pipelining } from '../client/pipelining.ts';
import { now } from '../clock.ts';
import type { Endpoint } from '../fetch/endpoint.ts';
import { Queue } from '../queue.ts';
import { WaitList } from '../schedule/wait-list.ts';
import type { Attempt } from './attempt.ts';

/** Requests served after which an overloaded server gets one more at a time. */
const GOOD_RUN = 16;

/** An attempt that is not to be made before a time of the clock. */
interface Later {
  readonly at: number;
  readonly attempt: Attempt;
}

/** Attempts for which another connection is made. */
const LEAST_SHARE = 4;

export class Host {
  readonly endpoint: Endpoint;
  readonly origin: string;
  readonly pipelining: Pipelining;
  /** Connections that have nothing to do. */
  readonly idle: WaitList = new WaitList();
  /** Connections. */
  lines = 0;
  /** Of these, the ones that a long body holds: they do nothing for those that wait. */
  held = 0;
  /** Connections in a row that could not be made. */
  failures = 0;
  /** Why no connection can be made. */
  dead: { readonly reason: unknown } | undefined;
  /** Nothing is sent before this time. */
  pausedUntil = 0;
  #first: Attempt[] = [];
  readonly #queue = new Queue<Attempt>();
  /** The earliest is first. */
  readonly #later: Later[] = [];
  #inFlight = 0;
  /** Most requests in flight; not a whole number. */
  #window = Number.POSITIVE_INFINITY;
  /** Requests that were served since the server was overloaded. */
  #served = 0;

  constructor(endpoint: Endpoint, origin: string, depth: number) {
    this.endpoint = endpoint;
    this.origin = origin;
    this.pipelining = new Pipelining(depth);
  }

  get waiting(): number {
    return this.#first.length + this.#queue.length + this.#later.length;
  }

  /** Attempts that wait, and those that are in flight. */
  get load(): number {
    return this.waiting + this.#inFlight;
  }

  /** How many connections are worth while: making one costs a round trip, and a pipelined request none. */
  get worthWhile(): number {
    return this.held + Math.ceil((this.load - this.held) / LEAST_SHARE);
  }

  /** Attempts that one connection should have at most: near the end, all connections have something to do. */
  get share(): number {
    return Math.max(1, Math.ceil(this.load / Math.max(1, this.lines)));
  }

  add(attempt: Attempt): void {
    this.#queue.push(attempt);
    this.idle.notify();
  }

  /** Puts attempts before all others, in their order. */
  addFirst(attempts: readonly Attempt[]): void {
    this.#first = [...attempts, ...this.#first];
    this.idle.notify();
  }

  addLater(attempt: Attempt, at: number): void {
    const index = this.#later.findIndex((each) => each.at > at);
    this.#later.splice(index < 0 ? this.#later.length : index, 0, { at, attempt });
    this.idle.notify();
  }

  /** The next attempt; undefined if there is none now. */
  take(): Attempt | undefined {
    if (this.#isFull || this.pausedUntil > now()) return undefined;
    const due = this.#later.at(0);
    const attempt =
      due !== undefined && due.at <= now()
        ? this.#later.shift()?.attempt
        : (this.#first.shift() ?? this.#queue.shift());
    if (attempt !== undefined) this.#inFlight++;
    return attempt;
  }

  /** Attempts that were taken have ended, or are given back. */
  ended(count: number): void {
    this.#inFlight -= count;
    if (this.#window < Number.POSITIVE_INFINITY) this.idle.notify();
  }

  get #isFull(): boolean {
    return this.#inFlight >= Math.floor(this.#window);
  }

  /** Whether an attempt may be taken now. */
  get isReady(): boolean {
    const time = now();
    if (this.#isFull || this.pausedUntil > time) return false;
    return this.#first.length + this.#queue.length > 0 || (this.#later.at(0)?.at ?? Number.POSITIVE_INFINITY) <= time;
  }

  /** When an attempt may be taken, if some wait; undefined if none does, or others must end before. */
  get readyAt(): number | undefined {
    if (this.waiting === 0 || this.#isFull) return undefined;
    const due = this.#first.length + this.#queue.length > 0 ? 0 : (this.#later.at(0)?.at ?? 0);
    return Math.max(due, this.pausedUntil);
  }

  /** Nothing is sent for `ms` milliseconds. */
  pause(ms: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, now() + ms);
  }

  /**
   * The server has refused a request, since it has too much to do: nothing is sent for `ms` milliseconds. The responses to all requests in
   * flight are one event. From now on it gets as many at a time as it has served since the last one: of a burst that is too large it would
   * refuse a part again and again. If it has served none, fewer at a time would not help.
   */
  overloaded(ms: number): void {
    if (this.pausedUntil > now()) return;
    if (this.#served > 0) this.#window = Math.min(this.#window, this.#served);
    this.#served = 0;
    this.pause(ms);
  }

  /** The server has served a request. */
  served(): void {
    this.#served++;
    this.#window += 1 / GOOD_RUN;
  }

  /** Takes all that wait. */
  drain(): readonly Attempt[] {
    const rest = this.#later.splice(0).map(({ attempt }) => attempt);
    const all = [...this.#first, ...this.#queue, ...rest];
    this.#first = [];
    while (this.#queue.length > 0) this.#queue.shift();
    return all;
  }
}
