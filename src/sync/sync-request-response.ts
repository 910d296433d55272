/**
 * The response of the drop-in for sync-request. It knows no connection.
 */

import type { IncomingHttpHeaders } from 'node:http';

/** An error of `getBody()`: the status is none of success. */
export interface StatusError extends Error {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | string;
  readonly url: string;
}

/** What sync-request returns, of the package http-response-object. */
export class Response {
  readonly statusCode: number;
  /** By name in lower case. `set-cookie` is a list. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | string;
  /** Of the last request. */
  readonly url: string;

  /** @throws TypeError for a status that is no number, and headers that are no object */
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
