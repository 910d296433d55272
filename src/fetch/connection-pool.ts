/**
 * Connections that are kept for the next request. A connection carries one exchange at a time: one that is in use is not
 * shared. Idle ones do not keep the process alive; they are looked at once a second, so that one that its server has closed, or
 * whose time is over, gives its descriptor back (RFC 9112 9.5).
 */

import { wholeNumber } from '../client/connection-options.ts';
import type { HTTPConnection } from '../client/http-connection.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import { now } from '../clock.ts';
import type { Coroutine } from '../coroutine.ts';
import { withoutLibuv } from '../io/native.ts';
import { Alarm } from '../schedule/alarms.ts';
import { coAwait } from '../schedule/co-await.ts';
import type { Endpoint } from './endpoint.ts';
import type { RequestTrace } from './trace.ts';

export interface PoolLimits {
  /** Connections that are kept idle, over all servers. */
  readonly maxIdleConnections: number;
  /** Milliseconds after which an idle connection is closed; sooner, if its server says so in Keep-Alive. */
  readonly idleTimeout: number;
  /**
   * Connections in use at a time to one server; requests beyond that wait (only an AioFuture can). 0: no limit. One whose body has
   * not been asked for in the last second does not count.
   */
  readonly maxConnectionsPerOrigin: number;
}

interface IdleConnection {
  readonly key: string;
  readonly connection: HTTPConnection;
  readonly until: number;
}

/** Servers of which it is remembered that they close what they were to keep. */
const MOST_FICKLE = 256;
/** Milliseconds between looks at what is idle, and at what is in use while others wait. */
const LOOK = 1000;
/** So much sooner than its server a connection is closed: a request may be under way for as long. */
const MARGIN = 1000;

export class ConnectionPool {
  readonly #limits: PoolLimits;
  /** The longest idle one first. */
  #idle: IdleConnection[] = [];
  /** Those in use, if there is a limit to their number. */
  readonly #busy = new Map<string, Set<Lease>>();
  readonly #waiting = new Map<string, Set<() => void>>();
  /** The keys of servers that have closed a connection without a word, while the next request was on its way. */
  readonly #fickle = new Set<string>();
  #sweeping: Alarm | undefined;
  #looking: Alarm | undefined;

  /** @throws TypeError on a limit that is no whole number >= 0 */
  constructor(limits: PoolLimits) {
    for (const [name, limit] of Object.entries(limits)) wholeNumber(name, limit, 0);
    this.#limits = limits;
  }

  /** How many connections are kept. */
  get idle(): number {
    return this.#idle.length;
  }

  /**
   * A connection for one exchange: the one that has been idle for the shortest time, or a new one. "reliable": a new one if the server
   * is known to close those that are kept, for requests that cannot be sent again.
   */
  *coLease(endpoint: Endpoint, choice: 'any' | 'reliable' | 'new'): Coroutine<Lease> {
    const { key } = endpoint;
    while (!this.#hasRoom(key)) yield* this.#coTurn(key);
    const any = choice === 'any' || (choice === 'reliable' && !this.#fickle.has(key));
    const kept = any ? this.#take(key) : undefined;
    const lease = new Lease(kept ?? endpoint.connect(), {
      reused: kept !== undefined,
      onEnd: (idleFor) => this.#returned(key, lease, idleFor),
    });
    if (this.#limits.maxConnectionsPerOrigin > 0) this.#note(key, lease);
    return lease;
  }

  /** A connection to it that was kept has turned out to be closed. */
  noteFickle({ key }: Endpoint): void {
    if (this.#fickle.size === MOST_FICKLE) this.#fickle.clear();
    this.#fickle.add(key);
  }

  /** Closes the connections that are not in use. */
  closeIdle(): void {
    for (const { connection } of this.#idle.splice(0)) connection.disconnect();
  }

  #note(key: string, lease: Lease): void {
    const busy = this.#busy.get(key);
    if (busy === undefined) this.#busy.set(key, new Set([lease]));
    else busy.add(lease);
  }

  #take(key: string): HTTPConnection | undefined {
    const time = now();
    for (;;) {
      const taken = this.#idle.at(-1)?.key === key ? this.#idle.pop() : this.#takeAmong(key);
      if (taken === undefined || taken.until > time) return taken?.connection;
      taken.connection.disconnect();
    }
  }

  /** For programs that talk to several servers. */
  #takeAmong(key: string): IdleConnection | undefined {
    const index = this.#idle.findLastIndex((each) => each.key === key);
    return index < 0 ? undefined : this.#idle.splice(index, 1).at(0);
  }

  /** `idleFor`: milliseconds that the server keeps it, 0 if it cannot be used again. */
  #returned(key: string, lease: Lease, idleFor: number): void {
    const busy = this.#busy.get(key);
    busy?.delete(lease);
    if (busy?.size === 0) this.#busy.delete(key);
    const { connection } = lease;
    const time = Math.min(idleFor, this.#limits.idleTimeout);
    if (time > 0 && this.#limits.maxIdleConnections > 0 && connection.reusable()) {
      this.#idle.push({ key, connection, until: now() + time });
      if (this.#idle.length > this.#limits.maxIdleConnections) this.#idle.shift()?.connection.disconnect();
      // Where no event loop turns, only the next request looks.
      if (withoutLibuv === undefined) this.#sweeping ??= new Alarm(now() + LOOK, () => this.#sweep());
    } else {
      connection.disconnect();
    }
    this.#wake(key, 1);
  }

  #sweep(): void {
    const time = now();
    const [kept, over]: [IdleConnection[], IdleConnection[]] = [[], []];
    for (const each of this.#idle) (each.until > time && each.connection.reusable() ? kept : over).push(each);
    this.#idle = kept;
    for (const { connection } of over) connection.disconnect();
    this.#sweeping = kept.length === 0 ? undefined : new Alarm(time + LOOK, () => this.#sweep());
  }

  #hasRoom(key: string): boolean {
    const most = this.#limits.maxConnectionsPerOrigin;
    const busy = this.#busy.get(key);
    if (most === 0 || busy === undefined || busy.size < most) return true;
    let count = 0;
    for (const { neglected } of busy) if (!neglected) count++;
    return count < most;
  }

  /** Waits until a connection may have become free. The process is kept alive meanwhile. */
  *#coTurn(key: string): Coroutine<void> {
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting);
    let turn = (): void => {};
    const promise = new Promise<void>((resolve) => {
      turn = resolve;
    });
    waiting.add(turn);
    this.#lookSoon();
    let resumed = false;
    try {
      yield* coAwait(promise);
      resumed = true;
    } finally {
      // Interrupted: if it was this one's turn already, it is the next one's.
      if (!waiting.delete(turn) && !resumed) this.#wake(key, 1);
      if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
      if (this.#waiting.size === 0) this.#endLooking();
    }
  }

  #lookSoon(): void {
    this.#looking ??= new Alarm(now() + LOOK, () => this.#look());
    this.#looking.ref();
  }

