/**
 * The tools of one situation of a world: a host of its own with scripted servers, a connection to it, and a list of problems. A
 * situation is a small program that knows its right result.
 */

import {
  ConnectionTimedOut,
  type Coroutine,
  coAll,
  coWithTimeout,
  HTTPConnection,
  type HTTPConnectionOptions,
  TLSContext,
} from '../client.ts';
import type { Answer } from '../kernel/lookups.ts';
import type { Endpoint } from '../network/endpoint.ts';
import { type Network, type Path, path } from '../network/network.ts';
import type { Random } from '../random.ts';
import { type Acting, act, Conversation } from '../servers/actors.ts';
import { coSecure } from '../tls/secure.ts';
import type { World } from '../world.ts';

/** Ways to run coroutines, `own` being a loop over poll(). */
export const WAYS = ['blocking', 'own', 'loop', 'future'] as const;
export type Way = (typeof WAYS)[number];

export interface Situation {
  readonly name: string;
  /** Default: all. */
  readonly ways?: readonly Way[];
  /** Never over TLS. */
  readonly clear?: boolean;
  /** Starts servers. The returned coroutines are run side by side in the way of the world; or it waits itself. */
  play(stage: Stage): readonly Coroutine<void>[] | Promise<void> | undefined;
}

export type Script = (talk: Conversation, connection: number) => Acting<void>;

/** Milliseconds. Every situation is shorter, unless something hangs. */
export const PATIENCE = 50_000;
export const TLS: TLSContext = new TLSContext({ ca: 'simulated' });

/** Buffers that are full soon. */
export const NARROW: Partial<Path> = {
  client: { send: 1024, receive: 1024 },
  server: { send: 1024, receive: 1024 },
};

export class Stage {
  readonly world: World;
  readonly network: Network;
  readonly random: Random;
  readonly hostname: string;
  readonly way: Way;
  readonly problems: string[] = [];
  /** The resolver's answer for the host, and its delay. */
  resolved: { answer: Answer; delay: number };
  readonly secured: boolean;
  /** As setTimeout in the time of the world. */
  readonly later: (milliseconds: number, action: () => void) => void;
  readonly #index: number;
  #requests = 0;

  constructor(
    given: Pick<Stage, 'world' | 'network' | 'random' | 'way' | 'later'> & { readonly index: number; secured: boolean },
  ) {
    this.world = given.world;
    this.network = given.network;
    this.random = given.random;
    this.way = given.way;
    this.later = given.later;
    this.secured = given.secured;
    this.#index = given.index;
    this.hostname = `s${given.index}.test`;
    this.resolved = { answer: [this.address()], delay: 1 };
  }

  /** Number of requests whose heads its servers have. */
  get requests(): number {
    return this.#requests;
  }

  address(number: number = 1): string {
    return `198.51.${this.#index}.${number}`;
  }

  address6(number: number = 1): string {
    return `2001:db8:${this.#index}::${number}`;
  }

  /** More bytes than a server takes in that reads only the head; it takes in whole records of TLS. */
  upload(): Buffer {
    return textOf('upload', this.random.between(8000, 16_000) + (this.secured ? 40_000 : 0));
  }

  problem(what: string): void {
    this.problems.push(what);
  }

  expect(condition: boolean, what: string): void {
    if (!condition) this.problem(what);
  }

  /** Starts a server that plays the script on each connection. `clear`: without TLS. */
  serve(
    script: Script,
    given: Partial<Path> = {},
    { place = `${this.address()}:80`, clear = !this.secured }: { place?: string; clear?: boolean } = {},
  ): void {
    const secure = clear ? undefined : coSecure({ name: this.hostname });
    let connections = 0;
    const coServe = function* (endpoint: Endpoint): Acting<void> {
      const talk = new Conversation(endpoint);
      const connection = ++connections;
      if (secure === undefined || (yield* secure(talk))) yield* script(talk, connection);
      endpoint.close();
    };
    this.network.serve(place, {
      name: `server of ${this.hostname}`,
      path: () => path(given),
      accept: (endpoint) => act(endpoint, coServe(endpoint)),
    });
  }

  /** The head of the next request: its first line; undefined at the end of the stream. */
  *coHead(talk: Conversation): Acting<string | undefined> {
    const head = yield* talk.readThrough('\r\n\r\n');
    if (head === undefined) return undefined;
    this.#requests++;
    return head.slice(0, head.indexOf(' HTTP/'));
  }

  connection(options: HTTPConnectionOptions = {}): HTTPConnection {
    return new HTTPConnection(this.hostname, { port: 80, ...(this.secured && { tls: TLS }), ...options });
  }

  /** The result or the error. Taking `ms` milliseconds is a problem, and the result may be undefined then. */
  *coInTime<T>(what: string, coroutine: Coroutine<T>, ms: number = PATIENCE): Coroutine<T | undefined> {
    const begin = this.world.now;
    try {
      return yield* this.coLimited(coroutine, ms);
    } finally {
      if (this.world.now - begin >= ms) this.problem(`${what}: hangs`);
    }
  }

  /** The result; undefined after `ms` milliseconds. */
  *coLimited<T>(coroutine: Coroutine<T>, ms: number): Coroutine<T | undefined> {
    try {
      return yield* coWithTimeout(coroutine, ms);
    } catch (error) {
      if (!(error instanceof ConnectionTimedOut && error.timeout === ms)) throw error;
      return undefined;
    }
  }

  /** The error; no error is a problem. */
  *coError(what: string, coroutine: Coroutine<unknown>, ms: number = PATIENCE): Coroutine<unknown> {
    const hanging = this.problems.length;
    try {
      yield* this.coInTime(what, coroutine, ms);
    } catch (error) {
      return error;
    }
    if (this.problems.length === hanging) this.problem(`${what}: succeeds`);
    return undefined;
  }
}

/** Runs the coroutines side by side. */
export function* coBoth(...coroutines: readonly Coroutine<void>[]): Coroutine<void> {
  yield* coAll(coroutines);
}

/** Text that differs for each name. */
export function textOf(name: string, length: number): Buffer {
  const text = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index++) text[index] = (name.charCodeAt(index % name.length) + 7 * index) & 255;
  return text;
}

/** A response whose body has a length. */
export function response(status: number, body: Uint8Array = Buffer.alloc(0), fields: readonly string[] = []): Buffer {
  const lines = [`HTTP/1.1 ${status} Scripted`, ...fields, `Content-Length: ${body.length}`];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

export function chunked(status: number, body: Uint8Array, size: number): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`HTTP/1.1 ${status} Scripted\r\nTransfer-Encoding: chunked\r\n\r\n`)];
  for (let start = 0; start < body.length; start += size) {
    const part = body.subarray(start, start + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}
