/**
 * The response that a caller of HTTPConnection gets: its head and, after its body has been read, its trailers. It does
 * not hold the body.
 */

import type { BodyDecoder } from '../http1/body-decoder.ts';
import { HTTPHeaders } from '../http1/headers.ts';
import type { Response } from '../http1/protocol.ts';
import { shownAs, shownPath } from '../inspection.ts';

/** Makes a response for the caller of what the protocol gives. */
export let responseOf: (response: Response) => HTTPResponse;

/**
 * A response: its head and, after its body has been read, its trailers. `readResponse`, `request` and pipelines return it. It does
 * not hold the body, which is read from the connection.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * connection.sendRequest('GET', '/trailers');
 * const response = connection.readResponse();
 * console.log(response.status, response.headers.get('Content-Type')); // 200 text/plain; charset=utf-8
 * console.log(connection.readText(), response.trailers.get('X-Length')); // ten bytes. 10
 * connection.disconnect();
 * ```
 */
export class HTTPResponse {
  /** The method of the request that this response answers. */
  readonly method: string;
  /** The path and query of that request, as the caller gave them. */
  readonly path: string;
  /** The status code: 100 to 599 in the standard; other numbers of three digits are accepted. */
  readonly status: number;
  /** The reason phrase; empty if the server sent none. */
  readonly reason: string;
  /** "1.0" or "1.1"; the digit of a later 1.x version is shown as received. */
  readonly httpVersion: string;
  /** The header fields of the response, in the order of their arrival. */
  readonly headers: HTTPHeaders;
  /** Bytes of the body; 0 if there is none; null if only its end determines the length. */
  readonly length: number | null;
  readonly #body: BodyDecoder | undefined;

  private constructor(response: Response) {
    const { method, path, head, body } = response;
    this.method = method;
    this.path = path;
    this.status = head.status;
    this.reason = head.reason;
    this.httpVersion = head.minorVersion === 1 ? '1.1' : `1.${head.minorVersion}`;
    this.headers = head.headers;
    this.length = body === undefined ? 0 : body.length;
    this.#body = body;
  }

  /** The trailer fields of a chunked body (RFC 9112 7.1.2); empty until the body has been read to its end. */
  get trailers(): HTTPHeaders {
    return this.#body?.trailers ?? new HTTPHeaders();
  }

  /** For logs: hides the values of fields that hold secrets. */
  toJSON(): object {
    const { path, headers, ...own } = this;
    return { ...own, path: shownPath(path), headers: headers.withoutSecrets() };
  }

  static {
    responseOf = (response) => new HTTPResponse(response);
    shownAs(HTTPResponse, responseView);
  }
}

function responseView(response: HTTPResponse): object {
  const { path, trailers } = response;
  return { ...response, path: shownPath(path), ...(trailers.size > 0 && { trailers }) };
}

/**
 * The response in place of a 100 (Continue) that did not arrive within `continueTimeout`: the body may be sent without
 * it.
 */
export function assumedContinue(request: { method: string; path: string } | undefined): HTTPResponse {
  const { method = '', path = '' } = request ?? {};
  const fields = { contentLength: [], transferEncoding: [], connection: [] };
  const head = {
    minorVersion: 1,
    status: 100,
    reason: '',
    headers: new HTTPHeaders(),
    framingFields: fields,
    byteLength: 0,
  };
  return responseOf({ method, path, head, framing: { kind: 'none' }, body: undefined });
}
