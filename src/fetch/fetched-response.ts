/**
 * The platform's Response, with what its constructor cannot be told: the URL, the redirects, and statuses beyond 599, which
 * HTTP allows to be received.
 */

import type { HTTPResponse } from '../client/http-response.ts';

import { bare } from '../options.ts';

interface Origin {
  readonly url: string;
  readonly redirected: boolean;
  readonly status: number;
}

/** Whether the standard allows a response of this status to have a body. */
export function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 205 && status !== 304;
}

/** A Response with this head. */
export function fetchedResponse(
  { status, reason, headers }: HTTPResponse,
  body: ReadableStream<Uint8Array> | null,
  from: { url: URL; redirected: boolean },
): Response {
  const allowed = status >= 200 && status <= 599 ? status : 599;
  const head = { status: allowed, statusText: reason, headers: [...headers] };
  const response = new Response(body, bare(head));
  return withOrigin(response, { url: from.url.href, redirected: from.redirected, status });
}

function withOrigin(response: Response, origin: Origin): Response {
  const clone = (): Response => withOrigin(Response.prototype.clone.call(response), origin);
  return Object.defineProperties(response, {
    url: bare({ value: origin.url }),
    redirected: bare({ value: origin.redirected }),
    status: bare({ value: origin.status }),
    type: bare({ value: 'basic' }),
    clone: bare({ value: clone }),
  });
}
