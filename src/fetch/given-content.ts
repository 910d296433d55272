/**
 * Converts the body of a fetch from all forms, those of other realms and of polyfills included, into Content. The
 * platform's Request converts values that are unknown here.
 */

import { Readable } from 'node:stream';
import { types } from 'node:util';
import { multipartBlob } from '../client/multipart-blob.ts';
import { StreamPieces } from '../client/stream-pieces.ts';
import { bare } from '../options.ts';
import { Content, contentAtHand, type TypedContent } from './content.ts';
import { type Body, DEFAULTS, platformRequest, wholeRequest } from './platform-request.ts';

/** A converted body. */
export interface GivenContent {
  readonly content: Content | undefined;
  /** The Content-Type that its form implies. */
  readonly type: string | undefined;
}

/** Most bytes of a Request's body that are read into memory, unless the body comes in one piece. */
const MOST_GATHERED = 1 << 28;

/**
 * Converts a body. Bytes are copied and a stream is locked before the function returns its promise: the caller may
 * reuse the memory, and sees that the stream is taken. An abort of `signal` cancels a stream with its reason.
 * @throws TypeError for a stream that is locked or was read before; the error of a Blob of another library
 */
export async function givenContent(body: unknown, signal: AbortSignal | undefined): Promise<GivenContent> {
  if (body === undefined || body === null) return { content: undefined, type: undefined };
  const atHand = contentAtHand(types.isStringObject(body) ? String(body) : body);
  if (atHand !== undefined) return copyOf(atHand);
  const blob = isForeignBlob(body) || isForeignForm(body) ? await copied(body) : blobOf(body);
  if (blob !== undefined) return { content: new Content(blob), type: blob.type || undefined };
  const pieces = piecesOf(body, signal);
  if (pieces !== undefined) return { content: new Content(pieces), type: undefined };
  const members = bare({ method: 'POST' });
  const request = platformRequest('http://localhost', members, { otherwise: DEFAULTS, body: body as Body });
  return {
    content: await contentOfRequest(request, signal),
    type: request.headers.get('Content-Type') ?? undefined,
  };
}

/** Copies bytes, as the standard demands (Fetch, "extract a body"). */
function copyOf(given: TypedContent): GivenContent {
  const { data } = given.content;
  return data instanceof Uint8Array ? { content: new Content(new Uint8Array(data)), type: given.type } : given;
}

/** Returns a Blob, or FormData as a Blob; undefined for other values. */
function blobOf(body: unknown): Blob | undefined {
  if (body instanceof FormData) return multipartBlob(body);
  return body instanceof Blob ? body : undefined;
}

function nameOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && Symbol.toStringTag in value && value[Symbol.toStringTag];
}

/** Whether a value is a Blob of another realm or library: these are recognised by their names. */
function isForeignBlob(value: unknown): value is Blob {
  if (value instanceof Blob) return false;
  if (nameOf(value) !== 'Blob' && nameOf(value) !== 'File') return false;
  return typeof (value as Partial<Blob>).arrayBuffer === 'function';
}

function isForeignForm(value: unknown): value is FormData {
  if (value instanceof FormData) return false;
  return nameOf(value) === 'FormData' && typeof (value as Partial<FormData>)[Symbol.iterator] === 'function';
}

async function copied(foreign: Blob | FormData): Promise<Blob> {
  if (isForeignForm(foreign)) return multipartBlob(await copiedForm(foreign));
  return new Blob([await (foreign as Blob).arrayBuffer()], bare({ type: String((foreign as Blob).type ?? '') }));
}

async function copiedForm(form: FormData): Promise<FormData> {
  const copy = new FormData();
  for (const [name, value] of form) {
    if (isForeignBlob(value)) copy.append(name, await copied(value), value.name ?? 'blob');
    else copy.append(name, value as string);
  }
  return copy;
}

/**
 * Returns the pieces of a stream or another iterable; undefined for other values. @throws TypeError for a stream that
 * is locked or was read before
 */
function piecesOf(body: unknown, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  if (body instanceof ReadableStream) {
    // isDisturbed works for this kind of stream, too; only its type does not say so.
    if (body.locked || Readable.isDisturbed(body as unknown as Readable))
      throw new TypeError('the stream that is to be the body is being read already');
    return new StreamPieces(body.getReader(), signal);
  }
  const iterable = Symbol.asyncIterator in body || Symbol.iterator in body;
  return iterable ? (body as AsyncIterable<Uint8Array>) : undefined;
}

/**
 * Returns the body of a Request, which always shows a stream. A body that was given as a whole becomes a whole again,
 * so that it has a length and can be repeated. A stream is sent as it arrives. @throws the error of a Blob in the body
 */
export async function contentOfRequest(
  request: Request,
  signal: AbortSignal | undefined,
): Promise<Content | undefined> {
  if (request.body === null) return undefined;
  const whole = wholeRequest(request)?.body;
  if (whole === undefined || whole === null) return new Content(new StreamPieces(request.body.getReader(), signal));
  return await gathered(whole, signal);
}

/**
 * Collects the body, which is in memory already, except for a Blob of a file. If that is larger than the limit, the
 * rest is read while it is sent.
 */
async function gathered(stream: ReadableStream<Uint8Array>, signal: AbortSignal | undefined): Promise<Content> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  for (let size = 0; parts.length < 2 || size <= MOST_GATHERED; ) {
    const step = await reader.read();
    if (step.done) return new Content(Buffer.concat(parts));
    parts.push(step.value);
    size += step.value.length;
    if (signal?.aborted) break;
  }
  return new Content(new StreamPieces(reader, signal, parts));
}
