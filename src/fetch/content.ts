/**
 * The body of a request that may have to be sent more than once: again after a redirect, again when an idle connection turns
 * out to be dead. It knows whether that is possible, not whether it is allowed.
 */

import { awaitedPieces, type BodyPieces, comesInPieces } from '../client/body-source.ts';
import { bytesOf } from '../client/given-bytes.ts';
import { FORM_TYPE } from '../client/request-body.ts';

/** Up to this many bytes go out before anything is read: they fit into what the kernel takes from us. */
const SMALL = 65_536;

export class Content {
  /** What `sendRequest` is given. */
  readonly data: string | Uint8Array | BodyPieces;
  /** Comes from something that can be read once, and has been begun. */
  #begun = false;
  /** What can be read once. */
  #source: Exclude<BodyPieces, Blob> | undefined;

  /** @throws TypeError for an array of something else than strings and bytes */
  constructor(data: string | Uint8Array | BodyPieces) {
    const lasting = !comesInPieces(data) || Array.isArray(data) || data instanceof Blob;
    this.data = lasting ? data : this.#once(data as Exclude<BodyPieces, Blob>);
  }

  /** Whether it can be sent from its beginning now. */
  get repeatable(): boolean {
    return !this.#begun;
  }

  /** Whether its sending may take so long that the server is to be read from meanwhile. */
  get large(): boolean {
    return comesInPieces(this.data) || this.data.length > SMALL;
  }

  /**
   * It will not be sent: its source is ended, so that it can clean up, with `reason` if it is a stream. One that has been begun is
   * ended by the sender.
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

/** What the source makes of it changes nothing any more. */
function leave(source: Exclude<BodyPieces, Blob>, reason: unknown): void {
  const told = async (): Promise<unknown> =>
    Symbol.iterator in source
      ? source[Symbol.iterator]().return?.(reason)
      : await awaitedPieces(source).return?.(reason);
  told().catch(() => undefined);
}

/** Content with the type that its form implies. */
export interface TypedContent {
  readonly content: Content;
  readonly type: string | undefined;
}

/** What is all there, in the forms that fetch knows; undefined if `body` is none of them. */
export function contentAtHand(body: unknown): TypedContent | undefined {
  if (typeof body === 'string') return { content: new Content(body), type: 'text/plain;charset=UTF-8' };
  if (body instanceof URLSearchParams) {
    return { content: new Content(body.toString()), type: FORM_TYPE };
  }
  const bytes = bytesOf(body);
  return bytes && { content: new Content(bytes), type: undefined };
}
