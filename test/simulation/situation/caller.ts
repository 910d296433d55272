/** Calls of either fetch in a situation: of createFetch or of fetchSync, depending on the way of waiting. */

import { ConnectionTimedOut, closeIdleConnections, createFetch, type Fetch, fetchSync } from '../client.ts';
import { PATIENCE, type Stage, TLS } from './stage.ts';

/** The options that both fetches have. */
interface Init {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Iterable<Uint8Array>;
}

/** The further options of createFetch. */
interface Begun extends Omit<Init, 'body'> {
  readonly body?: Init['body'] | AsyncIterable<string>;
  readonly signal?: AbortSignal;
  readonly onHead?: () => void;
}

interface Told {
  readonly status: number;
  readonly text: string;
}

interface Limits {
  readonly headersTimeout?: number;
  readonly bodyTimeout?: number;
  readonly idleTimeout?: number;
  readonly maxIdleConnections?: number;
  readonly maxConnectionsPerOrigin?: number;
}

/** Either fetch. To be disposed of when all calls have ended. */
export class Caller {
  readonly #stage: Stage;
  readonly #limits: Limits;
  readonly #fetch: Fetch;
  /** An object of its own, so that connections are not shared with other worlds. */
  readonly #connection = { limits: {} };

  constructor(stage: Stage, limits: Limits = {}) {
    this.#stage = stage;
    this.#limits = limits;
    this.#fetch = createFetch({ tls: TLS, proxy: false, ...limits });
  }

  [Symbol.dispose](): void {
    this.#fetch.closeIdleConnections();
    closeIdleConnections();
  }

  urlOf(target: string): string {
    return `${this.#stage.secured ? 'https' : 'http'}://${this.#stage.hostname}:80${target}`;
  }

  async call(target: string, init: Init = {}): Promise<Told> {
    if (this.#stage.way !== 'blocking') return await this.begin(target, init);
    const { headersTimeout, bodyTimeout } = this.#limits;
    const answer = fetchSync(this.urlOf(target), {
      ...{ ...init, timeout: PATIENCE, tls: TLS, proxy: false, connection: this.#connection },
      ...(headersTimeout !== undefined && { headersTimeout }),
      ...(bodyTimeout !== undefined && { bodyTimeout }),
    });
    return { status: answer.status, text: answer.text() };
  }

  /** A call of createFetch. */
  async begin(target: string, given: Begun = {}): Promise<Told> {
    const controller = new AbortController();
    this.#stage.later(PATIENCE, () => controller.abort(new Error('it hangs')));
    const { signal = controller.signal, body, onHead, ...rest } = given;
    const init = { ...rest, signal, ...(body !== undefined && { body, duplex: 'half' }) };
    const answer = await this.#fetch(this.urlOf(target), init as Parameters<Fetch>[1]);
    onHead?.();
    return { status: answer.status, text: await answer.text() };
  }

  /** A call to a server that is silent, or does not read: it must time out after `limit` milliseconds, and not long after. */
  async expectTimeOut(what: string, call: () => Promise<Told>, limit: number): Promise<void> {
    const begin = this.#stage.world.now;
    const error = await call().then(
      () => undefined,
      (thrown: unknown) => causeOf(thrown),
    );
    const took = this.#stage.world.now - begin;
    const right = error instanceof ConnectionTimedOut && took >= limit && took < 3 * limit + 50;
    this.#stage.expect(right, `${what}, with a limit of ${limit} ms, after ${took} ms: ${shown(error)}`);
  }

  /** Waits in the time of the world. */
  async sleep(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => this.#stage.later(milliseconds, resolve));
  }

  /** Any other result than `expected` is a problem, and so is a call that takes more than `ms` milliseconds. */
  async expect(what: string, call: () => Promise<Told>, expected: Told, ms: number = PATIENCE): Promise<void> {
    const begin = this.#stage.world.now;
    let came: string;
    try {
      const { status, text } = await call();
      came = `${status} ${text}`;
    } catch (error) {
      came = shown(error);
    }
    const { status, text } = expected;
    this.#stage.expect(came === `${status} ${text}`, `${what}: ${came}`);
    const took = this.#stage.world.now - begin;
    this.#stage.expect(took < ms, `${what}: takes ${took} ms`);
  }
}

/** The error without createFetch's TypeError around it. */
export function causeOf(error: unknown): unknown {
  return error instanceof TypeError && error.cause !== undefined ? error.cause : error;
}

export function shown(error: unknown): string {
  const cause = causeOf(error);
  return cause === error ? String(error) : `${error}, ${cause}`;
}
