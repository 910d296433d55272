/**
 * One HTTP/1.1 connection as its client sees it, without any I/O (RFC 9112 9): a send half, a receive half, and the queue of
 * exchanges between them. All transitions are in the tables of transitions.ts; a pair of state and event that is not there is
 * refused. The caller brings bytes (into `buffer`) and takes bytes away (what the send calls return).
 *
 * Not here: sockets, time, and whether to reconnect. `undefined` from a receive call means "bring more bytes".
 */

import {
  ConnectionClosed,
  type DugongError,
  InvalidResponse,
  type LostRequest,
  type Phase,
  StateError,
  UnsupportedResponse,
} from '../errors.ts';
import type { BodyDecoder } from './body-decoder.ts';
import { type BodyEncoder, ChunkedEncoder, LengthEncoder, type Piece } from './body-encoder.ts';
import { decoderFor, UndecodableBody } from './decoder-for.ts';
import { type Framing, isInformational, isPersistent, responseFraming } from './framing.ts';
import { listElements, quoted } from './grammar.ts';
import type { HeadersInit } from './headers.ts';
import { HTTPHeaders } from './headers.ts';
import { type Limits, withDefaultLimits } from './limits.ts';
import { ReceiveBuffer } from './receive-buffer.ts';
import { encodeRequestHead, type RequestFraming } from './request-head.ts';
import { type ResponseHead, ResponseHeadParser } from './response-head.ts';
import { RECEIVE_TRANSITIONS, type ReceiveState, SEND_TRANSITIONS, type SendState } from './transitions.ts';

/** A request whose response is not complete. */
interface Exchange {
  readonly method: string;
  readonly path: string;
  /** The request said `Connection: close`. */
  readonly close: boolean;
  /** The protocols it asked to switch to. */
  readonly upgrade: string | undefined;
  /** Where its first byte stands in all that was ever encoded for this connection. */
  readonly offset: number;
  /** How much had been received when it was encoded, or, as far as the caller says so, when its first byte left. */
  receivedBefore: number;
}

/** A request that has not been answered in full. */
export interface PendingRequest extends LostRequest {
  /**
   * sending: not all of it has left yet; sent: its response is awaited; answered: the response has been begun to be read, its
   * body not to the end.
   */
  readonly stage: 'sending' | 'sent' | 'answered';
}

export interface Request {
  readonly headers?: HeadersInit | undefined;
  readonly framing?: RequestFraming;
  /** Ask for permission to send the body (RFC 9110 10.1.1). */
  readonly expectContinue?: boolean | undefined;
  /** Ask for another protocol on this connection (RFC 9110 7.8): after a 101 its bytes are raw. */
  readonly upgrade?: string | undefined;
}

/** A response's head has arrived. */
export interface Response {
  readonly method: string;
  readonly path: string;
  readonly head: ResponseHead;
  readonly framing: Framing;
  /** What takes the body off the buffer; undefined if there is none. */
  readonly body: BodyDecoder | undefined;
}

export interface ClientProtocolOptions {
  /** The Host field of each request. */
  readonly host: string;
  /** "http://authority" if requests are to go to a proxy in absolute-form (RFC 9112 3.2.2). */
  readonly absolute?: string | undefined;
  /** Fields that each request has, besides its own. */
  readonly headers?: HeadersInit | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Bytes of the receive buffer. Default 64 KiB. */
  readonly receiveBufferSize?: number | undefined;
  /** Hears of each informational (1xx) response that is not returned as a response. */
  readonly onInformational?: ((response: Response) => void) | undefined;
}

const NO_BODY: RequestFraming = { kind: 'none' };
const ANSWERS_NOTHING = 'the server sent bytes that answer no request';

