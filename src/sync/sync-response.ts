/**
 * What fetchSync returns: a response that is all there. It knows no connection.
 */

import type { HTTPResponse } from '../client/http-response.ts';
import { shownAs } from '../inspection.ts';

/** What `fetchSync` returns: WHATWG fetch's Response, but all of the body is there already, so that nothing is a promise. */
export class SyncResponse {
  readonly status: number;
  /** The reason phrase; empty if the server sent none. */
  readonly statusText: string;
  /** Of the last request, without credentials and fragment. */
  readonly url: string;
  /** Whether there was a redirect on the way. */
  readonly redirected: boolean;
  readonly #response: HTTPResponse;
  readonly #body: Uint8Array;
  #headers: Headers | undefined;

  /** Made by `fetchSync`. */
  constructor(response: HTTPResponse, body: Uint8Array, from: { url: URL; redirected: boolean }) {
    this.status = response.status;
    this.statusText = response.reason;
    this.url = from.url.href;
    this.redirected = from.redirected;
    this.#response = response;
    this.#body = body;
  }

  /** Whether the status is one of success, 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** The fields, in the shape that fetch gives them. */
  get headers(): Headers {
    this.#headers ??= new Headers([...this.#response.headers]);
    return this.#headers;
  }

  /** The body as UTF-8 without a byte order mark, whatever Content-Type says, as fetch does it. May be called again. */
  text(): string {
    return new TextDecoder().decode(this.#body);
  }

  /** The body as JSON, parsed anew by each call. @throws SyntaxError if it is none */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /** A copy of the body: each call gives another one. */
  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#body);
  }

  /** A copy of the body: each call gives another one. */
  arrayBuffer(): ArrayBuffer {
    return this.bytes().buffer;
  }

  static {
    shownAs(SyncResponse, (response) => {
      const { headers } = response.#response;
      return { ...response, headers, length: response.#body.length };
    });
  }
}
