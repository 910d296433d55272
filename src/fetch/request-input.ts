/**
 * What the fetch standard lets callers pass, `Request` objects included, as one FetchRequest. The platform's own Request class
 * checks and normalises; only bodies are kept apart, since a Request shows each of them as a stream of unknown length.
 */

import { multipartBlob } from '../client/multipart-blob.ts';
import { StreamPieces } from '../client/stream-pieces.ts';
import { now } from '../clock.ts';
import { withoutUserinfo } from '../inspection.ts';
import { bare, member } from '../options.ts';
import { Alarm } from '../schedule/alarms.ts';
import { Content, contentAtHand } from './content.ts';
import { checkedURL, type FetchRequest, fetchRequest, type RedirectMode } from './fetch-request.ts';

/** What fetch takes as its second argument; a body may also be an iterable or async iterable of strings and bytes. */
export type FetchInit = Omit<RequestInit, 'body'> & {
  readonly body?: RequestInit['body'] | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;
};

export interface RequestInput {
  readonly request: FetchRequest;
  readonly redirect: RedirectMode;
  readonly signal: AbortSignal | undefined;
}

interface GivenContent {
  readonly content: Content | undefined;
  readonly type: string | undefined;
}

/** Up to this size, the body of a Request that is all there is sent with its length. */
const MOST_GATHERED = 65_536;
const NO_BYTES = new Uint8Array(0);

/** @throws TypeError for what cannot be sent; what the stream of a body fails with */
export async function requestInput(input: string | URL | Request, init?: FetchInit | null): Promise<RequestInput> {
  const given = givenMembers(init);
  // The standard refuses URLs with credentials; here they become a field, as in fetchSync.
  const url = checkedURL(input instanceof Request ? input.url : input);
  const { content: own, type: contentType } = givenContent(given.body);
  const request = checkedRequest(
    input instanceof Request ? input : withoutCredentials(url),
    bare({
      ...every(given, input instanceof Request ? input : DEFAULTS),
      // Stands for the body, so that it is checked whether there may be one.
      body: own === undefined ? null : NO_BYTES,
    }),
  );
  if (request.integrity !== '') throw new TypeError('integrity is not checked here, so that it cannot be asked for');
  const content = own ?? (request.body === null ? undefined : await gathered(request.body));
  return {
    request: fetchRequest({
      url,
      method: request.method,
      headers: request.headers,
      content,
      contentType,
    }),
    redirect: request.redirect,
    signal: (given.signal === undefined && input instanceof Request ? input.signal : given.signal) ?? undefined,
  };
}

/** @throws the platform's TypeError, which names what is wrong in full, without the values of fields and the credentials of URLs */
function checkedRequest(input: Request | URL, init: RequestInit): Request {
  try {
    return new Request(input, init);
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

/** What a Request is made of here; the other members of the standard mean nothing to this client. */
type Members = Omit<Required<RequestInit>, 'body' | 'dispatcher' | 'duplex' | 'signal' | 'window'>;

/** What the standard takes for a member that is not given. */
const DEFAULTS: Members = bare({
  method: 'GET',
  headers: [],
  referrer: 'about:client',
  referrerPolicy: '',
  mode: 'cors',
  credentials: 'same-origin',
  cache: 'default',
  redirect: 'follow',
  integrity: '',
  keepalive: false,
});
const NAMES = [...(Object.keys(DEFAULTS) as (keyof Members)[]), 'body', 'signal', 'window'] as const;

/** What was given, read once, along the chain of prototypes as Web IDL has it, but not from Object.prototype. @throws TypeError */
function givenMembers(init: FetchInit | null | undefined): FetchInit {
  if (init === undefined || init === null) return bare({});
  if (typeof init !== 'object') throw new TypeError(`the init of fetch must be an object, got ${typeof init}`);
  return bare(Object.fromEntries(NAMES.map((name) => [name, member(init, name)])));
}

/** With each member that the platform looks for: it would find one that is missing on Object.prototype. */
function every(given: FetchInit, otherwise: Members): RequestInit {
  const members = Object.keys(DEFAULTS) as (keyof Members)[];
  const entries = members.map((name) => [name, given[name] === undefined ? otherwise[name] : given[name]] as const);
  const { window = null } = given;
  return Object.fromEntries([
    ...entries,
    ...Object.entries({ window, signal: null, duplex: 'half', dispatcher: null }),
  ]);
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

function givenContent(body: unknown): GivenContent {
  if (body === undefined || body === null) return { content: undefined, type: undefined };
  const blob = body instanceof FormData ? multipartBlob(body) : body;
  if (blob instanceof Blob) return { content: new Content(blob), type: blob.type || undefined };
  const atHand = contentAtHand(body);
  if (atHand !== undefined) return atHand;
  if (typeof body === 'object' && (Symbol.asyncIterator in body || Symbol.iterator in body)) {
    const pieces = body instanceof ReadableStream ? new StreamPieces(body.getReader()) : body;
    return { content: new Content(pieces as AsyncIterable<Uint8Array>), type: undefined };
  }
  // As the standard has it: anything else is text.
  return contentAtHand(String(body)) as GivenContent;
}

/**
 * The content of a Request. What comes before the event loop has turned once, as all does that was given whole, is gathered, so
 * that servers that want a Content-Length get one; a stream that takes longer is sent as it comes.
 */
async function gathered(stream: ReadableStream<Uint8Array>): Promise<Content> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  const turn = new Promise<undefined>((resolve) => new Alarm(now(), () => resolve(undefined)).ref());
  let pending = reader.read();
  for (let size = 0; size <= MOST_GATHERED; ) {
    const step = await Promise.race([pending, turn]);
    if (step === undefined) break;
    if (step.done) return new Content(Buffer.concat(parts));
    parts.push(step.value);
    size += step.value.length;
    pending = reader.read();
  }
  return new Content(new StreamPieces(reader, { parts, pending }));
}
