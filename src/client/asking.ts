/**
 * A request that may be sent more than once: what it is, and what is known of its attempts. It decides what its method and its body
 * allow, and does no I/O.
 */

import type { Coroutine } from '../coroutine.ts';
import { isIdempotent } from '../http1/methods.ts';
import { bytesOf } from './given-bytes.ts';
import type { HTTPResponse } from './http-response.ts';
import { BodyFollowing } from './request-body.ts';
import type { SendRequestOptions } from './send-options.ts';

/** The arguments of `sendRequest`. */
export interface RequestParts {
  readonly method: string;
  readonly path: string;
  readonly options?: SendRequestOptions | undefined;
}

/** Longest body that is sent ahead. */
const SMALL = 8192;
/** Most bytes of a character in UTF-8, for each unit of a string. */
const WIDEST = 3;

export class Asking {
  readonly #parts: RequestParts;
  /** Whether its body can be given again. */
  renewable: boolean;
  /** Whether it may be sent again although the server may have processed it. */
  repeatable: boolean;
  /** Whether nothing else may be in flight meanwhile. */
  alone: boolean;
  /** Whether others were in flight before its response began. */
  pipelined = false;
  /** The error status that it got among others. */
  doubted: number | undefined;
  /** How often it was lost as the oldest request of a connection. */
  losses = 0;
  /** With what it was lost last; rather a time when it had been sent. */
  lostWith: unknown;
  /** Whether the server may have processed it in one of its attempts. */
  mayHaveBeenProcessed = false;
  /** Why it can never be sent. */
  refusal: unknown;

  constructor(parts: RequestParts) {
    const { method, options } = parts;
    const body = options?.body;
    const size = sizeOf(body);
    this.#parts = parts;
    this.renewable = size !== undefined || body instanceof Blob || body instanceof FormData;
    this.repeatable = this.renewable && isIdempotent(method);
    this.alone = !isIdempotent(method) || size === undefined || size > SMALL;
    this.refusal = unfit(parts);
  }

  /** Its body is made anew for each attempt, and may be of any size. */
  renew(): void {
    this.renewable = true;
    this.repeatable = isIdempotent(this.#parts.method);
    this.alone = true;
  }

  /** What to send; asked for before each attempt. */
  parts(): RequestParts {
    return this.#parts;
  }
}

/** Bytes of a whole body, at most; undefined for a body in pieces. */
function sizeOf(body: SendRequestOptions['body']): number | undefined {
  if (body === undefined || body === null) return 0;
  if (typeof body === 'string') return body.length * WIDEST;
  if (body instanceof URLSearchParams) return body.toString().length;
  return bytesOf(body)?.length;
}

function unfit({ method, options }: RequestParts): TypeError | undefined {
  if (options?.body instanceof BodyFollowing) {
    return new TypeError('a pipelined request needs its body: a BodyFollowing is for sendRequest() and write()');
  }
  if (method === 'CONNECT' || options?.upgrade !== undefined) {
    return new TypeError('a request that ends HTTP on its connection cannot be pipelined: use sendRequest()');
  }
  return undefined;
}

/** Where requests come from. */
export interface AskingSource<A extends Asking> {
  /** The next request; undefined: there is none now. */
  take(): A | undefined;
  /** Waits until there may be one (true), or is certain that none follows (false). */
  coMore(): Coroutine<boolean>;
  /** These were taken, and have no response. In their order, they are to be taken before all others. */
  giveBack(askings: readonly A[], why: GivenBack): void;
  /** A connection is about to be made, for this request first. */
  connecting?(asking: A): void;
  /** It has been made. */
  connected?(asking: A): void;
}

/**
 * Why requests are given back: the connection was lost, or did not behave; the server had announced its end; this side has dropped it;
 * one response, which has come, is doubted.
 */
export type GivenBack = 'lost' | 'ended' | 'dropped' | 'doubted';

/** A request with its response; `value` is what `consume` has made of it. */
export interface Answered<A, T> {
  readonly asking: A;
  readonly response: HTTPResponse;
  readonly value: T;
  readonly error?: undefined;
}

/** A request that got no whole response. */
export interface Unanswered<A> {
  readonly asking: A;
  readonly error: unknown;
}

/** Reads the body of a response from the connection, as far as it is wanted. It is called again if the request is sent again. */
export type Consume<A, T> = (response: HTTPResponse, asking: A) => Coroutine<T>;
