/**
 * The response of the drop-in replacement for sync-request. It knows no connection.
 */

import type { IncomingHttpHeaders } from 'node:http';

/**
 * The error of `getBody()` for a status that is not a success: an Error with the parts of the response.
 *
 * @example
 * ```js
 * import request from 'dugong/sync-request';
 *
 * try {
 *   request('GET', 'http://localhost:8080/nothing-here').getBody();
 * } catch (error) {
 *   const { statusCode, body } = Object(error);
 *   console.log(statusCode, body.toString()); // 404 nothing here
 * }
 * ```
 */
export interface StatusError extends Error {
  /** The status code, 0 or from 300 on. */
  readonly statusCode: number;
  /** The header fields by lower-case name; `set-cookie` is a list. */
  readonly headers: IncomingHttpHeaders;
  /** The body of the response, decoded. */
  readonly body: Buffer | string;
  /** The URL of the last request, after redirects. */
  readonly url: string;
}

/**
 * The response of sync-request (of its package http-response-object), with its complete body.
 *
 * @example
 * ```js
 * import request from 'dugong/sync-request';
 *
 * const response = request('GET', 'http://localhost:8080/a');
 * console.log(response.statusCode, response.headers['content-length']); // 200 10
 * console.log(response.getBody('utf8')); // document a
 * ```
 */
export class Response {
  /** The status code, of three digits (RFC 9110 15). */
  readonly statusCode: number;
  /** The fields by lower-case name; `set-cookie` is a list. */
  readonly headers: IncomingHttpHeaders;
  /** The body, decoded; a Buffer in what `request` returns. */
  readonly body: Buffer | string;
  /** The URL of the last request, after redirects. */
  readonly url: string;

  /**
   * Makes a response of one's own from its parts `statusCode`, `headers`, `body` and `url`, for tests, for instance.
   *
   * @throws TypeError if the status is no number, or the headers are no object
   */
  // Parameters: the signature of http-response-object.
  constructor(statusCode: number, headers: IncomingHttpHeaders, body: Buffer | string, url: string) {
    if (typeof statusCode !== 'number') throw new TypeError(`statusCode must be a number but was ${typeof statusCode}`);
    if (typeof headers !== 'object' || headers === null) {
      throw new TypeError(`headers must be an object but was ${headers === null ? 'null' : typeof headers}`);
    }
    this.statusCode = statusCode;
    this.headers = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    this.body = body;
    this.url = url;
  }

  /** Whether the status is 0, or 400 and above. */
  isError(): boolean {
    return this.statusCode === 0 || this.statusCode >= 400;
  }

  /**
   * The bytes of the body, without an `encoding`. The error is a {@link StatusError}.
   *
   * @throws Error for a status of 300 and above
   */
  getBody(encoding?: '' | null): Buffer | string;
  /**
   * The body as text, decoded by `encoding`, as "utf8". The error is a {@link StatusError}.
   *
   * @throws Error for a status of 300 and above
   */
  getBody(encoding: BufferEncoding): string;
  getBody(encoding?: BufferEncoding | '' | null): Buffer | string {
    const { statusCode, headers, body, url } = this;
    if (statusCode === 0 || statusCode >= 300) {
      const error = new Error(`Server responded to ${url} with status code ${statusCode}:\n${body.toString()}`);
      throw Object.assign(error, { statusCode, headers, body, url });
    }
    return !encoding || typeof body === 'string' ? body : body.toString(encoding);
  }
}