export class ClientProtocol {
  /** Bytes received and not yet understood. The caller fills it. */
  readonly buffer: ReceiveBuffer;
  readonly limits: Limits;
  readonly #host: string;
  readonly #absolute: string | undefined;
  readonly #fixed: HTTPHeaders | undefined;
  readonly #onInformational: ((response: Response) => void) | undefined;
  readonly #parser: ResponseHeadParser;
  #sendState: SendState = 'idle';
  #receiveState: ReceiveState = 'idle';
  /** Requests without a final response, oldest first. */
  readonly #pending: Exchange[] = [];
  /** The one that was sent last, or is being sent. */
  #latest: Exchange | undefined;
  /** The exchange whose response body is being received. */
  #current: Exchange | undefined;
  #body: BodyDecoder | undefined;
  #encoder: BodyEncoder | undefined;
  /** The head of the next final response, if {@link earlyStatus} has found it. */
  #earlyHead: ResponseHead | undefined;
  /** The exchange whose request will not be sent to its end, if there is one. */
  #brokenOff: { readonly exchange: Exchange | undefined; readonly why: string } | undefined;
  #bytesEncoded = 0;
  #bytesSent = 0;
  /** Of the bytes that were received, those that never were in the buffer. */
  #bytesPastBuffer = 0;
  #informationalBytes = 0;
  /** The latest response was of HTTP/1.0. */
  #peerIsHTTP10 = false;
  /** How the peer's stream has ended, if it has. */
  #end: 'orderly' | 'failed' | undefined;
  /** What made the connection unusable. */
  #failure: unknown;

  constructor(options: ClientProtocolOptions) {
    this.#host = options.host;
    this.#absolute = options.absolute;
    this.#fixed = options.headers === undefined ? undefined : new HTTPHeaders(options.headers);
    this.#onInformational = options.onInformational;
    this.limits = withDefaultLimits(options.limits);
    this.buffer = new ReceiveBuffer(options.receiveBufferSize ?? 65_536);
    this.#parser = new ResponseHeadParser(this.limits);
  }

  get sendState(): SendState {
    return this.#sendState;
  }

  get receiveState(): ReceiveState {
    return this.#receiveState;
  }

  /** Bytes that have left for good, as far as {@link sent} was told. */
  get bytesSent(): number {
    return this.#bytesSent;
  }

  get bytesReceived(): number {
    return this.buffer.received + this.#bytesPastBuffer;
  }

  /** Whether a response, or a part of one, is still to be read. */
  get responsePending(): boolean {
    return this.#pending.length > 0 || this.#current !== undefined;
  }

  /** Whether the next response may be the 100 (Continue) that a request asked for. */
  get awaitingContinue(): boolean {
    return this.#sendState === 'await-continue' && this.#pending.length === 1;
  }

  /** The requests that have not been answered in full, oldest first. */
  get pendingRequests(): PendingRequest[] {
    const exchanges = this.#current === undefined ? this.#pending : [this.#current, ...this.#pending];
    return exchanges.map((exchange, index) => ({
      method: exchange.method,
      path: exchange.path,
      mayHaveBeenProcessed: this.bytesSent > exchange.offset,
      stage: this.#stageOf(exchange, exchanges[index + 1]),
    }));
  }

  /** The oldest request without a final response. */
  get pendingRequest(): { readonly method: string; readonly path: string } | undefined {
    return this.#pending[0];
  }

  /** Whether none of the requests that wait for a response has begun to be sent. */
  get allUnsent(): boolean {
    const [oldest] = this.#pending;
    return oldest !== undefined && oldest.offset >= this.#bytesSent && this.#current === undefined;
  }

