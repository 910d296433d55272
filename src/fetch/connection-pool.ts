/**
 * Connections that are kept for the next request. A connection carries one exchange at a time: one that is in use is not
 * shared. Idle ones are nobody's: no descriptor is watched, so that they do not keep the process alive, and the server's
 * closing is noticed when one is to be used again.
 */

import { wholeNumber } from '../client/connection-options.ts';
import type { HTTPConnection } from '../client/http-connection.ts';
import { now } from '../clock.ts';
import type { Coroutine } from '../coroutine.ts';
import { coAwait } from '../schedule/co-await.ts';
import type { Endpoint } from './endpoint.ts';

export interface PoolLimits {
  /** Connections that are kept idle, over all servers. */
  readonly maxIdleConnections: number;
  /** Milliseconds after which an idle connection is not used again. */
  readonly idleTimeout: number;
  /** Connections in use at a time to one server; requests beyond that wait (only an AioFuture can). 0: no limit. */
  readonly maxConnectionsPerOrigin: number;
}

interface IdleConnection {
  readonly key: string;
  readonly connection: HTTPConnection;
  readonly until: number;
}

export class ConnectionPool {
  readonly #limits: PoolLimits;
  /** The longest idle one first. */
  readonly #idle: IdleConnection[] = [];
  readonly #busy = new Map<string, number>();
  readonly #waiting = new Map<string, Set<() => void>>();

  /** @throws TypeError on a limit that is no whole number >= 0 */
  constructor(limits: PoolLimits) {
    for (const [name, limit] of Object.entries(limits)) wholeNumber(name, limit, 0);
    this.#limits = limits;
  }

  /** How many connections are kept. */
  get idle(): number {
    return this.#idle.length;
  }

  /** A connection for one exchange: the one that has been idle for the shortest time, or a new one. */
  *coLease(endpoint: Endpoint, choice: 'any' | 'new'): Coroutine<Lease> {
    const { key } = endpoint;
    const most = this.#limits.maxConnectionsPerOrigin || Number.POSITIVE_INFINITY;
    while ((this.#busy.get(key) ?? 0) >= most) yield* this.#coTurn(key);
    const kept = choice === 'any' ? this.#take(key) : undefined;
    const connection = kept ?? endpoint.connect();
    this.#busy.set(key, (this.#busy.get(key) ?? 0) + 1);
    const onEnd = (reusable: boolean): void => this.#returned(key, connection, reusable);
    return new Lease(connection, { reused: kept !== undefined, onEnd });
  }

  /** Closes the connections that are not in use. */
  closeIdle(): void {
    for (const { connection } of this.#idle.splice(0)) connection.disconnect();
  }

  #take(key: string): HTTPConnection | undefined {
    this.#closeExpired();
    const index = this.#idle.findLastIndex((each) => each.key === key);
    return index < 0 ? undefined : this.#idle.splice(index, 1).at(0)?.connection;
  }

  #returned(key: string, connection: HTTPConnection, reusable: boolean): void {
    const others = (this.#busy.get(key) ?? 1) - 1;
    if (others > 0) this.#busy.set(key, others);
    else this.#busy.delete(key);
    if (reusable && isUsable(connection)) {
      this.#idle.push({ key, connection, until: now() + this.#limits.idleTimeout });
      this.#closeExpired();
      while (this.#idle.length > this.#limits.maxIdleConnections) this.#idle.shift()?.connection.disconnect();
    } else {
      connection.disconnect();
    }
    this.#wakeOne(key);
  }

  #closeExpired(): void {
    const time = now();
    while ((this.#idle.at(0)?.until ?? Number.POSITIVE_INFINITY) <= time) this.#idle.shift()?.connection.disconnect();
  }

  /** Waits until a connection may have become free. */
  *#coTurn(key: string): Coroutine<void> {
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting);
    let turn = (): void => {};
    const promise = new Promise<void>((resolve) => {
      turn = resolve;
    });
    waiting.add(turn);
    let resumed = false;
    try {
      yield* coAwait(promise);
      resumed = true;
    } finally {
      // Interrupted: if it was this one's turn already, it is the next one's.
      if (!waiting.delete(turn) && !resumed) this.#wakeOne(key);
    }
  }

  #wakeOne(key: string): void {
    const waiting = this.#waiting.get(key);
    const [first] = waiting ?? [];
    if (first === undefined) {
      this.#waiting.delete(key);
      return;
    }
    waiting?.delete(first);
    first();
  }
}

/** A connection in use. It is ended once: what comes later is too late, and changes nothing. */
export class Lease {
  readonly connection: HTTPConnection;
  /** Whether an earlier exchange took place on it: it may be dead without anybody's having noticed. */
  readonly reused: boolean;
  #onEnd: ((reusable: boolean) => void) | undefined;

  /** Use `ConnectionPool.coLease`. */
  constructor(connection: HTTPConnection, use: { reused: boolean; onEnd: (reusable: boolean) => void }) {
    this.connection = connection;
    this.reused = use.reused;
    this.#onEnd = use.onEnd;
  }

  /** The exchange is over: the connection is kept for the next one, if it can have one. */
  giveBack(): void {
    this.#end(true);
  }

  /** The exchange was given up: the connection is closed. */
  drop(): void {
    this.#end(false);
  }

  #end(reusable: boolean): void {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.(reusable);
  }
}

/** Whether there is a connection, nothing is pending on it, and neither side has announced its end. */
function isUsable(connection: HTTPConnection): boolean {
  if (connection.responsePending()) return false;
  const connecting = connection.coConnect();
  try {
    // One that is there has nothing to wait for.
    return connecting.next().done === true;
  } catch {
    return false;
  } finally {
    connecting.return();
  }
}
