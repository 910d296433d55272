/**
 * The response of the drop-in replacement for sync-request. It knows no connection.
 */

import type { IncomingHttpHeaders } from 'node:http';

/** The error of `getBody()` for a status that is not a success. */
export interface StatusError extends Error {
  /** The status code. */
  readonly statusCode: number;
  /** The header fields by lower-case name. */
  readonly headers: IncomingHttpHeaders;
  /** The body. */
  readonly body: Buffer | string;
  /** The URL of the last request. */
  readonly url: string;
}

/** The response of sync-request (of its package http-response-object). */
export class Response {
  /** The status code. */
  readonly statusCode: number;
  /** The fields by lower-case name; `set-cookie` is a list. */
  readonly headers: IncomingHttpHeaders;
  /** The body. */
  readonly body: Buffer | string;
  /** The URL of the last request. */
  readonly url: string;

  /** @throws TypeError if the status is no number, or the headers are no object */
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

  /** The bytes of the body. @throws StatusError for a status of 300 and above */
  getBody(encoding?: '' | null): Buffer | string;
  /** The body as text. @throws StatusError for a status of 300 and above */
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