  /**
   * Whether the request that is to be answered next has left in part: an answer comes early then. Not so where the request
   * itself waits for an answer before it goes on.
   */
  get halfSent(): boolean {
    const [oldest, next] = this.#pending;
    if (oldest === undefined || this.#bytesSent <= oldest.offset || this.#receiveState !== 'idle') return false;
    if (next === undefined && this.#sendState.startsWith('await-')) return false;
    return this.#stageOf(oldest, next) === 'sending';
  }

  /** Whether the body of the request that is to be answered next has not been brought to its end. */
  get awaitingBody(): boolean {
    return this.#sendState === 'body' && this.#pending.length === 1;
  }

  /** What made the connection unusable, if something did. */
  get failure(): unknown {
    return this.#failure;
  }

  /** @throws ConnectionClosed if nothing can be sent on this connection any more */
  assertUsable(): void {
    if (this.#sendState === 'closed' || this.#sendState === 'failed') throw this.#unusable('idle');
  }

  /** The body that is being received, if any. */
  get body(): BodyDecoder | undefined {
    return this.#body;
  }

  // --- send half ---------------------------------------------------------------------------------------------------

  /**
   * The head of a new request; its body, if it has one, is to follow through {@link sendData}.
   * @throws TypeError if the request cannot be sent, StateError if it cannot be sent now, ConnectionClosed if never more
   */
  sendRequest(method: string, path: string, request: Request = {}): string {
    const { headers, framing = NO_BODY, expectContinue, upgrade } = request;
    const { text, close } = encodeRequestHead({
      method,
      target: path,
      host: this.#host,
      absolute: this.#absolute,
      fixed: this.#fixed,
      headers,
      framing,
      expectContinue,
      upgrade,
    });
    if (this.#sendState !== 'idle') throw this.#refusedSend('a new request');
    if (framing.kind === 'chunked' && this.#peerIsHTTP10) {
      throw new StateError(
        'a chunked body cannot be sent: the server speaks HTTP/1.0, which has no chunks (RFC 9112 6.1); announce its length',
      );
    }
    const idle = !this.responsePending;
    this.#advanceSend(requestEvent(method, request));
    this.#encoder = encoderFor(framing);
    this.#latest = {
      method,
      path,
      close,
      upgrade,
      offset: this.#bytesEncoded,
      receivedBefore: this.buffer.received,
    };
    this.#pending.push(this.#latest);
    this.#bytesEncoded += text.length;
    if (idle) this.assertQuiet();
    if (framing.kind === 'length' && framing.length === 0) this.#advanceSend('body-end');
    // RFC 9112 9.6: a client that sends "close" must not send more requests.
    if (close && this.#sendState === 'idle') this.#advanceSend('close');
    return text;
  }

  /**
   * With nothing outstanding, whatever the server has sent answers no request (RFC 9112 9.2), and an end of its stream means
   * that it will not answer one. To be asked before the first byte of a request is sent, after bringing in what is there.
   * @throws ConnectionClosed
   */
  assertQuiet(): void {
    const noise = this.buffer.length > 0;
    if (!noise && this.#end === undefined) return;
    const why = noise ? ANSWERS_NOTHING : 'the server closed the idle connection';
    const error = this.connectionClosed(why, 'idle', this.#failure);
    this.fail(error);
    throw error;
  }

  /** The pieces to send for the next bytes of the body. @throws StateError, ExcessBodyData, ConnectionClosed */
  sendData(data: Uint8Array): Piece[] {
    // An announced length that has been used up is the caller's fault in a narrower sense than a wrong order of calls.
    if (this.#sendState === 'idle' && this.#encoder instanceof LengthEncoder && this.#encoder.complete) {
      return this.#encoder.encode(data);
    }
    if (this.#sendState !== 'body' || this.#encoder === undefined) throw this.#refusedSend('body data');
    return this.#bodyPieces(this.#encoder.encode(data), 'data');
  }

  /** The end of a chunked body. @throws StateError, TypeError (trailers), ConnectionClosed */
  endBody(trailers?: HeadersInit): Piece[] {
    if (this.#sendState !== 'body' || this.#encoder === undefined) throw this.#refusedSend('the end of a body');
    return this.#bodyPieces(this.#encoder.end(trailers), 'body-end');
  }

  /** Bytes are sent outside HTTP, after {@link sendState} has become `raw`. @throws StateError, ConnectionClosed */
  sendRaw(data: Uint8Array): void {
    if (this.#sendState !== 'raw') throw this.#refusedSend('raw bytes');
    this.#advanceSend('data');
    this.#bytesEncoded += data.length;
  }

  /** No 100 (Continue) came in time: the body may be sent without (RFC 9110 10.1.1). */
  stopWaitingForContinue(): void {
    this.#advanceSend('continue');
  }

  /**
   * The rest of the request that is to be answered next will not be sent, and errors say why: the answer to it is the last on
   * this connection, since what is missing is in the way of every other request.
   */
  breakOff(why: string): void {
    this.#brokenOff = { exchange: this.#pending[0], why };
    this.#advanceSend('close');
  }

  /** `count` more of the bytes that the calls above returned have left for good. */
  sent(count: number): void {
    const before = this.#bytesSent;
    this.#bytesSent += count;
    for (let index = this.#pending.length - 1; index >= 0; index--) {
      const exchange = this.#pending[index] as Exchange;
      if (exchange.offset < before) break;
      if (exchange.offset < this.#bytesSent) exchange.receivedBefore = this.buffer.received;
    }
  }

  /** Nothing can be sent any more; what the server sent before can still be received. */
  sendFailed(cause: unknown): void {
    this.#advanceSend('fail');
    this.#failure ??= cause;
  }

  // --- receive half ------------------------------------------------------------------------------------------------

  /**
   * The status of the response to a request that is still being sent, if its head is there; it stays there for
   * {@link nextResponse}. Informational responses are skipped. To be asked while sending (RFC 9112 9.5).
   * @throws InvalidResponse, UnsupportedResponse
   */
  earlyStatus(): number | undefined {
    // Anew each time, since `onInformational` may read responses itself.
    while (this.#earlyHead === undefined && this.halfSent) {
      const exchange = this.#pending[0] as Exchange;
      const head = this.#parseHead(exchange);
      if (head === undefined) return undefined;
      if (isInformational(head.status)) this.#informational(exchange, head);
      else this.#earlyHead = head;
    }
    return this.#earlyHead?.status;
  }

  /** @throws StateError if the next response is to a request whose body is not complete, and nothing of it is there */
  assertRequestComplete(): void {
    const begun = this.buffer.length > 0 || this.#earlyHead !== undefined;
    if (begun || !this.awaitingBody) return;
    throw new StateError(`the body of ${name(this.#pending[0] as Exchange)} has not been sent to its end`);
  }

  /**
   * The next response: a final one, or the 100 (Continue) that the request asked for. Other informational ones are skipped.
   * It may come before the request has been sent to its end.
   * @throws StateError, InvalidResponse, UnsupportedResponse, ConnectionClosed
   */
  nextResponse(): Response | undefined {
    for (;;) {
      // Anew each time, since `onInformational` may read responses itself.
      const exchange = this.#nextExchange();
      const head = this.#earlyHead ?? this.#parseHead(exchange);
      this.#earlyHead = undefined;
      if (head === undefined) {
        this.#assertMoreToCome();
        return undefined;
      }
      if (!isInformational(head.status)) return this.#finalResponse(exchange, head);
      const response = this.#informational(exchange, head);
      if (response !== undefined) return response;
    }
  }

  /**
   * Moves up to `length` bytes of `body` to the target (drops them without one); returns how many, or undefined if more
   * bytes must be brought first. 0 is the end. @throws InvalidResponse, UnsupportedResponse, ConnectionClosed
   */
  readBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    if (body.complete) return 0;
    if (this.#receiveState === 'failed') throw this.#failure;
    let count: number;
    try {
      count = body.decode(this.buffer, target, offset, length);
    } catch (error) {
      this.fail(error);
      throw error;
    }
    this.#bodyProgress(body);
    if (count > 0 || body.complete || length === 0) return count;
    if (this.#end !== undefined) throw this.#cutShort('the response body was cut short');
    return undefined;
  }

  /** `count` body bytes have been received straight into the caller's memory (at most `body.direct`). */
  receivedBody(body: BodyDecoder, count: number): void {
    this.#bytesPastBuffer += count;
    body.received(count);
    this.#bodyProgress(body);
  }

  /** The peer has ended its stream in an orderly way. */
  receivedEnd(): void {
    this.#end ??= 'orderly';
    // After a reset some kernels report an end: it completes nothing.
    if (this.#end === 'orderly') this.#body?.end();
  }

  /** Receiving has failed (a reset): what was received before can still be read. */
  receiveFailed(cause: unknown): void {
    this.#end ??= 'failed';
    this.#failure ??= cause;
    this.#advanceSend('fail');
  }

  /** Whether bytes may be taken uninterpreted: after a switch of protocols, or after framing that nobody can follow. */
  assertCanReceiveRaw(): void {
    const readable =
      this.#receiveState === 'raw' || this.#receiveState === 'failed' || this.#body instanceof UndecodableBody;
    if (!readable) throw new StateError('readRaw() is for connections that have left HTTP: this one has not');
  }

  /** @throws ConnectionClosed if the peer's stream did not end in an orderly way */
  assertOrderlyEnd(): void {
    if (this.#end === 'failed') throw this.connectionClosed('the connection was lost', 'receive', this.#failure);
  }

  /** Nothing that the server sends can be trusted any more. */
  fail(cause: unknown): void {
    // It explains from here on what an error of the system, known before, does not.
    if (this.#receiveState !== 'failed') this.#failure = cause;
    this.#advanceSend('fail');
    this.#advanceReceive('fail');
  }

  /** A ConnectionClosed that says what is lost now. */
  connectionClosed(why: string, phase: Phase, cause?: unknown): ConnectionClosed {
    const lostRequests = this.#lostRequests();
    const lost = lostRequests.length === 0 ? '' : `; ${count(lostRequests.length, 'request')} not answered in full`;
    const { bytesSent, bytesReceived } = this;
    return new ConnectionClosed(`${why}${lost}`, { phase, lostRequests, bytesSent, bytesReceived, cause });
  }

  // --- transitions -------------------------------------------------------------------------------------------------

  #advanceSend(event: string): void {
    const next = (SEND_TRANSITIONS[this.#sendState] as Record<string, SendState>)[event];
    if (next === undefined) throw this.#refusedSend(event);
    this.#sendState = next;
  }

  #advanceReceive(event: string): void {
    const next = (RECEIVE_TRANSITIONS[this.#receiveState] as Record<string, ReceiveState>)[event];
    if (next === undefined) throw new StateError(`${event} while receiving is ${this.#receiveState}`);
    this.#receiveState = next;
  }

  #bodyPieces(pieces: Piece[], event: 'data' | 'body-end'): Piece[] {
    for (const piece of pieces) this.#bytesEncoded += piece.length;
    this.#advanceSend(this.#encoder?.complete ? 'body-end' : event);
    if (this.#sendState === 'idle' && this.#latest?.close) this.#advanceSend('close');
    this.#endAfterLast();
    return pieces;
  }

  #bodyProgress(body: BodyDecoder): void {
    if (!body.complete || this.#body !== body) return;
    this.#body = undefined;
    this.#current = undefined;
    this.#advanceReceive('body-end');
    this.#endAfterLast();
  }

  /**
   * Nothing may be sent after "close" has been received (RFC 9112 9.6), but for the rest of the very request whose response
   * is being received: a server may send the one while it takes the other.
   */
  #endAfterLast(): void {
    const announced = this.#receiveState === 'last-body' && !(this.#sendState === 'body' && this.#pending.length === 0);
    if (announced || this.#receiveState === 'closed') this.#advanceSend('close');
  }

  /** The exchange that the next response belongs to. */
  #nextExchange(): Exchange {
    if (this.#receiveState === 'failed') throw this.#unusable('receive');
    if (this.#current !== undefined) {
      throw new StateError(`the body of the response to ${name(this.#current)} has not been read to its end`);
    }
    if (this.#receiveState === 'raw') throw new StateError('the connection has left HTTP: use readRaw()');
    if (this.#receiveState !== 'idle') throw this.#unusable('receive');
    const exchange = this.#pending[0];
    if (exchange === undefined) {
      if (this.#sendState === 'failed') throw this.#unusable('receive');
      throw new StateError('no request is waiting for a response');
    }
    return exchange;
  }

  #parseHead(exchange: Exchange): ResponseHead | undefined {
    const begin = this.buffer.received - this.buffer.length;
    let head: ResponseHead | undefined;
    try {
      head = this.#parser.parse(this.buffer);
    } catch (error) {
      this.fail(error);
      throw error;
    }
    // RFC 9112 9.2: what was there before the request, or while none of it has left, is no answer to it.
    const unasked = begin < exchange.receivedBefore || (this.#bytesSent > 0 && exchange.offset >= this.#bytesSent);
    if (head !== undefined && unasked) throw this.#cutShort(ANSWERS_NOTHING);
    return head;
  }

  /** @throws ConnectionClosed if the peer's stream has ended before the head that is waited for did */
  #assertMoreToCome(): void {
    if (this.#end === undefined) return;
    const cut = this.#parser.begun || this.buffer.length > 0;
    throw this.#cutShort(
      cut ? 'the response head was cut short' : 'the server closed the connection without a response',
    );
  }

  /** An informational response: returned if it is what the request waits for, else reported and skipped. */
  #informational(exchange: Exchange, head: ResponseHead): Response | undefined {
    const response: Response = {
      method: exchange.method,
      path: exchange.path,
      head,
      framing: { kind: 'none' },
      body: undefined,
    };
    if (head.status === 101) {
      this.#switchProtocols(exchange, head);
      return response;
    }
    this.#informationalBytes += head.byteLength;
    if (this.#informationalBytes > this.limits.informational) {
      const error = new InvalidResponse(`more than ${this.limits.informational} bytes of informational responses`);
      this.fail(error);
      throw error;
    }
    if (head.status === 100 && this.#sendState === 'await-continue' && this.#pending.length === 1) {
      this.#advanceSend('continue');
      return response;
    }
    this.#onInformational?.(response);
    return undefined;
  }

  /** 101: HTTP ends here, if that is what the request asked for (RFC 9110 15.2.2). */
  #switchProtocols({ upgrade }: Exchange, head: ResponseHead): void {
    const offered = listElements(upgrade?.toLowerCase() ?? '');
    const taken = listElements(head.headers.get('Upgrade')?.toLowerCase() ?? '');
    const expected = this.#sendState === 'await-switch' && this.#pending.length === 1 && taken.length > 0;
    if (!expected || !taken.every((protocol) => offered.includes(protocol))) {
      const error = new UnsupportedResponse(
        upgrade === undefined
          ? '101 Switching Protocols, which was not asked for (RFC 9110 7.8)'
          : `101 Switching Protocols to ${quoted(taken.join(', '))}, where ${quoted(upgrade)} was asked for (RFC 9110 7.8)`,
      );
      this.fail(error);
      throw error;
    }
    this.#pending.shift();
    this.#advanceSend('switch');
    this.#advanceReceive('switch');
  }

  #finalResponse(exchange: Exchange, head: ResponseHead): Response {
    const { method, path } = exchange;
    const { status, minorVersion, framing: fields } = head;
    const framing = responseFraming({ method, status, minorVersion, fields });
    if (framing.kind === 'tunnel' && this.#sendState !== 'await-switch') {
      throw this.#cutShort('the connection was lost before the tunnel was there');
    }
    const last = this.#isLast(exchange, framing, head);
    const body = decoderFor(framing, this.limits);
    this.#pending.shift();
    this.#informationalBytes = 0;
    this.#peerIsHTTP10 = minorVersion === 0;
    if (framing.kind === 'tunnel') {
      this.#advanceSend('switch');
      this.#advanceReceive('switch');
    } else {
      this.#advanceReceive(headEvent(last, body !== undefined));
      if (this.#pending.length === 0 && this.#sendState.startsWith('await-')) this.#advanceSend('final-response');
      this.#endAfterLast();
    }
    if (body !== undefined) {
      this.#current = exchange;
      this.#body = body;
      if (this.#end === 'orderly') body.end();
    }
    return { method, path, head, framing, body };
  }

  /** Whether this is the connection's last response. */
  #isLast(exchange: Exchange, framing: Framing, head: ResponseHead): boolean {
    const cut = exchange === this.#brokenOff?.exchange || (this.#pending.length === 1 && this.#sendState === 'failed');
    return cut || exchange.close || !isPersistent(framing, head.minorVersion, head.framing);
  }

  #cutShort(why: string): ConnectionClosed {
    const error = this.connectionClosed(why, 'receive', this.#failure);
    // The error of the system, if there was one, is its cause: whoever reads on gets this one again.
    this.fail(error);
    return error;
  }

  #refusedSend(what: string): DugongError {
    // In the states that name it, there is one.
    const last = this.#latest as Exchange;
    switch (this.#sendState) {
      case 'closed':
      case 'failed':
        return this.#unusable('send');
      case 'raw':
        return new StateError(`${what} cannot be sent: the connection has left HTTP`);
      case 'await-continue':
        return new StateError(
          `${what} cannot be sent: ${name(last)} waits for 100 (Continue), read it with readResponse()`,
        );
      case 'await-switch':
        return new StateError(`${what} cannot be sent: ${name(last)} may end HTTP here, read its response first`);
      case 'body':
        return new StateError(`${what} cannot be sent: the body of ${name(last)} has not been sent to its end`);
      case 'idle':
        return new StateError(`${what} cannot be sent: no request with a body is under way`);
    }
  }

  #unusable(phase: Phase): ConnectionClosed {
    const announced = this.#brokenOff?.why ?? 'the connection was announced to end';
    const why = this.#failure === undefined ? announced : 'the connection cannot be used any more';
    return this.connectionClosed(why, phase, this.#failure);
  }

  #lostRequests(): LostRequest[] {
    return this.pendingRequests.map(({ method, path, mayHaveBeenProcessed }) => ({
      method,
      path,
      mayHaveBeenProcessed,
    }));
  }

  /** `next` is the exchange behind it. */
  #stageOf(exchange: Exchange, next: Exchange | undefined): PendingRequest['stage'] {
    if (exchange === this.#current) return 'answered';
    const unfinished = next === undefined && (this.#sendState === 'body' || this.#sendState === 'await-continue');
    return unfinished || this.bytesSent < (next?.offset ?? this.#bytesEncoded) ? 'sending' : 'sent';
  }
}

function encoderFor(framing: RequestFraming): BodyEncoder | undefined {
  if (framing.kind === 'length') return new LengthEncoder(framing.length);
  return framing.kind === 'chunked' ? new ChunkedEncoder() : undefined;
}

function requestEvent(method: string, { framing = NO_BODY, expectContinue, upgrade }: Request): string {
  if (method === 'CONNECT' || upgrade !== undefined) return 'request-switching';
  if (expectContinue) return 'request-expecting';
  return framing.kind === 'none' ? 'request' : 'request-with-body';
}

function headEvent(last: boolean, withBody: boolean): string {
  if (last) return withBody ? 'last-head-with-body' : 'last-head';
  return withBody ? 'head-with-body' : 'head';
}

function name({ method, path }: Exchange): string {
  return `${method} ${path}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
