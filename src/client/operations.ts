/**
 * The operations of HTTPConnection as coroutines: each is written here once, over the current session. Messages of errors that
 * leave it begin with the request or server that they are about. It does not know what runs a coroutine.
 */

import type { Coroutine } from '../coroutine.ts';
import { about, advising, ConnectionClosed, DugongError, StateError } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import type { HeadersInit } from '../http1/headers.ts';
import { shownPath } from '../inspection.ts';
import type { RequestParts } from './asking.ts';
import { type ConnectionSettings, wholeNumber } from './connection-options.ts';
import { checkedBytes } from './given-bytes.ts';
import { assumedContinue, type HTTPResponse, responseOf } from './http-response.ts';
import { RequestQueue, type WholeResponse } from './request-queue.ts';
import { outgoingRequest, type SendRequestOptions } from './send-options.ts';
import { Session } from './session.ts';
import { charsetOf, decodedText } from './text.ts';

/** The parts of a request or response that messages name. */
interface Named {
  readonly method: string;
  readonly path: string;
}

/** Default for `read()`. */
const READ_SIZE = 65_536;
const EMPTY: Buffer = Buffer.alloc(0);

/** Why a request may not have been sent. */
const NOT_RUN = 'a coroutine that sends one does nothing until yield* runs it';

/** TLS servers, such as Node's and OpenSSL's, only close the connection when they get plain HTTP. */
const IF_TLS =
  'If this port speaks TLS, use https:// in the URL, or the option tls; if it is a proxy, https:// in its URL';

/** Errors whose message has its subject. An error that several calls raise, as of connecting, keeps the subject of the first. */
const named = new WeakSet<DugongError>();

/** The doc comments are those of HTTPConnection's methods of the same names. */
export class Operations {
  readonly #options: ConnectionSettings;
  /** "http://host:port". */
  readonly #origin: string;
  #session: Session | undefined;
  /** Whole requests, once there was one. */
  #requests: RequestQueue | undefined;
  /** The latest response. */
  #response: HTTPResponse | undefined;
  /** Kind of the response that the next body read is about; `none` once a reader has seen its end and no request waits. */
  #latest: 'none' | 'continue' | 'final' = 'none';

  constructor(options: ConnectionSettings) {
    this.#options = options;
    this.#origin = `${options.destination.tls === undefined ? 'http' : 'https'}://${options.host}`;
  }

  /** The latest session, which may be closed. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** The latest session, or a new one if that is closed. */
  openSession(): Session {
    if (this.#session === undefined || this.#session.closed) {
      this.#session = new Session(this.#options);
      this.#latest = 'none';
    }
    return this.#session;
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  *coConnect(): Coroutine<void> {
    const session = this.openSession();
    try {
      yield* session.wire.coConnected();
      session.protocol.assertUsable();
      if (session.protocol.pendingRequest === undefined) session.wire.assertHTTP();
    } catch (error) {
      throw this.#told(error, undefined);
    }
  }

  *coSendRequest(method: string, path: string, options: SendRequestOptions | undefined): Coroutine<void> {
    const outgoing = outgoingRequest(method, options, this.#options.destination);
    const session = this.openSession();
    try {
      yield* session.coSendRequest(method, path, outgoing);
      if (outgoing.pieces !== undefined) yield* session.coWriteAll(outgoing.pieces, outgoing.request);
    } catch (error) {
      throw this.#told(error, { method, path });
    }
  }

  *coRequest(parts: RequestParts): Coroutine<WholeResponse> {
    if (this.#requests?.idle !== false && this.#session?.closed === false && this.#session.protocol.underWay) {
      throw new StateError('request() while the response to sendRequest() has not been read: read it first');
    }
    this.#requests ??= new RequestQueue(this);
    return yield* this.#requests.coRequest(parts);
  }

  *coWrite(data: Uint8Array): Coroutine<void> {
    const bytes = checkedBytes('write()', data);
    yield* this.#coSend('write()', ({ protocol }) => protocol.sendData(bytes));
  }

  *coEndBody(trailers: HeadersInit | undefined): Coroutine<void> {
    yield* this.#coSend('endBody()', (session) => session.endBody(trailers));
  }

  *coWriteRaw(data: Uint8Array): Coroutine<void> {
    const bytes = checkedBytes('writeRaw()', data);
    yield* this.#coSend('writeRaw()', ({ protocol }) => protocol.sendRaw(bytes));
  }

  *#coSend(call: string, encode: (session: Session) => void): Coroutine<void> {
    const session = this.#needSession(call);
    try {
      yield* session.coSend(encode);
    } catch (error) {
      throw this.#told(error, session.protocol.latestRequest);
    }
  }

  // --- receiving -----------------------------------------------------------------------------------------------------

  *coReadResponse(): Coroutine<HTTPResponse> {
    const session = this.#needSession('readResponse()');
    const { pendingRequest, body, receiveState } = session.protocol;
    let subject: Named | undefined = this.#response;
    try {
      if (body !== undefined && receiveState !== 'failed') yield* session.bodies.coTakeEnd(body);
      subject = pendingRequest ?? subject;
      const response = yield* session.coNextResponse();
      this.#latest = response === undefined || response.head.status === 100 ? 'continue' : 'final';
      this.#response = response === undefined ? assumedContinue(pendingRequest) : responseOf(response);
      return this.#response;
    } catch (error) {
      throw this.#told(error, subject);
    }
  }

  *coRead(length: number = READ_SIZE): Coroutine<Buffer> {
    const size = wholeNumber('length', length, 0);
    const body = this.#body('read()');
    if (body === undefined) return EMPTY;
    const response = this.#response;
    try {
      const part = yield* this.#needSession('read()').bodies.coReadSome(body, size);
      if (part.length === 0 && size > 0) this.#endSeen();
      return part;
    } catch (error) {
      throw this.#told(error, response);
    }
  }

  *coReadAll(): Coroutine<Buffer> {
    return yield* this.#coWhole('readAll()');
  }

  *coReadText(): Coroutine<string> {
    // Before the charset of another response is looked at.
    this.#body('readText()');
    const charset = this.#charset();
    return decodedText(yield* this.#coWhole('readText()'), charset);
  }

  *coReadInto(buffer: Uint8Array): Coroutine<number> {
    const target = checkedBytes('readInto()', buffer);
    const body = this.#body('readInto()');
    if (body === undefined) return 0;
    const response = this.#response;
    try {
      const count = yield* this.#needSession('readInto()').bodies.coReadInto(body, target, 0, target.length);
      if (count === 0 && target.length > 0) this.#endSeen();
      return count;
    } catch (error) {
      throw this.#told(error, response);
    }
  }

  *coDiscard(): Coroutine<void> {
    const body = this.#body('discard()');
    if (body === undefined) return;
    const { bodies } = this.#needSession('discard()');
    const response = this.#response;
    try {
      while ((yield* bodies.coReadInto(body, undefined, 0, Number.MAX_SAFE_INTEGER)) > 0);
      this.#endSeen();
    } catch (error) {
      throw this.#told(error, response);
    }
  }

  *coReadRaw(length: number): Coroutine<Buffer> {
    const size = wholeNumber('length', length, 1);
    const session = this.#needSession('readRaw()');
    try {
      return yield* session.coReadRaw(size);
    } catch (error) {
      throw this.#told(error, session.protocol.latestRequest);
    }
  }

  *#coWhole(call: string): Coroutine<Buffer> {
    const body = this.#body(call);
    if (body === undefined) return EMPTY;
    const session = this.#needSession(call);
    const response = this.#response;
    try {
      const whole = yield* session.bodies.coReadAll(body);
      this.#endSeen();
      return whole;
    } catch (error) {
      throw this.#told(error, response);
    }
  }

  // -------------------------------------------------------------------------------------------------------------------

  /** The session of the call, which may be closed. @throws StateError if there is none, or if it closed with nothing under way */
  #needSession(call: string): Session {
    const session = this.#session;
    if (session === undefined) throw new StateError(`${call} before any request was sent: ${NOT_RUN}`);
    if (session.closed && !session.protocol.underWay) {
      throw new StateError(`${call} on a closed connection with no request under way: send one first`);
    }
    return session;
  }

