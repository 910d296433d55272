/**
 * All that a client hears when it reads some responses over the pure core, as plain data that can be compared. It judges
 * nothing but what no input may cause: an error that is not documented, or a call that makes no progress.
 */

import assert from 'node:assert/strict';
import {
  type BodyDecoder,
  ClientProtocol,
  type ClientProtocolOptions,
  ConnectionClosed,
  InvalidResponse,
  type Response,
  UnsupportedResponse,
} from 'dugong/http1';

export type End = 'open' | 'orderly' | 'failed';

export interface Trace {
  /** Heads, bodies, trailers and errors in their order; bodies that came in parts are one. */
  readonly events: string[];
  readonly protocol: ClientProtocol;
  /** The responses whose body, if there is one, came in full. */
  readonly complete: readonly Complete[];
  /** The most memory that the receive buffer took. */
  readonly capacity: number;
}

export interface Complete {
  readonly response: Response;
  readonly body: string;
}

/** How a body is read. */
export interface Way {
  /** Bytes of the memory that is given for it. */
  readonly part?: number;
  /** Whether the bytes that belong to it for certain are received past the buffer. */
  readonly direct?: boolean;
  /** Whether all pieces and the end are there before anything is read. */
  readonly early?: boolean;
}

/** Reads one response per method, from `pieces` and then the end. */
export function trace(
  methods: readonly string[],
  pieces: readonly Buffer[],
  end: End,
  options: Partial<ClientProtocolOptions> = {},
  way: Way = {},
): Trace {
  return new Reader(pieces, end, options, way).run(methods);
}

class Reader {
  readonly #events: string[] = [];
  readonly #protocol: ClientProtocol;
  readonly #complete: Complete[] = [];
  readonly #pieces: Buffer[];
  readonly #end: End;
  readonly #part: Buffer;
  readonly #direct: boolean;
  readonly #early: boolean;
  #brought = 0;
  #capacity = 0;

  constructor(pieces: readonly Buffer[], end: End, options: Partial<ClientProtocolOptions>, way: Way) {
    this.#pieces = pieces.slice();
    this.#part = Buffer.alloc(way.part ?? 4096);
    this.#direct = way.direct ?? false;
    this.#early = way.early ?? false;
    this.#end = end;
    this.#protocol = new ClientProtocol({
      host: 'origin.example',
      receiveBufferSize: 256,
      onInformational: ({ head }) =>
        this.#events.push(`informational ${head.status} ${JSON.stringify([...head.headers])}`),
      ...options,
    });
  }

  run(methods: readonly string[]): Trace {
    for (const [index, method] of methods.entries()) {
      this.#protocol.sendRequest(method, method === 'CONNECT' ? 'origin.example:443' : `/${index}`);
    }
    if (this.#early) while (this.#brought <= this.#pieces.length) this.#bring();
    try {
      for (const _ of methods) if (!this.#exchange()) break;
    } catch (error) {
      this.#events.push(documented(error));
    }
    return { events: this.#events, protocol: this.#protocol, complete: this.#complete, capacity: this.#capacity };
  }

  /** One response. False if the server says no more and leaves the connection open. */
  #exchange(): boolean {
    let response: Response | undefined;
    do {
      response = this.#protocol.nextResponse();
      if (response === undefined && !this.#bring()) return false;
    } while (response === undefined);
    const { path, head, framing, body } = response;
    let content = '';
    this.#events.push(
      `${path} ${head.status} ${JSON.stringify(head.reason)} ${JSON.stringify([...head.headers])} ${framing.kind} ${head.byteLength}`,
    );
    if (body !== undefined) {
      const read = this.#body(body);
      if (read === undefined) return false;
      content = read;
      this.#events.push(`trailers ${JSON.stringify([...body.trailers])}`);
    }
    this.#complete.push({ response, body: content });
    return framing.kind !== 'tunnel';
  }

  /** The whole body; undefined if it does not come. */
  #body(body: BodyDecoder): string | undefined {
    const before = 'body ';
    let at = -1;
    for (;;) {
      const count = this.#receivePast(body) ?? this.#protocol.readBody(body, this.#part, 0, this.#part.length);
      if (count === 0) return at < 0 ? '' : this.#events[at]?.slice(before.length);
      if (count === undefined) {
        if (!this.#bring()) return undefined;
        continue;
      }
      if (at < 0) at = this.#events.push(before) - 1;
      this.#events[at] += this.#part.toString('latin1', 0, count);
    }
  }

  /** Takes bytes of the body from the next piece, if that is allowed; what is left of the piece is brought as ever. */
  #receivePast(body: BodyDecoder): number | undefined {
    const piece = this.#pieces[this.#brought];
    if (!this.#direct || piece === undefined || this.#protocol.input.length > 0) return undefined;
    const count = Math.min(body.direct, piece.length, this.#part.length);
    if (count === 0) return undefined;
    piece.copy(this.#part, 0, 0, count);
    this.#pieces[this.#brought] = piece.subarray(count);
    this.#protocol.receivedBody(body, count);
    return count;
  }

  /** False if nothing more comes. */
  #bring(): boolean {
    const index = this.#brought++;
    const piece = this.#pieces[index];
    if (piece !== undefined) this.#protocol.input.push(piece);
    else if (this.#end !== 'open' && index > this.#pieces.length) assert.fail('more bytes were wanted after the end');
    else if (this.#end === 'orderly') this.#protocol.receivedEnd();
    else if (this.#end === 'failed') this.#protocol.receiveFailed(new Error('reset'));
    this.#capacity = Math.max(this.#capacity, this.#protocol.input.bytes.length);
    return piece !== undefined || this.#end !== 'open';
  }
}

/**
 * What an error says, but for what had come of another protocol by then. Any that a server's bytes must not cause is a failure
 * of the test.
 */
function documented(error: unknown): string {
  if (error instanceof InvalidResponse || error instanceof UnsupportedResponse || error instanceof ConnectionClosed) {
    // The more has come, the more is shown, and the surer it is whether that is a record of TLS.
    const message = error.message
      .replace(/begins with ".*"/, 'begins with ...')
      .replace(/\. This port speaks TLS: .*/, '');
    return `${error.name}: ${message}`;
  }
  throw error;
}
