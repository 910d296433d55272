/**
 * The requests of one fetch that its caller has no answer to: those that were tried again, those that were redirected, the last
 * one. The connections are not the caller's to ask, so each error says what may have been done. It decides nothing.
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

export class Attempts {
  readonly #lost: LostRequest[] = [];

  /** `request` was answered, with nothing that the caller gets. */
  answered({ method, url }: FetchRequest): void {
    this.#lost.push({ method, path: url.pathname + url.search, mayHaveBeenProcessed: true });
  }

  /** What `error`, for which the answer to `request` cannot be decoded, is to the caller: as {@link told}. */
  undecoded(error: unknown, request: FetchRequest): unknown {
    this.answered(request);
    return this.told(error, request);
  }

  /** An attempt on `connection`, which has not been closed yet, ended with `error`, which may say itself what is lost. */
  failed(connection: HTTPConnection, error: unknown): void {
    const says = error instanceof ConnectionClosed || error instanceof UnsupportedResponse;
    const lost = (says ? error.lostRequests : undefined) ?? connection.pendingRequests();
    for (const { method, path, mayHaveBeenProcessed } of lost) this.#lost.push({ method, path, mayHaveBeenProcessed });
  }

  /**
   * `error`, which came about while `request` was made: names it, has the system's word for what happened as its code, and the
   * requests that are lost with it. What is no error of ours cannot say it, e.g. the reason of an abort.
   */
  told(error: unknown, { method, url }: Pick<FetchRequest, 'method' | 'url'>): unknown {
    if (!(error instanceof DugongError)) return error;
    return withLostRequests(inSystemWords(about(error, `${method} ${url.href}`, url.origin)), [...this.#lost]);
  }
}
