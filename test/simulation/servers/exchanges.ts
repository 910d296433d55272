/**
 * Records of what servers of the world see and send, for an oracle. Whatever a server does that HTTP does
 * not allow is in its Answer, by name.
 */

/** A request as a server saw it. */
export interface SeenRequest {
  readonly connection: string;
  readonly method: string;
  readonly target: string;
  /** `HTTP/1.1`. */
  readonly version: string;
  readonly headers: ReadonlyMap<string, string>;
  /** The received part of the body. */
  body: Buffer;
  /** Whether all of it arrived. */
  complete: boolean;
  readonly trailers: Map<string, string>;
  /** Whether it was granted 100 Continue. */
  granted: boolean;
}

/** Each breaks HTTP in a way that a client can see, unless it says otherwise. */
export const MALFORMATIONS = [
  /** No status line. */
  'status-line',
  /** A version that is none of HTTP/1. */
  'version',
  /** A field without a colon. */
  'field',
  /** Two lengths that differ. */
  'two-lengths',
  /** A length that is no number. */
  'length',
  /** A length and chunks: a client may refuse it, or go by the chunks and close (RFC 9112 6.3). */
  'length-and-chunks',
  /** A size of a chunk that is no number. */
  'chunk-size',
  /** A chunk that is longer than its size. */
  'chunk-end',
  /** 101 for a request that asked for no other protocol. */
  'switching',
  /** A head that comes to no end; the connection closes behind it. */
  'endless-head',
] as const;

export type Malformation = (typeof MALFORMATIONS)[number];

/** How a server ends a connection. `abrupt`: without reading what has arrived, or arrives; where possible, RST follows. */
export type Ending = 'announced' | 'unannounced' | 'abrupt' | 'reset';

export interface Answer {
  readonly status?: number;
  /** 1.0: the connection ends with it, unless `keepAlive`; and there are no chunks. */
  readonly version?: '1.0' | '1.1';
  /** Says `Connection: keep-alive`. */
  readonly keepAlive?: boolean;
  readonly headers?: readonly string[];
  readonly body?: Buffer;
  readonly trailers?: readonly string[];
  /** How the end of the body is known. `close` ends the connection. */
  readonly framing?: 'length' | 'chunked' | 'close';
  /** Sizes of chunks, in turn, and the extensions in their lines; and bytes to send at a time, with a pause after each. */
  readonly chunks?: readonly number[];
  readonly extensions?: readonly string[];
  readonly piece?: number;
  readonly pause?: number;
  /** Milliseconds before it. */
  readonly delay?: number;
  /** Informational responses before it, with so many milliseconds after each. */
  readonly before?: readonly string[];
  readonly beforePause?: number;
  /** Close behind it, announced or not. */
  readonly close?: Ending;
  /**
   * Of an early response: the body is the request's, sent back as it arrives, in chunks. The server reads no further before
   * its bytes are with the kernel.
   */
  readonly echo?: boolean;

  // --- faults --------------------------------------------------------------------------------------------------------

  /** Nothing of it is sent: the connection ends in place of it, or nothing ever arrives. */
  readonly instead?: Ending | 'silence';
  /** It ends after so many bytes, those of `before` not counted. `silence`: the rest never comes. */
  readonly cut?: { readonly after: number; readonly how: Ending | 'silence' };
  readonly malformed?: Malformation;
  /** It is sent a second time. */
  readonly twice?: boolean;
  /** Bytes behind it that belong to no response. */
  readonly stray?: Buffer;
}

/** A response as it was sent. */
export interface SentAnswer {
  readonly connection: string;
  readonly request: SeenRequest;
  readonly status: number;
  /** The body, whether the response's kind has one or not. */
  body: Buffer;
  /** Whether all of it was given to the kernel. */
  complete: boolean;
  /** The response as planned. */
  readonly answer: Answer;
  /** Number of bytes given to the kernel, informational responses included. */
  bytes: number;
}

export interface ServerLog {
  readonly requests: SeenRequest[];
  readonly answers: SentAnswer[];
  /** The server's actions on a connection between responses, by name: `idle-close`, `greeting`. */
  readonly deeds: { readonly connection: string; readonly deed: string }[];
}

/** The faults that HTTP does not allow, as a client sees them. Closing without an announcement is allowed. */
export function faultsOf({ instead, cut, malformed, twice, stray }: Answer): string[] {
  const faults: string[] = [];
  if (instead !== undefined) faults.push(`instead ${instead}`);
  if (cut !== undefined) faults.push(`cut ${cut.how}`);
  if (malformed !== undefined) faults.push(malformed);
  if (twice === true) faults.push('twice');
  if (stray !== undefined) faults.push('stray');
  return faults;
}

/** A 1xx as `before` takes it. */
export function informational(status: number, fields: readonly string[] = []): string {
  return `${[`HTTP/1.1 ${status} Informational`, ...fields].join('\r\n')}\r\n\r\n`;
}
