/**
 * The options of `sendRequest`, and what follows from them for the request that goes out. They are looked at before anything is
 * sent, since what is not understood would silently not be done. It knows no connection.
 */

import { type HeadersInit, HTTPHeaders } from '../http1/headers.ts';
import type { Request } from '../http1/protocol.ts';
import { shownValue } from '../io/shown-value.ts';
import { ownOptions } from '../options.ts';
import { assertCanAwait } from '../schedule/co-await.ts';
import { BodyFollowing } from './body-following.ts';
import { type BodyPieces, mustBeAwaited } from './body-source.ts';
import type { Destination } from './dial.ts';
import {
  type ContentChecks,
  type DigestAlgorithm,
  framingOfPieces,
  requestBody,
  type WholeBody,
  withContentChecks,
  withContentType,
} from './request-body.ts';

/** What a request has besides its method and its path. */
export interface SendRequestOptions extends ContentChecks {
  readonly headers?: HeadersInit | undefined;
  /**
   * A string is sent as UTF-8, URLSearchParams and FormData with their Content-Type unless `headers` has one. BodyFollowing announces what `write()` will bring. A body in pieces is sent chunked (a Blob with
   * its length), piece by piece, or with the Content-Length that `headers` have; where these come as promises (async iterables, streams, Blobs, FormData) only under an AioFuture.
   */
  readonly body?: WholeBody | BodyFollowing | BodyPieces | FormData | undefined;
  /** Send the body only when the server says 100 (Continue); needs a BodyFollowing (RFC 9110 10.1.1). */
  readonly expect100?: boolean | undefined;
  /**
   * The Host field, in place of the connection's: "host:port" (RFC 9110 7.2). What the connection goes to, and what a certificate
   * has to be for, stays as it is; a proxy that is asked for the whole URL writes its own.
   */
  readonly host?: string | undefined;
  /**
   * Protocols to switch to, as in the Upgrade field (RFC 9110 7.8). If the server agrees, `readResponse` gives a 101, and
   * `readRaw` and `writeRaw` carry the new protocol's bytes. Nothing can be sent before its answer.
   */
  readonly upgrade?: string | undefined;
  /** Add a Content-MD5 field for a body that is given as a whole (RFC 1864), unless `headers` has one. */
  readonly contentMD5?: boolean | undefined;
  /** Add a Content-Digest field for a body that is given as a whole (RFC 9530), unless `headers` has one. */
  readonly contentDigest?: DigestAlgorithm | undefined;
}

const NAMES = ['body', 'headers', 'expect100', 'host', 'upgrade', 'contentMD5', 'contentDigest'] as const;

/** A request as it is sent: its body as a whole, or in pieces that come later. */
interface Outgoing {
  readonly request: Request;
  readonly body: Uint8Array | undefined;
  readonly pieces: BodyPieces | undefined;
}

/** What `method` with these options is to a server that is reached so. @throws TypeError, and StateError if nothing can await the body */
export function outgoing(method: string, options: SendRequestOptions | undefined, to: Destination): Outgoing {
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
 * RFC 9110 11.7.2: the proxy's credentials are no business of the server's, unless that is a proxy itself, which is asked for a
 * tunnel. @throws TypeError
 */
function fieldsForPeer(method: string, init: HeadersInit | undefined, to: Destination): HeadersInit | undefined {
  if (init === undefined || to.proxy === undefined || to.tls === undefined || method === 'CONNECT') return init;
  const headers = new HTTPHeaders(init);
  if (!headers.has('Proxy-Authorization')) return headers;
  throw new TypeError(
    'Proxy-Authorization would go through the tunnel to the server: it belongs into the URL of the option proxy, or its headers',
  );
}

/** @throws TypeError for what is no object of options, e.g. a body, for an option that does not exist, or has a wrong type */
function sendOptions(given: SendRequestOptions | undefined): SendRequestOptions {
  const options = ownOptions('sendRequest()', given, NAMES);
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