  /** The body to be read, if there is one. @throws StateError if `readResponse` must be called first */
  #body(call: string): BodyDecoder | undefined {
    const session = this.#session;
    const body = session?.protocol.body;
    if (session === undefined || body !== undefined) return body;
    try {
      this.#assertNothingToRead(session, call);
      return undefined;
    } catch (error) {
      throw this.#told(error, session.protocol.pendingRequest);
    }
  }

  /**
   * Without a body, a read gives nothing: while no request waits for a response; after a final response, even if other requests
   * wait (only `readResponse` gets their responses); after a 100 (Continue), while the request body that it allows is being sent.
   * @throws StateError if `readResponse` must be called first, ConnectionClosed if no response can come any more
   */
  #assertNothingToRead(session: Session, call: string): void {
    const { protocol } = session;
    const { pendingRequest, receiveState, awaitingBody } = protocol;
    this.#endSeen();
    if (pendingRequest === undefined) return;
    session.wire.assertOpen('receive');
    if (this.#latest === 'final' || (this.#latest === 'continue' && awaitingBody)) return;
    if (receiveState === 'failed') throw protocol.connectionUnusable('receive');
    const { method, path } = pendingRequest;
    throw new StateError(`${call} before the response to ${method} ${shownPath(path)}: call readResponse() first`);
  }

  /** A reader has seen the end of the body. If no request waits, the next body needs a `readResponse` first. */
  #endSeen(): void {
    if (this.#session?.protocol.pendingRequest === undefined) this.#latest = 'none';
  }

  #charset(): ReturnType<typeof charsetOf> {
    try {
      return charsetOf(this.#response?.headers.get('content-type'));
    } catch (error) {
      throw this.#told(error, this.#response);
    }
  }

  /** Puts the subject at the beginning of the error's message, unless it is a StateError. Returns `error`. */
  #told(error: unknown, subject: Named | undefined): unknown {
    this.#session?.trace?.failed(error);
    if (!(error instanceof DugongError) || error instanceof StateError || named.has(error)) return error;
    named.add(error);
    if (this.#plainInVain(error)) advising(error, IF_TLS);
    return about(error, subject === undefined ? this.#origin : this.#nameOf(subject));
  }

  /** Whether the peer, before any response, closed a connection with plain HTTP without sending a byte. */
  #plainInVain(error: DugongError): boolean {
    if (!(error instanceof ConnectionClosed) || error.bytesSent === 0 || error.bytesReceived > 0) return false;
    const { tls, proxy } = this.#options.destination;
    if (error.phase === 'tunnel') return proxy?.tls === undefined;
    const closedByPeer = this.#session?.closed === false;
    return closedByPeer && this.#response === undefined && tls === undefined && proxy?.tls === undefined;
  }

  /** The target of a request may also be "*", or that of CONNECT (RFC 9112 3.2). */
  #nameOf({ method, path }: Named): string {
    if (path === '*') return `${method} ${this.#origin}`;
    return `${method} ${path.startsWith('/') ? this.#origin : ''}${path}`;
  }
}
