/**
 * What HTTPConnection does, as coroutines: each operation is written here once, over the session of the moment. The errors that
 * leave it begin with the request that they are about, or with the server. It knows neither who runs a coroutine, nor options.
 */

import type { Coroutine } from '../coroutine.ts';
import { about, advising, ConnectionClosed, DugongError, StateError } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import { shownPath } from '../inspection.ts';
import { ownOptions } from '../options.ts';
import { type ConnectionSettings, wholeNumber } from './connection-options.ts';
import { checkedBytes } from './given-bytes.ts';
import { assumedContinue, type HTTPResponse, responseOf } from './http-response.ts';
import { END_OPTIONS, type EndBodyOptions, outgoing, type SendRequestOptions } from './send-options.ts';
import { Session } from './session.ts';
import { charsetOf, decodedText } from './text.ts';

/** As much of a request, or of a response, as messages name. */
interface Named {
  readonly method: string;
  readonly path: string;
}

/** Default for `read()`. */
const READ_SIZE = 65_536;
const EMPTY: Buffer = Buffer.alloc(0);

/** Why a request may not have been sent. */
const NOT_RUN = 'a coroutine that sends one does nothing until yield* runs it';

/** Servers of TLS, those of Node and OpenSSL among them, just close when they get plain HTTP. */
const IF_TLS =
  'If this port speaks TLS, use https:// in the URL, or the option tls; if it is a proxy, https:// in its URL';

/** Errors that say what they are about: one that several calls raise, as that of connecting, keeps what the first one said. */
const named = new WeakSet<DugongError>();

/** The doc comments are those of HTTPConnection's methods of the same names. */
export class Operations {
  readonly #options: ConnectionSettings;
  /** "http://host:port". */
  readonly #origin: string;
  #session: Session | undefined;
  /** The latest. */
  #response: HTTPResponse | undefined;
  /** What a call that reads a body is about: the response that was read last, until its reader knows its end. */
  #latest: 'none' | 'continue' | 'final' = 'none';

  constructor(options: ConnectionSettings) {
    this.#options = options;
    this.#origin = `${options.destination.tls === undefined ? 'http' : 'https'}://${options.host}`;
  }

  /** The latest, which may be closed. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** One that is not closed. */
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
    const { request, body, pieces } = outgoing(method, options, this.#options.destination);
    const session = this.openSession();
    try {
      yield* session.coSendRequest(method, path, request, body);
      if (pieces !== undefined) yield* session.coWriteAll(pieces, request.framing?.kind === 'chunked');
    } catch (error) {
      throw this.#told(error, { method, path });
    }
  }

  *coWrite(data: Uint8Array): Coroutine<void> {
    const bytes = checkedBytes('write()', data);
    const session = this.#needSession('write()');
    try {
      yield* session.coWrite(bytes);
    } catch (error) {
      throw this.#told(error, session.protocol.latestRequest);
    }
  }

  *coEndBody(options: EndBodyOptions | undefined): Coroutine<void> {
    const { trailers } = ownOptions('endBody()', options, END_OPTIONS);
    const session = this.#needSession('endBody()');
    try {
      yield* session.coEndBody(trailers);
    } catch (error) {
      throw this.#told(error, session.protocol.latestRequest);
    }
  }

  *coWriteRaw(data: Uint8Array): Coroutine<void> {
    const bytes = checkedBytes('writeRaw()', data);
    const session = this.#needSession('writeRaw()');
    try {
      yield* session.coWriteRaw(bytes);
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

  /** The session that the call is about, closed or not; not one that was closed with nothing under way. */
  #needSession(call: string): Session {
    const session = this.#session;
    if (session === undefined) throw new StateError(`${call} before any request was sent: ${NOT_RUN}`);
    if (session.closed && !session.protocol.underWay) {
      throw new StateError(`${call} on a closed connection with no request under way: send one first`);
    }
    return session;
  }

  /** The body to be read, if there is one. @throws StateError if a response has to be asked for first */
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
   * A call that finds no body to read gives nothing: as long as nothing is asked of the server, behind the end of a body even if
   * other responses are to come (they come by `readResponse` only), and while the body that a 100 (Continue) allows is sent.
   * @throws StateError if it is about a response that has not been asked for, ConnectionClosed if that cannot come any more
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

  /** The reader knows that there is no more: with the next request, the next response has to be asked for. */
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

  /** `error`, if it is not about the order of calls, with what it is about at the beginning of its message. */
  #told(error: unknown, subject: Named | undefined): unknown {
    if (!(error instanceof DugongError) || error instanceof StateError || named.has(error)) return error;
    named.add(error);
    if (this.#plainInVain(error)) advising(error, IF_TLS);
    return about(error, subject === undefined ? this.#origin : this.#nameOf(subject));
  }

  /** Whether the peer has closed, without a byte for an answer, the first connection that plain HTTP was sent on. */
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
