/**
 * Reports the times of a fetch as the platform's fetch does: an entry of type "resource" on the performance timeline
 * (Resource Timing 3). It knows times and sizes. A fetch gets an entry only if its whole body has arrived.
 */

import type { HTTPConnection } from '../client/http-connection.ts';
import { markResourceTiming, now } from '../clock.ts';

/** Bytes of a body, as received and decoded. */
export interface BodySizes {
  readonly encoded: number;
  readonly decoded: number;
}

/** The URL for the entry, without credentials, because tools collect entries. */
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
  /** The time at which the latest request began. */
  #requestTime = this.#startTime;
  #redirectEndTime = 0;
  #askTime = 0;
  /** The connection, if the latest request made a new one. */
  #newConnection: { readonly end: number; readonly secure: boolean } | undefined;
  #answerTime = 0;

  /** @param requested the first URL */
  constructor(requested: URL) {
    this.#requested = requested;
  }

  /** A redirect is followed by another request. */
  redirected(): void {
    this.#requestTime = now();
    this.#redirectEndTime = this.#requestTime;
  }

  /** The request has a connection, which may not be made yet. */
  asking(): void {
    this.#askTime = now();
  }

  /** The head of the response has arrived. */
  answered(connection: HTTPConnection): void {
    const { connectedAt: end = 0 } = connection;
    const isNew = end > this.#askTime;
    this.#newConnection = isNew ? { end, secure: connection.getProtocol() !== null } : undefined;
    this.#answerTime = now();
  }

  /** The whole body has arrived: adds the entry. */
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
    // Some versions of Node ignore all arguments after the fifth.
    markResourceTiming(timing, shown(this.#requested), 'fetch', globalThis, '', {}, status);
  }

  /**
   * The times of the connection. An existing connection took no time (Fetch, "clamp and coarsen connection timing
   * info"). For a new one, the times of name lookup and TLS are not known separately.
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
