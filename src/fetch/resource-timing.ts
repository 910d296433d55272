/**
 * How long a fetch took, as the platform's fetch tells it: by an entry of the type "resource" on the performance timeline (Resource
 * Timing 3). It knows times and sizes; there is an entry for each fetch whose body has come in whole, and for no other.
 */

import type { HTTPConnection } from '../client/http-connection.ts';
import { markResourceTiming, now } from '../clock.ts';

/** Bytes of a body, as it came and without its content codings. */
export interface BodySizes {
  readonly encoded: number;
  readonly decoded: number;
}

/** Tools collect it: without credentials. */
function shown(url: URL): string {
  if (url.username === '' && url.password === '') return url.href;
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}

/** The times of one fetch. */
export class ResourceTiming {
  readonly #requested: URL;
  readonly #startTime = now();
  /** When the latest request began. */
  #requestTime = this.#startTime;
  #redirectEndTime = 0;
  #askTime = 0;
  /** If one was made for the latest request. */
  #newConnection: { readonly end: number; readonly secure: boolean } | undefined;
  #answerTime = 0;

  /** The fetch begins. `requested` is the first URL. */
  constructor(requested: URL) {
    this.#requested = requested;
  }

  /** Another request follows. */
  redirected(): void {
    this.#requestTime = now();
    this.#redirectEndTime = this.#requestTime;
  }

  /** There is a connection for the request, which may be still to be made. */
  asking(): void {
    this.#askTime = now();
  }

  answered(connection: HTTPConnection): void {
    const { connectedAt: end = 0 } = connection;
    const isNew = end > this.#askTime;
    this.#newConnection = isNew ? { end, secure: connection.getProtocol() !== null } : undefined;
    this.#answerTime = now();
  }

  /** The body has come in whole. */
  ended({ encoded, decoded }: BodySizes, status: number): void {
    const redirected = this.#redirectEndTime > 0;
    const timing = {
      startTime: this.#startTime,
      redirectStartTime: redirected ? this.#startTime : 0,
      redirectEndTime: this.#redirectEndTime,
      postRedirectStartTime: this.#requestTime,
      finalServiceWorkerStartTime: 0,
      finalConnectionTimingInfo: this.#connectionTiming(),
      finalNetworkRequestStartTime: this.#newConnection?.end ?? this.#askTime,
      finalNetworkResponseStartTime: this.#answerTime,
      endTime: now(),
      encodedBodySize: encoded,
      decodedBodySize: decoded,
    };
    // Some versions of Node take no more than the first five.
    markResourceTiming(timing, shown(this.#requested), 'fetch', globalThis, '', {}, status);
  }

  /**
   * A connection that was there already took no time (Fetch, "clamp and coarsen connection timing info"). Of a new one, the name and
   * TLS are not told apart from the rest.
   */
  #connectionTiming(): object {
    const made = this.#newConnection;
    const start = made === undefined ? this.#requestTime : this.#askTime;
    return {
      domainLookupStartTime: start,
      domainLookupEndTime: start,
      connectionStartTime: start,
      connectionEndTime: made?.end ?? start,
      secureConnectionStartTime: made?.secure === false ? 0 : start,
      ALPNNegotiatedProtocol: 'http/1.1',
    };
  }
}
