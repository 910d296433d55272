/**
 * The options of `sendRequest`, and the request that follows from them. They are checked before anything is sent,
 * because an unknown option would silently have no effect. It knows no connection.
 */

import { type HeadersInit, HTTPHeaders } from '../http1/headers.ts';
import type { Request } from '../http1/protocol.ts';
import { shownValue } from '../io/shown-value.ts';
import { ownOptions } from '../options.ts';
import { assertCanAwait } from '../schedule/co-await.ts';
import type { Destination } from './dial-steps.ts';
import {
  BodyFollowing,
  type ContentChecks,
  framingOfPieces,
  requestBody,
  type WholeBody,
  withContentChecks,
  withContentType,
} from './request-body.ts';
import { type BodyPieces, mustBeAwaited } from './request-pieces.ts';

/**
 * The parts of a request besides its method and path: header fields, body, and how to send them.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * connection.sendRequest('POST', '/form', { body: new URLSearchParams({ name: 'Ann' }) });
 * connection.readResponse();
 * console.log(connection.readText().trim()); // POST application/x-www-form-urlencoded;charset=UTF-8 name=Ann
 * connection.disconnect();
 * ```
 */
export interface SendRequestOptions extends ContentChecks {
  /**
   * The header fields. Host, framing and Expect are written by this client; a field of the caller must agree with them.
   */
  readonly headers?: HeadersInit | undefined;
  /**
   * The body. A string is sent as UTF-8; URLSearchParams and FormData bring their Content-Type unless `headers` has
   * one. BodyFollowing announces bytes that `write()` sends. A body in pieces is sent piece by piece: a Blob with its
   * length, other bodies with the Content-Length of `headers`, or chunked. Pieces that come as promises (async
   * iterables, streams, Blobs, FormData) can be sent only in an AioFuture.
   */
  readonly body?: WholeBody | BodyFollowing | BodyPieces | FormData | undefined;
  /** Whether to send the body only after the server's 100 (Continue); needs a BodyFollowing (RFC 9110 10.1.1). */
  readonly expect100?: boolean | undefined;
  /**
   * The Host field in place of the connection's: "host:port" (RFC 9110 7.2). It changes neither the server that the
   * connection leads to nor the name that its certificate must have. A proxy that gets the whole URL writes its own
   * Host.
   */
  readonly host?: string | undefined;
  /**
   * Protocols to switch to, as in the Upgrade field (RFC 9110 7.8). If the server agrees, `readResponse` returns a 101,
   * and `readRaw` and `writeRaw` carry the new protocol's bytes. Nothing can be sent before the response.
   */
  readonly upgrade?: string | undefined;
}

/** The names of all options of `sendRequest`. */
export const SEND_OPTIONS = ['body', 'headers', 'expect100', 'host', 'upgrade', 'contentMD5', 'contentDigest'] as const;

/** A request ready to be sent, with its body as a whole or in pieces. */
export interface Outgoing {
  readonly request: Request;
  readonly body?: Uint8Array | undefined;
  readonly pieces?: BodyPieces | undefined;
}

/**
 * Makes the request for a server that is reached as `to` says. @throws TypeError, and StateError if the pieces must be
 * awaited and nothing can await them
 */
export function outgoingRequest(method: string, options: SendRequestOptions | undefined, to: Destination): Outgoing {
  const given = sendOptions(options);
  const { body, pieces, type, ...ofBody } = requestBody(given.body);
  const { expect100: expectContinue, host, upgrade } = given;
  if (expectContinue && !(given.body instanceof BodyFollowing)) {
    throw new TypeError('expect100 needs a BodyFollowing: there must be something to hold back');
  }
  if (host !== undefined && method === 'CONNECT') {
    throw new TypeError('CONNECT takes no host: its Host is its target (RFC 9112 3.2.3)');
  }
  if (pieces !== undefined && mustBeAwaited(pieces)) assertCanAwait('a body that comes as promises, as of a stream,');
  const own = withContentType(fieldsForPeer(method, given.headers, to), type);
  const headers = withContentChecks(own, given, body);
  const framing = pieces === undefined ? ofBody.framing : framingOfPieces(ofBody.framing, headers);
  return { request: { headers, framing, expectContinue, host, upgrade }, body, pieces };
}

/**
 * Refuses credentials for the proxy in a request through a tunnel, because they would reach the server (RFC 9110
 * 11.7.2). A CONNECT is allowed: its server is a proxy itself. @throws TypeError
 */
function fieldsForPeer(method: string, init: HeadersInit | undefined, to: Destination): HeadersInit | undefined {
  if (init === undefined || to.proxy === undefined || to.tls === undefined || method === 'CONNECT') return init;
  const headers = new HTTPHeaders(init);
  if (!headers.has('Proxy-Authorization')) return headers;
  throw new TypeError(
    'Proxy-Authorization would go through the tunnel to the server: it belongs into the URL of the option proxy, or its headers',
  );
}

/**
 * Reads the options. @throws TypeError for a value that is no object of options, e.g. a body, for an unknown option,
 * and for a wrong type
 */
function sendOptions(given: SendRequestOptions | undefined): SendRequestOptions {
  const options = ownOptions('sendRequest()', given, SEND_OPTIONS);
  const { upgrade, expect100, contentMD5 } = options;
  if (upgrade !== undefined && typeof upgrade !== 'string') {
    throw new TypeError(`upgrade must be a string, got ${shownValue(upgrade)}`);
  }
  assertFlag('expect100', expect100);
  assertFlag('contentMD5', contentMD5);
  return options;
}

function assertFlag(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new TypeError(`${name} must be true or false, got ${shownValue(value)}`);
}
