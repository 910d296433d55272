/**
 * What the user sees of a response: its head, and after its body has been read, its trailers. It holds no body.
 */

import type { BodyDecoder } from '../http1/body-decoder.ts';
import { HTTPHeaders } from '../http1/headers.ts';
import type { Response } from '../http1/protocol.ts';
import { shownAs, shownPath } from '../inspection.ts';

/**
 * A response: its head, and after its body has been read, its trailers. The body itself is read from the connection.
 */
export class HTTPResponse {
  /** The method and path of the request that this is the response to, as they were given. */
  readonly method: string;
  readonly path: string;
  /** 100 to 599 by the standard; other numbers of three digits are passed on. */
  readonly status: number;
  /** The reason phrase; empty if the server sent none. */
  readonly reason: string;
  /** "1.0" or "1.1"; a server of a later 1.x says so. */
  readonly httpVersion: string;
  readonly headers: HTTPHeaders;
  /** Bytes of the body, 0 if there is none; null if only its end will tell. */
  readonly length: number | null;
  readonly #body: BodyDecoder | undefined;

  constructor(response: Response) {
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

  /** The trailer fields of a chunked body (RFC 9112 7.1.2): empty until the body has been read to its end. */
  get trailers(): HTTPHeaders {
    return this.#body?.trailers ?? new HTTPHeaders();
  }

  /** For logs: without the values of fields that hold secrets. */
  toJSON(): object {
    const { path, headers, ...own } = this;
    return { ...own, path: shownPath(path), headers: headers.withoutSecrets() };
  }

  static {
    shownAs(HTTPResponse, responseView);
  }
}

function responseView(response: HTTPResponse): object {
  const { path, trailers } = response;
  return { ...response, path: shownPath(path), ...(trailers.size > 0 && { trailers }) };
}

/** Stands for the 100 (Continue) that did not come within `continueTimeout`: the body may be sent without it. */
export function assumedContinue(request: { method: string; path: string } | undefined): HTTPResponse {
  const { method = '', path = '' } = request ?? {};
  const fields = { contentLength: [], transferEncoding: [], connection: [] };
  const head = { minorVersion: 1, status: 100, reason: '', headers: new HTTPHeaders(), framing: fields, byteLength: 0 };
  return new HTTPResponse({ method, path, head, framing: { kind: 'none' }, body: undefined });
}
