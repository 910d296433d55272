/**
 * What the fetch standard lets callers pass, `Request` objects included, as one FetchRequest. The platform's own Request class
 * checks and normalises what is not plain; only bodies are kept apart, since a Request shows each of them as a stream of unknown
 * length.
 */

import { withoutUserinfo } from '../inspection.ts';
import { bare, member } from '../options.ts';
import { addCacheFields } from './cache-fields.ts';
import { bareURL, type FetchRequest, fetchRequest, type RedirectMode } from './fetch-request.ts';
import { contentOfRequest, givenContent } from './given-content.ts';
import { fieldsInCase, givenFields } from './given-fields.ts';
import { givenSignal } from './given-signal.ts';
import { type CheckedMembers, plainRequest } from './plain-request.ts';
import { DEFAULTS, type Members, NAMES_OF_MEMBERS, platformRequest } from './platform-request.ts';
import { referrerOf } from './referrer.ts';

/** What fetch takes as its second argument; a body may also be an iterable or async iterable of strings and bytes. */
export type FetchInit = Omit<RequestInit, 'body'> & {
  readonly body?: RequestInit['body'] | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;
  /** What caches on the way are asked for; there is none here. */
  readonly cache?: Request['cache'];
  /** It is checked, and means nothing here. */
  readonly priority?: string;
};

export interface RequestInput {
  readonly request: FetchRequest;
  readonly redirect: RedirectMode;
  readonly signal: AbortSignal | undefined;
  /** Digests that the body of the answer may have (Subresource Integrity); empty: any. */
  readonly integrity: string;
}

const NO_BYTES = new Uint8Array(0);
const NAMES = [...NAMES_OF_MEMBERS, 'body', 'duplex', 'priority', 'signal', 'window'] as const;

/**
 * `url` is that of the input, of HTTP. When the signal is aborted, its reason is what streams are cancelled with.
 * @throws TypeError for what cannot be sent; what the Blobs of a body fail with
 */
export async function requestInput(
  url: URL,
  input: string | URL | Request,
  init: FetchInit | null | undefined,
): Promise<RequestInput> {
  const given = givenMembers(init);
  const { body, signal: own } = given;
  const from = input instanceof Request ? input : undefined;
  // Before the body of a Request is taken from it.
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
  // As Node's fetch has them; there are servers that look at them.
  if (!headers.has('Accept-Language')) headers.set('Accept-Language', '*');
  headers.set('Sec-Fetch-Mode', checked.mode);
  const request = fetchRequest({ url, method, headers, content, contentType: type, host: 'of the URL', referrer });
  return { request, redirect, signal, integrity };
}

interface Checked {
  readonly checked: CheckedMembers;
  /** Has the body of the Request that was given, if there is one. */
  readonly request: Request | undefined;
}

/** @throws the platform's TypeError, which names what is wrong in full, without the values of fields and the credentials of URLs */
function checkedMembers(input: Request | URL, given: Given): Checked {
  try {
    const plain = input instanceof Request ? undefined : plainRequest(given);
    if (plain !== undefined) return { checked: plain, request: undefined };
    // The standard refuses URLs with credentials; here they become a field, as in fetchSync.
    const request = platformRequest(input instanceof Request ? input : bareURL(input), given as Partial<Members>, {
      otherwise: input instanceof Request ? membersOf(input, given) : DEFAULTS,
      // Stands for the body, so that it is checked whether there may be one.
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

/** An init that says anything takes the referrer from a Request (Fetch, "Request(input, init)", step 13). */
function membersOf(request: Request, given: Given): Members {
  if (Object.values(given).every((value) => value === undefined)) return request;
  const members = Object.fromEntries(NAMES_OF_MEMBERS.map((name) => [name, request[name]]));
  return bare({ ...members, referrer: DEFAULTS.referrer, referrerPolicy: DEFAULTS.referrerPolicy }) as Members;
}

type Given = { -readonly [Name in (typeof NAMES)[number]]?: unknown };

/** What was given, read once, along the chain of prototypes as Web IDL has it, but not from Object.prototype. @throws TypeError */
function givenMembers(init: FetchInit | null | undefined): Given {
  const given = bare({}) as Given;
  if (init === undefined || init === null) return given;
  if (typeof init !== 'object' && typeof init !== 'function') {
    throw new TypeError(`the init of fetch must be an object, got ${typeof init}`);
  }
  for (const name of NAMES) given[name] = member(init, name);
  return given;
}
