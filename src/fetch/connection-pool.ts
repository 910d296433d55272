/**
 * Keeps connections for later requests. A connection carries one exchange at a time. Idle connections do not keep the
 * process alive. The pool checks them once a second and closes those that their server has closed or whose time is over
 * (RFC 9112 9.5). It relies on HTTPConnection and knows nothing of redirects or retries.
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

/**
 * How many connections a fetch function keeps and uses, and for how long it keeps idle ones: options of
 * {@link createFetch}.
 *
 * @example
 * ```js
 * import { createFetch } from 'dugong';
 *
 * const fetch = createFetch({ maxConnectionsPerOrigin: 4, maxIdleConnections: 2, idleTimeout: 1000 });
 * const paths = ['/a', '/b', '/a', '/b', '/a', '/b'];
 * const responses = await Promise.all(paths.map((path) => fetch(`http://localhost:8080${path}`)));
 * console.log((await Promise.all(responses.map((response) => response.text()))).length); // 6
 * fetch.closeIdleConnections();
 * ```
 */
export interface PoolLimits {
  /** Most idle connections that are kept, over all servers; 0: none is kept. Default of `createFetch`: 64. */
  readonly maxIdleConnections: number;
  /**
   * Milliseconds after which an idle connection is closed, or earlier if the server announces less in Keep-Alive. Default
   * of `createFetch`: 4,000, less than the 5 s of servers of node:http.
   */
  readonly idleTimeout: number;
  /**
   * Most connections in use to one server. More requests wait, which is possible only in an AioFuture. 0 (the default of
   * `createFetch`): no limit. A connection whose body has not been asked for in the last second does not count.
   */
  readonly maxConnectionsPerOrigin: number;
}

interface IdleConnection {
  readonly key: string;
  readonly connection: HTTPConnection;
  readonly until: number;
}

/** Most servers in the list of those that close idle connections early. */
const MOST_FICKLE = 256;
/** Milliseconds between checks of idle connections, and of connections in use while requests wait. */
const LOOK = 1000;
/**
 * Milliseconds by which the pool closes a connection before its server does: a request may be on its way for as long.
 */
const MARGIN = 1000;

/** The connections of one fetch function, or of all blocking fetches of a thread. */
export class ConnectionPool {
  readonly #limits: PoolLimits;
  /** The connection that has been idle for the longest time is first. */
  #idle: IdleConnection[] = [];
  /** The connections in use, by key, if their number is limited. */
  readonly #busy = new Map<string, Set<Lease>>();
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Keys of servers that closed an idle connection while the next request was on its way. */
  readonly #fickle = new Set<string>();
  #sweeping: Alarm | undefined;
  #looking: Alarm | undefined;

  /** @throws TypeError on a limit that is no whole number >= 0 */
  constructor(limits: PoolLimits) {
    for (const [name, limit] of Object.entries(limits)) wholeNumber(name, limit, 0);
    this.#limits = limits;
  }

  /** Number of idle connections. */
  get idle(): number {
    return this.#idle.length;
  }

  /**
   * Returns a connection for one exchange: for "any", the one that became idle last, or a new one; for "new", a new
   * one. "reliable", for requests that cannot be sent again, means a new one if the server is known to close idle
   * connections early.
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

  /** Records that the server closed a connection that was idle. */
  noteFickle({ key }: Endpoint): void {
    if (this.#fickle.size === MOST_FICKLE) this.#fickle.clear();
    this.#fickle.add(key);
  }

  /** Closes the idle connections. */
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

  /** Takes the latest idle connection of `key` from anywhere in the list: programs may use several servers. */
  #takeAmong(key: string): IdleConnection | undefined {
    const index = this.#idle.findLastIndex((each) => each.key === key);
    return index < 0 ? undefined : this.#idle.splice(index, 1).at(0);
  }

  /** Takes a connection back. `idleFor`: milliseconds for which it may stay idle; 0 if it cannot be used again. */
  #returned(key: string, lease: Lease, idleFor: number): void {
    const busy = this.#busy.get(key);
    busy?.delete(lease);
    if (busy?.size === 0) this.#busy.delete(key);
    const { connection } = lease;
    const time = Math.min(idleFor, this.#limits.idleTimeout);
    if (time > 0 && this.#limits.maxIdleConnections > 0 && connection.reusable()) {
      this.#idle.push({ key, connection, until: now() + time });
      if (this.#idle.length > this.#limits.maxIdleConnections) this.#idle.shift()?.connection.disconnect();
      // Without libuv there is no timer: only the next request checks the connection.
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

  /** Waits until a connection may be free. The wait keeps the process alive. */
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
      // The wait was interrupted. If its turn had come already, the next request gets it.
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

  /** Lets waiting requests pass for connections whose bodies have not been asked for. */
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

/** A connection in use. It ends once; later calls have no effect. */
export class Lease {
  readonly connection: HTTPConnection;
  /**
   * Whether the connection carried an earlier exchange: the server may have closed it, which only the next read or
   * write shows.
   */
  readonly reused: boolean;
  /** Whether the exchange waits for the server: for the response, or for more of its body. */
  awaited = true;
  /** Reports the end of the exchange; undefined if there is no subscriber. */
  trace: RequestTrace | undefined;
  /** Number of times that the consumer has asked for a part of the body. */
  asked = 0;
  #askedBefore = -1;
  #onEnd: ((idleFor: number) => void) | undefined;

  /**
   * Made by `ConnectionPool.coLease`. `onEnd` gets the milliseconds for which the connection may stay idle; 0 if it
   * must be closed.
   */
  constructor(connection: HTTPConnection, use: { reused: boolean; onEnd: (idleFor: number) => void }) {
    this.connection = connection;
    this.reused = use.reused;
    this.#onEnd = use.onEnd;
  }

  /** Whether the body was not asked for between the last two checks. */
  get neglected(): boolean {
    return !this.awaited && this.asked === this.#askedBefore;
  }

  /** Checks the lease; returns whether it is neglected. */
  look(): boolean {
    const neglected = this.neglected;
    this.#askedBefore = this.asked;
    return neglected;
  }

  /** Ends the exchange after this response and `bytes` of its body. The connection stays for the next one if it is reusable. */
  giveBack(response: HTTPResponse, bytes: number): void {
    this.trace?.completed(response, bytes);
    this.#end(keptFor(response.headers.get('Keep-Alive')));
  }

  /** Gives the exchange up: closes the connection. */
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

/**
 * Milliseconds for which the server keeps an idle connection according to its Keep-Alive field (RFC 2068 19.7.1.1),
 * less a margin.
 */
function keptFor(field: string | undefined): number {
  const seconds = field === undefined ? null : /(?:^|[\s,;])timeout\s*=\s*"?(\d{1,9})/i.exec(field);
  if (seconds === null) return Number.POSITIVE_INFINITY;
  const time = Number(seconds[1]) * 1000;
  return Math.max(time - MARGIN, time / 2);
}
