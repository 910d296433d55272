/**
 * Collects the requests of one fetch whose response the caller does not get: those that were tried again, those that
 * were redirected, and the last one. The caller cannot ask the connections, so each error lists these requests. This
 * module decides nothing.
 */

import type { HTTPConnection } from '../client/http-connection.ts';
import {
  about,
  ConnectionClosed,
  DugongError,
  type LostRequest,
  UnsupportedResponse,
  withLostRequests,
} from '../errors.ts';
import type { FetchRequest } from './fetch-request.ts';
import { inSystemWords } from './system-words.ts';

/** The lost requests of one fetch, and the errors that list them. */
export class Attempts {
  readonly #lost: LostRequest[] = [];

  /** Records a request that was answered, but whose response the caller does not get. */
  answered({ method, url }: FetchRequest): void {
    this.#lost.push({ method, path: url.pathname + url.search, mayHaveBeenProcessed: true });
  }

  /** As {@link told}, for a response that cannot be decoded. */
  undecoded(error: unknown, request: FetchRequest): unknown {
    this.answered(request);
    return this.told(error, request);
  }

  /**
   * Records a failed attempt on `connection`, which must not be closed yet. If `error` lists lost requests, its list is
   * used.
   */
  failed(connection: HTTPConnection, error: unknown): void {
    const says = error instanceof ConnectionClosed || error instanceof UnsupportedResponse;
    const lost = (says ? error.lostRequests : undefined) ?? connection.pendingRequests();
    for (const { method, path, mayHaveBeenProcessed } of lost) this.#lost.push({ method, path, mayHaveBeenProcessed });
  }

  /**
   * Completes an error of `request`: its message names the request, its code is the system's, and `lostRequests` has
   * all lost requests of this fetch. An error that is not this library's, e.g. the reason of an abort, is returned as
   * it is.
   */
  told(error: unknown, { method, url }: Pick<FetchRequest, 'method' | 'url'>): unknown {
    if (!(error instanceof DugongError)) return error;
    return withLostRequests(inSystemWords(about(error, `${method} ${url.href}`, url.origin)), [...this.#lost]);
  }
}
