/**
 * A request of a fetch in its one internal form, and the checks of its method and URL. It knows no connection.
 */

import { quoted } from '../http1/grammar.ts';
import { type HeadersInit, HTTPHeaders } from '../http1/headers.ts';
import type { Content } from './content.ts';
import { type Referrer, setReferer } from './referrer.ts';

/**
 * How to handle a redirect, as in the Fetch standard ("request's redirect mode"): "follow" up to 20 of them, "error":
 * throw, "manual": return the redirecting response.
 *
 * @example
 * ```js
 * import { fetchSync } from 'dugong/sync';
 *
 * const response = fetchSync('http://localhost:8080/old', { redirect: 'manual' });
 * console.log(response.status, response.headers.get('Location')); // 302 /hello
 * ```
 */
export type RedirectMode = 'follow' | 'error' | 'manual';

/** A checked request. */
export interface FetchRequest {
  /** The URL without credentials and fragment, which are not sent. */
  readonly url: URL;
  readonly method: string;
  /** The caller's fields, and those that follow from the URL and the body. */
  readonly headers: HTTPHeaders;
  readonly content: Content | undefined;
  /** The source of the Referer field for each server; undefined: the field is not changed. */
  readonly referrer: Referrer | undefined;
}

/**
 * The source of the Host field. Fields copied from another request must not bring its Host along; a caller that sets
 * its own Host may want it.
 */
export type HostField = 'of the URL' | 'of the caller';

/** Methods that the standard makes upper-case; others stay as they are written. */
const NORMALISED: ReadonlySet<string> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']);
/** Methods that would turn the connection into something else, or show credentials to scripts. */
const FORBIDDEN: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

/**
 * Returns the method to send. @throws TypeError for a method that fetch does not send; sending refuses what is no token
 */
export function checkedMethod(method: string): string {
  const upper = String(method).toUpperCase();
  if (FORBIDDEN.has(upper)) throw new TypeError(`fetch sends no ${upper} request: use HTTPConnection`);
  return NORMALISED.has(upper) ? upper : method;
}

/** Parses a URL. @throws TypeError if it is no absolute URL */
export function parsedURL(input: string | URL): URL {
  const text = String(input);
  const url = URL.parse(text);
  if (url === null) {
    // The platform's own error has the text as a member, with the credentials.
    const cause = Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' });
    throw new TypeError(`${quoted(text)} is no absolute URL`, { cause });
  }
  return url;
}

/** Parses an HTTP URL. @throws TypeError if it is no absolute URL, or has another scheme */
export function checkedURL(input: string | URL): URL {
  const url = parsedURL(input);
  assertOfHTTP(url);
  return url;
}

/** @throws TypeError for a scheme other than http and https */
export function assertOfHTTP(url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`only http: and https: can be fetched, not ${url.protocol}`);
  }
}

/**
 * Makes a request of its parts. The URL's credentials become an Authorization field, unless there is one. A Host or
 * Content-Length that cannot belong to this request is left out. @throws TypeError
 */
export function fetchRequest(parts: {
  readonly url: URL;
  readonly method: string;
  readonly headers: HeadersInit | undefined;
  readonly content: Content | undefined;
  readonly contentType: string | undefined;
  readonly host: HostField;
  readonly referrer: Referrer | undefined;
}): FetchRequest {
  const { method, content, contentType } = parts;
  if (content !== undefined && (method === 'GET' || method === 'HEAD')) {
    throw new TypeError(`a ${method} request cannot have a body in fetch: use HTTPConnection`);
  }
  const headers = new HTTPHeaders(parts.headers);
  if (parts.host === 'of the URL') headers.delete('Host');
  settleLength(headers, content);
  if (contentType !== undefined && !headers.has('Content-Type')) headers.set('Content-Type', contentType);
  if (!headers.has('Accept')) headers.set('Accept', '*/*');
  // Some servers refuse requests without User-Agent.
  if (!headers.has('User-Agent')) headers.set('User-Agent', 'dugong');
  const authorization = basicAuthorization(parts.url);
  if (authorization !== undefined && !headers.has('Authorization')) headers.set('Authorization', authorization);
  const url = bareURL(parts.url);
  // The caller's own Referer stays unchanged, also after redirects.
  const referrer = headers.has('Referer') ? undefined : parts.referrer;
  if (referrer !== undefined) setReferer(headers, referrer, url);
  return { url, method, headers, content, referrer };
}

/**
 * Removes the Content-Length of a request without a body: it belongs to another request. Equal values count once (RFC
 * 9110 8.6). @throws TypeError
 */
function settleLength(headers: HTTPHeaders, content: Content | undefined): void {
  const given = headers.get('Content-Length');
  if (given === undefined) return;
  const [length = '', ...others] = given.split(',').map((each) => each.trim());
  if (!/^[0-9]+$/.test(length) || others.some((each) => each !== length)) {
    throw new TypeError(`Content-Length ${quoted(given)} is no length (RFC 9110 8.6)`);
  }
  if (content === undefined) headers.delete('Content-Length');
  else headers.set('Content-Length', length);
}

/**
 * The value of Authorization for the credentials in a URL (RFC 7617); undefined if there are none. @throws TypeError,
 * without showing them
 */
export function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const credentials = `${decoded(username)}:${decoded(password)}`;
  return `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TypeError('the URL has a user name or password that is not percent-encoded as it should be');
  }
}

/** The URL without credentials and fragment. */
export function bareURL(url: URL): URL {
  // For an empty fragment, `hash` is empty, but `href` has a "#".
  if (url.username === '' && url.password === '' && !url.href.includes('#')) return url;
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  bare.hash = '';
  return bare;
}
