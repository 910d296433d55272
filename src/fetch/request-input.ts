/**
 * Converts the arguments of fetch, `Request` objects included, into a FetchRequest. The platform's Request checks and
 * normalises input that is not plain. Bodies are handled separately, because a Request shows each body as a stream of
 * unknown length.
 */

import type { HTTPHeaders } from '../http1/headers.ts';
import { withoutUserinfo } from '../inspection.ts';
import { bare, member } from '../options.ts';
import { bareURL, type FetchRequest, fetchRequest, type RedirectMode } from './fetch-request.ts';
import { contentOfRequest, givenContent } from './given-content.ts';
import { fieldsInCase, givenFields } from './given-fields.ts';
import { givenSignal } from './given-signal.ts';
import { type CheckedMembers, plainRequest } from './plain-request.ts';
import { DEFAULTS, type Members, NAMES_OF_MEMBERS, platformRequest } from './platform-request.ts';
import { referrerOf } from './referrer.ts';

/**
 * The second argument of a {@link Fetch}: the init of the Fetch standard. A body may also be an iterable or async
 * iterable of strings and bytes, which is sent chunked.
 *
 * @example
 * ```js
 * import { createFetch } from 'dugong';
 *
 * const fetch = createFetch();
 * const body = ['first line\n', 'second line\n'];
 * const response = await fetch('http://localhost:8080/a', { method: 'PUT', body, redirect: 'error' });
 * console.log(await response.text()); // 23 bytes taken
 * fetch.closeIdleConnections();
 * ```
 */
export type FetchInit = Omit<RequestInit, 'body'> & {
  /** The body: what the standard accepts, or an iterable of strings and bytes. Not for GET and HEAD. */
  readonly body?: RequestInit['body'] | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;
  /** Adds fields for caches on the way; this client has no cache. */
  readonly cache?: Request['cache'];
  /** Checked, but without effect. */
  readonly priority?: string;
};

/** The checked arguments of a fetch. */
export interface RequestInput {
  readonly request: FetchRequest;
  readonly redirect: RedirectMode;
  readonly signal: AbortSignal | undefined;
  /** Digests for the body of the response (Subresource Integrity); empty: no check. */
  readonly integrity: string;
}

const NO_BYTES = new Uint8Array(0);
const NAMES = [...NAMES_OF_MEMBERS, 'body', 'duplex', 'priority', 'signal', 'window'] as const;

/**
 * Checks the arguments. `url` is the input's URL, of scheme http or https. An abort of the signal cancels a stream with
 * its reason.
 * @throws TypeError for input that cannot be sent; the error of a Blob in the body
 */
export async function requestInput(
  url: URL,
  input: string | URL | Request,
  init: FetchInit | null | undefined,
): Promise<RequestInput> {
  const given = givenMembers(init);
  const { body, signal: own } = given;
  const from = input instanceof Request ? input : undefined;
  // Check the signal before the body of a Request is taken.
  const signal = givenSignal(own === undefined ? from?.signal : own);
  if (given.keepalive && body instanceof ReadableStream) {
    throw new TypeError('a request with keepalive cannot have a stream as its body');
  }
  given.headers = givenFields(given.headers);
  const { checked, request: made } = checkedMembers(from ?? url, given);
  const headers = fieldsInCase(given.headers, checked.headers);
  addCacheFields(headers, checked.cache);
  const { content, type } =
    body === undefined || body === null
      ? { content: made && (await contentOfRequest(made, signal)), type: undefined }
      : await givenContent(body, signal);
  const { method, redirect, integrity } = checked;
  const referrer = referrerOf(checked);
  // Fields of Node's fetch; some servers check them.
  if (!headers.has('Accept-Language')) headers.set('Accept-Language', '*');
  headers.set('Sec-Fetch-Mode', checked.mode);
  const request = fetchRequest({ url, method, headers, content, contentType: type, host: 'of the URL', referrer });
  return { request, redirect, signal, integrity };
}

interface Checked {
  readonly checked: CheckedMembers;
  /** Has the body of the given Request, if there is one. */
  readonly request: Request | undefined;
}

/** Checks the members. @throws the platform's TypeError, without values of fields and credentials of URLs */
function checkedMembers(input: Request | URL, given: Given): Checked {
  try {
    const plain = input instanceof Request ? undefined : plainRequest(given);
    if (plain !== undefined) return { checked: plain, request: undefined };
    // The standard refuses URLs with credentials. Here they become a field, as in fetchSync.
    const request = platformRequest(input instanceof Request ? input : bareURL(input), given as Partial<Members>, {
      otherwise: input instanceof Request ? membersOf(input, given) : DEFAULTS,
      // Stands for the body, so that the platform checks whether a body is allowed.
      body: given.body === undefined || given.body === null ? null : NO_BYTES,
    });
    return { checked: request, request };
  } catch (error) {
    const { message } = error as Error;
    const ofField = /header/i.test(message);
    throw new TypeError(
      ofField
        ? 'the headers are no pairs, record or Headers of names and values that fields can have'
        : withoutUserinfo(message),
    );
  }
}

/**
 * The members of a Request. If the init has any member, the Request's referrer is dropped (Fetch, "Request(input,
 * init)", step 13).
 */
function membersOf(request: Request, given: Given): Members {
  if (Object.values(given).every((value) => value === undefined)) return request;
  const members = Object.fromEntries(NAMES_OF_MEMBERS.map((name) => [name, request[name]]));
  return bare({ ...members, referrer: DEFAULTS.referrer, referrerPolicy: DEFAULTS.referrerPolicy }) as Members;
}

type Given = { -readonly [Name in (typeof NAMES)[number]]?: unknown };

/**
 * Reads the members of `init` once, along the chain of prototypes as Web IDL demands, but not from Object.prototype.
 * @throws TypeError
 */
function givenMembers(init: FetchInit | null | undefined): Given {
  const given = bare({}) as Given;
  if (init === undefined || init === null) return given;
  if (typeof init !== 'object' && typeof init !== 'function') {
    throw new TypeError(`the init of fetch must be an object, got ${typeof init}`);
  }
  for (const name of NAMES) given[name] = member(init, name);
  return given;
}

/** If the caller sets one of these fields, the caller does the work of a cache. */
const CONDITIONS = ['If-Modified-Since', 'If-None-Match', 'If-Unmodified-Since', 'If-Match', 'If-Range'];

/**
 * Adds the fields of `mode`, unless the caller has set them. @throws TypeError for "only-if-cached", since there is no
 * cache
 */
export function addCacheFields(headers: HTTPHeaders, mode: Request['cache']): void {
  if (mode === 'only-if-cached') throw new TypeError('nothing can be had only if it is cached: there is no cache');
  if (mode === 'no-cache') addIfMissing(headers, 'Cache-Control', 'max-age=0');
  const conditional = mode === 'default' && CONDITIONS.some((name) => headers.has(name));
  if (!conditional && mode !== 'no-store' && mode !== 'reload') return;
  addIfMissing(headers, 'Pragma', 'no-cache');
  addIfMissing(headers, 'Cache-Control', 'no-cache');
}

function addIfMissing(headers: HTTPHeaders, name: string, value: string): void {
  if (!headers.has(name)) headers.append(name, value);
}