  #endLooking(): void {
    this.#looking?.cancel();
    this.#looking = undefined;
  }

  /** Connections whose bodies are not asked for do not keep others from theirs. */
  #look(): void {
    this.#looking = undefined;
    for (const key of [...this.#waiting.keys()]) {
      let neglected = 0;
      for (const lease of this.#busy.get(key) ?? []) if (lease.look()) neglected++;
      if (neglected > 0) this.#wake(key, neglected);
    }
    if (this.#waiting.size > 0) this.#lookSoon();
  }

  #wake(key: string, count: number): void {
    const waiting = this.#waiting.get(key);
    for (const turn of [...(waiting ?? [])].slice(0, count)) {
      waiting?.delete(turn);
      turn();
    }
  }
}

/** A connection in use. It is ended once: what comes later is too late, and changes nothing. */
export class Lease {
  readonly connection: HTTPConnection;
  /** Whether an earlier exchange took place on it: it may be dead, which nothing has shown yet. */
  readonly reused: boolean;
  /** Whether something is waited for on it: the answer, or more of the body. */
  awaited = true;
  /** Hears how the exchange ends; undefined: nothing listens. */
  trace: RequestTrace | undefined;
  /** How often the body has been asked for. */
  asked = 0;
  #askedBefore = -1;
  #onEnd: ((idleFor: number) => void) | undefined;

  /** Use `ConnectionPool.coLease`. `onEnd` gets the milliseconds that it may be kept for, 0 if it is not to be used again. */
  constructor(connection: HTTPConnection, use: { reused: boolean; onEnd: (idleFor: number) => void }) {
    this.connection = connection;
    this.reused = use.reused;
    this.#onEnd = use.onEnd;
  }

  /** Whether the body had not been asked for between the last two looks. */
  get neglected(): boolean {
    return !this.awaited && this.asked === this.#askedBefore;
  }

  /** Looks, and tells whether it is neglected. */
  look(): boolean {
    const neglected = this.neglected;
    this.#askedBefore = this.asked;
    return neglected;
  }

  /** The exchange is over, after this response: the connection is kept for the next one, if it can have one. */
  giveBack(response: HTTPResponse): void {
    this.trace?.completed(response);
    this.#end(keptFor(response.headers.get('Keep-Alive')));
  }

  /** The exchange was given up: the connection is closed. */
  drop(): void {
    this.trace?.givenUp();
    this.#end(0);
  }

  #end(idleFor: number): void {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.(idleFor);
  }
}

/** The milliseconds for which the server keeps an idle connection, as its field Keep-Alive says (RFC 2068 19.7.1.1), less a margin. */
function keptFor(field: string | undefined): number {
  const seconds = field === undefined ? null : /(?:^|[\s,;])timeout\s*=\s*"?(\d{1,9})/i.exec(field);
  if (seconds === null) return Number.POSITIVE_INFINITY;
  const time = Number(seconds[1]) * 1000;
  return Math.max(time - MARGIN, time / 2);
}
