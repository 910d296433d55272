/**
 * Makes the request that a redirect asks for (RFC 9110 15.4, and the fetch standard where the RFC leaves a choice). A
 * pure function.
 */

import { checkedHostname, checkedPort } from '../client/authority.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import { InvalidResponse, UnsupportedResponse } from '../errors.ts';
import { quoted } from '../http1/grammar.ts';
import { HTTPHeaders } from '../http1/headers.ts';
import { bareURL, basicAuthorization, type FetchRequest, type RedirectMode } from './fetch-request.ts';
import { redirectedReferrer, setReferer } from './referrer.ts';

/** The limit of the fetch standard. */
export const MOST_REDIRECTS = 20;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Credentials, which are for one origin. */
const CREDENTIALS = ['Authorization', 'Cookie', 'Proxy-Authorization'];
/** Fields about a body that is not sent any more. */
const OF_CONTENT = [
  ...['Content-Digest', 'Content-Encoding', 'Content-Language', 'Content-Length', 'Content-Location', 'Content-MD5'],
  ...['Content-Type', 'Digest', 'Expect', 'Repr-Digest', 'Trailer', 'Transfer-Encoding'],
];

/**
 * Whether the response is a redirect that is followed, or an error in mode "error". Without a Location it is not
 * followed, but still an error in that mode (Fetch, "HTTP fetch", step 8).
 */
export function isRedirect({ status, headers }: HTTPResponse, mode: RedirectMode): boolean {
  return mode !== 'manual' && REDIRECTS.has(status) && (mode === 'error' || headers.has('Location'));
}

/**
 * Returns the request that a redirect asks for. Credentials are not sent to another origin; credentials in the new URL
 * are.
 * @throws InvalidResponse if Location is no valid URL, or has different values; UnsupportedResponse for another scheme,
 * or a body that cannot be sent again
 */
export function redirected(request: FetchRequest, response: HTTPResponse): FetchRequest {
  const url = locationOf(request, response);
  const { status } = response;
  const headers = new HTTPHeaders(request.headers);
  const becomesGet =
    status === 303
      ? request.method !== 'GET' && request.method !== 'HEAD'
      : (status === 301 || status === 302) && request.method === 'POST';
  // Also for 301 and 302, although the body is not sent again (Fetch, "HTTP-redirect fetch", step 11).
  if (status !== 303 && request.content?.repeatable === false) {
    throw new UnsupportedResponse(
      `the server wants the request again elsewhere (${status}), but its body could be read only once: give it whole`,
    );
  }
  if (becomesGet) remove(headers, OF_CONTENT);
  if (url.origin !== request.url.origin) remove(headers, [...CREDENTIALS, 'Host']);
  const authorization = authorizationOf(url);
  if (authorization !== undefined) headers.set('Authorization', authorization);
  const referrer = request.referrer && redirectedReferrer(request.referrer, response.headers);
  if (referrer !== undefined) setReferer(headers, referrer, url);
  return {
    url: bareURL(url),
    method: becomesGet ? 'GET' : request.method,
    headers,
    content: becomesGet ? undefined : request.content,
    referrer,
  };
}

/**
 * The target of the redirect. Several equal Locations, as a chain of proxies may add, count as one, as in browsers; the
 * raw values are compared. The fetch standard accepts none of them ("location URL"), and joining them would make a URL
 * that no server sent.
 */
function locationOf({ url }: FetchRequest, { headers }: HTTPResponse): URL {
  const [first = '', ...others] = headers.getAll('Location');
  if (others.some((other) => other !== first)) {
    throw new InvalidResponse(`the server redirects to several URLs: ${quoted([first, ...others].join(', '))}`);
  }
  const location = first.replace(/[\x80-\xff]/g, percentEncoded);
  if (!URL.canParse(location, url.href)) {
    throw new InvalidResponse(`the server redirects to ${quoted(location)}, which is no URL`);
  }
  const target = new URL(location, url.href);
  if (target.protocol !== 'http:' && target.protocol !== 'https:') {
    throw new UnsupportedResponse(`the server redirects to another scheme than HTTP: ${quoted(target.protocol)}`);
  }
  assertReachable(target);
  return target;
}

/**
 * Percent-encodes a byte. Servers send UTF-8 and other bytes where only ASCII is allowed; browsers keep these bytes
 * (whatwg/fetch#883).
 */
function percentEncoded(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Refuses URLs with an impossible host or port 0. @throws InvalidResponse */
function assertReachable({ hostname, port }: URL): void {
  try {
    checkedHostname(hostname);
    if (port !== '') checkedPort(Number(port));
  } catch (cause) {
    throw new InvalidResponse('the server redirects to a host that cannot be reached', { cause });
  }
}

function authorizationOf(url: URL): string | undefined {
  try {
    return basicAuthorization(url);
  } catch (cause) {
    throw new InvalidResponse('the server redirects to a URL with credentials that cannot be decoded', { cause });
  }
}

function remove(headers: HTTPHeaders, names: readonly string[]): void {
  for (const name of names) headers.delete(name);
}
