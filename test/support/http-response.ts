/** Responses without a connection. */

import { type HTTPResponse, responseOf } from '../../src/client/http-response.ts';
import type { BodyDecoder } from '../../src/http1/body-decoder.ts';
import { type HeadersInit, HTTPHeaders } from '../../src/http1/headers.ts';

interface Given {
  readonly status?: number;
  readonly minorVersion?: number;
  readonly headers?: HeadersInit;
  readonly body?: BodyDecoder;
}

/** The response to a GET of /a?token=x, which is a 200 unless another status is given. */
export function responseWith({ status = 200, minorVersion = 1, headers = {}, body }: Given = {}): HTTPResponse {
  const head = {
    minorVersion,
    status,
    reason: 'OK',
    headers: new HTTPHeaders(headers),
    framingFields: { contentLength: [], transferEncoding: [], connection: [] },
    byteLength: 0,
  };
  return responseOf({ method: 'GET', path: '/a?token=x', head, framing: { kind: 'none' }, body });
}
