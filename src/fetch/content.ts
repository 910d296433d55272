/**
 * The body of a request that may have to be sent more than once: after a redirect, or if an idle connection turns out
 * to be closed. It knows whether repeating is possible, not whether it is allowed.
 */

import { bytesOf } from '../client/given-bytes.ts';
import { FORM_TYPE } from '../client/request-body.ts';
import { awaitedPieces, type BodyPieces, comesInPieces } from '../client/request-pieces.ts';

/** Bytes that are sent before anything is read: they fit into the kernel's send buffer. */
const SMALL = 65_536;

/** The content of a request. */
export class Content {
  /** The value for the option `body` of `sendRequest`. */
  readonly data: string | Uint8Array | BodyPieces;
  /** Whether the source can be read only once and reading has begun. */
  #begun = false;
  /** The source, if it can be read only once. */
  #source: Exclude<BodyPieces, Blob> | undefined;

  /** @throws TypeError for an array with elements other than strings and bytes */
  constructor(data: string | Uint8Array | BodyPieces) {
    const lasting = !comesInPieces(data) || Array.isArray(data) || data instanceof Blob;
    this.data = lasting ? data : this.#once(data as Exclude<BodyPieces, Blob>);
  }

  /** Whether it can be sent from its beginning now. */
  get repeatable(): boolean {
    return !this.#begun;
  }

  /** Whether sending may take so long that the client must read from the server meanwhile. */
  get large(): boolean {
    return comesInPieces(this.data) || this.data.length > SMALL;
  }

  /**
   * Ends a source that will not be sent, so that it can clean up; a stream gets `reason`. If sending has begun, the
   * sender ends the source.
   */
  cancel(reason: unknown): void {
    const source = this.#source;
    if (source === undefined || this.#begun) return;
    this.#begun = true;
    leave(source, reason);
  }

  #once(pieces: Exclude<BodyPieces, Blob>): BodyPieces {
    this.#source = pieces;
    const begin = <T>(iterator: T): T => {
      this.#begun = true;
      return iterator;
    };
    if (Symbol.iterator in pieces) return { [Symbol.iterator]: () => begin(pieces[Symbol.iterator]()) };
    return { [Symbol.asyncIterator]: () => begin(awaitedPieces(pieces)) };
  }
}

/** Ends the source and ignores its errors. */
function leave(source: Exclude<BodyPieces, Blob>, reason: unknown): void {
  const told = async (): Promise<unknown> =>
    Symbol.iterator in source
      ? source[Symbol.iterator]().return?.(reason)
      : await awaitedPieces(source).return?.(reason);
  told().catch(() => undefined);
}

/** Content with the Content-Type that its form implies. */
export interface TypedContent {
  readonly content: Content;
  readonly type: string | undefined;
}

/** Content of a body that is completely in memory, in the forms of the fetch standard; undefined for other values. */
export function contentAtHand(body: unknown): TypedContent | undefined {
  if (typeof body === 'string') return { content: new Content(body), type: 'text/plain;charset=UTF-8' };
  if (body instanceof URLSearchParams) {
    return { content: new Content(body.toString()), type: FORM_TYPE };
  }
  const bytes = bytesOf(body);
  return bytes && { content: new Content(bytes), type: undefined };
}
