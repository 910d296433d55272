/**
 * What is to be fetched, after all forms in which it can be said have become one. It knows no connection.
 */

import { quoted } from '../http1/grammar.ts';
import { type HeadersInit, HTTPHeaders } from '../http1/headers.ts';
import type { Content } from './content.ts';
import { type Referrer, setReferer } from './referrer.ts';

/** What becomes of a redirect, as in the fetch standard. */
export type RedirectMode = 'follow' | 'error' | 'manual';

export interface FetchRequest {
  /** Without credentials and without a fragment: neither is sent. */
  readonly url: URL;
  readonly method: string;
  /** The caller's, and what follows from the URL and the body. */
  readonly headers: HTTPHeaders;
  readonly content: Content | undefined;
  /** What Referer is made of for each server anew; undefined: it is left alone. */
  readonly referrer: Referrer | undefined;
}

/** Where the Host field comes from: fields of another request must not bring its Host along; a caller that writes its own may want to. */
export type HostField = 'of the URL' | 'of the caller';

/** Methods that the standard takes in any case; others are as they are written. */
const NORMALISED: ReadonlySet<string> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']);
/** They would make the connection something else, or show credentials to scripts. */
const FORBIDDEN: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** The method as it is sent. @throws TypeError for one that fetch does not send; sending refuses what is no token */
export function checkedMethod(method: string): string {
  const upper = String(method).toUpperCase();
  if (FORBIDDEN.has(upper)) throw new TypeError(`fetch sends no ${upper} request: use HTTPConnection`);
  return NORMALISED.has(upper) ? upper : method;
}

/** @throws TypeError if it is no absolute URL */
export function parsedURL(input: string | URL): URL {
  const text = String(input);
  const url = URL.parse(text);
  if (url === null) {
    // The platform's own error has the text as a member, credentials included.
    const cause = Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' });
    throw new TypeError(`${quoted(text)} is no absolute URL`, { cause });
  }
  return url;
}

/** @throws TypeError if it is no URL, or one of another scheme */
export function checkedURL(input: string | URL): URL {
  const url = parsedURL(input);
  assertOfHTTP(url);
  return url;
}

/** @throws TypeError for another scheme */
export function assertOfHTTP(url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`only http: and https: can be fetched, not ${url.protocol}`);
  }
}

/**
 * The parts of a request; the URL's credentials become an Authorization field, unless there is one. A Host and a Content-Length
 * that cannot be meant for it are left out. @throws TypeError
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
  // Some servers refuse requests that do not say what sent them.
  if (!headers.has('User-Agent')) headers.set('User-Agent', 'dugong');
  const authorization = basicAuthorization(parts.url);
  if (authorization !== undefined && !headers.has('Authorization')) headers.set('Authorization', authorization);
  const url = bareURL(parts.url);
  // The caller's own field stays as it is, on all of the way.
  const referrer = headers.has('Referer') ? undefined : parts.referrer;
  if (referrer !== undefined) setReferer(headers, referrer, url);
  return { url, method, headers, content, referrer };
}

/** A length that speaks of no body is that of another request. Equal ones are one (RFC 9110 8.6). @throws TypeError */
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

/** What the credentials in a URL mean (RFC 7617); undefined without any. @throws TypeError, in which they do not stand */
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

/** Without credentials and fragment. */
export function bareURL(url: URL): URL {
  // An empty fragment is none by `hash`.
  if (url.username === '' && url.password === '' && !url.href.includes('#')) return url;
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  bare.hash = '';
  return bare;
}
