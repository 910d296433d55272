/**
 * One HTTP/1.1 connection as its client sees it, without any I/O (RFC 9112 9): the face of a sending and a receiving half.
 * The driver puts bytes into `input` and takes bytes from `output`. All transitions are in
 * the tables of transitions.ts; a call that the present state does not allow is refused.
 *
 * Not here: sockets, time, and whether to reconnect. `undefined` from a receive call means "bring more bytes".
 */

import type { ConnectionClosed, Phase, TLSError } from '../errors.ts';
import { shownAs } from '../inspection.ts';
import { ownOptions } from '../options.ts';
import type { BodyDecoder } from './body-decoder.ts';
import { ConnectionState } from './connection-state.ts';
import type { PendingRequest } from './exchanges.ts';
import type { HeadersInit } from './headers.ts';
import { type Limits, withDefaultLimits } from './limits.ts';
import { ReceiveBuffer } from './receive-buffer.ts';
import { ReceiveHalf, type Response } from './receive-half.ts';
import type { SendBuffer } from './send-buffer.ts';
import { type Request, type RequestDefaults, SendHalf } from './send-half.ts';
import type { ReceiveState, SendState } from './transitions.ts';

export type { PendingRequest } from './exchanges.ts';
export type { Response } from './receive-half.ts';
export type { Request, RequestDefaults } from './send-half.ts';

/**
 * What all requests of a connection have in common, and limits of what its server can make the client hold: the
 * argument of {@link ClientProtocol}.
 *
 * @example
 * ```js
 * import { ClientProtocol } from 'dugong/http1';
 *
 * const onInformational = ({ head }) => console.log(head.status); // 103
 * const protocol = new ClientProtocol({ host: 'server.example', limits: { fields: 100 }, onInformational });
 * protocol.sendRequest('GET', '/a');
 * protocol.input.push(Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'));
 * protocol.nextResponse();
 * ```
 */
export interface ClientProtocolOptions extends RequestDefaults {
  /** The limits that differ from those in {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<Limits> | undefined;
  /** The size of the receive buffer `input` in bytes. Default 65,536. */
  readonly receiveBufferSize?: number | undefined;
  /** Called with each informational (1xx) response that is not returned as a response. */
  readonly onInformational?: ((response: Response) => void) | undefined;
}

/** From this status on, a response refuses the rest of its request. */
const FIRST_REFUSAL = 300;
const ANSWERED = 'the server answered before the request had been sent in whole: read its answer, the rest is not sent';
const ENDED = 'the server ended the connection before the request was sent';

const NAMES = ['host', 'absolute', 'headers', 'limits', 'onInformational', 'receiveBufferSize'] as const;
const NAMES_OF_REQUEST = ['headers', 'framing', 'expectContinue', 'host', 'upgrade'] as const;

/**
 * One HTTP/1.1 connection as its client sees it, without any I/O (RFC 9112 9): give the bytes of `output` to the
 * server, put the server's bytes into `input`, and ask for responses and bodies. `undefined` from a receive call means
 * "bring more bytes". All transitions of state are in two tables; a call that the present state does not allow is a
 * StateError, which changes nothing.
 *
 * A driver takes bytes from `output`, writes them, and reports with `output.sent()` how many have left; it puts what it
 * receives into `input`, and calls {@link receivedEnd} or {@link receiveFailed} at the end, {@link sendFailed} if it
 * cannot write.
 *
 * @example
 * ```js
 * import { ClientProtocol } from 'dugong/http1';
 *
 * const protocol = new ClientProtocol({ host: 'server.example' });
 * protocol.sendRequest('GET', '/a');
 * const bytes = Buffer.concat(protocol.output.take()); // to be written
 * protocol.output.sent(bytes.length);
 * protocol.input.push(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')); // what was received
 * const body = protocol.nextResponse()?.body;
 * const target = Buffer.alloc(100);
 * const count = body && protocol.readBody(body, target, 0, target.length);
 * console.log(target.toString('latin1', 0, count), protocol.responsePending); // hello false
 * ```
 */
export class ClientProtocol {
  /** Bytes received and not yet consumed. The driver fills it. */
  readonly input: ReceiveBuffer;
  /**
   * Bytes to be sent. The driver takes views of them, sends what it can, and reports how many have left. Bytes that were taken and not
   * reported count as possibly processed. Bytes that the server refuses or cannot receive are removed.
   */
  readonly output: SendBuffer;
  /** What the server may make this side hold or skip; each one is a number of bytes, or of lines. */
  readonly limits: Limits;
  readonly #state: ConnectionState;
  readonly #send: SendHalf;
  readonly #receive: ReceiveHalf;

  /**
   * Makes the protocol of a new connection, with the options in `given`.
   * @throws TypeError - an option is unknown or invalid
   */
  constructor(given: ClientProtocolOptions) {
    const options = ownOptions('ClientProtocol', given, NAMES);
    this.limits = withDefaultLimits(options.limits);
    this.input = new ReceiveBuffer(options.receiveBufferSize ?? 65_536);
    this.#state = new ConnectionState(this.input);
    this.output = this.#state.output;
    this.#send = new SendHalf(this.#state, options);
    this.#receive = new ReceiveHalf(this.#state, this.limits, options.onInformational);
  }

  // --- state -------------------------------------------------------------------------------------------------------

  /** What may be sent next (docs/state-diagrams.md). `closed`: nothing more; `failed`: the connection is lost. */
  get sendState(): SendState {
    return this.#state.send;
  }

  /** What the next bytes of the server are (docs/state-diagrams.md). `closed`: it sends nothing more. */
  get receiveState(): ReceiveState {
    return this.#state.receive;
  }

  /** The number of bytes that have left, as the driver reported. */
  get bytesSent(): number {
    return this.output.sentBytes;
  }

  /** Bytes that were received over the life of the connection, those past the buffer included. */
  get bytesReceived(): number {
    return this.#state.bytesReceived;
  }

  /**
   * Whether a response, or a part of one, is still to be read. While the only open request still needs body data, only an early
   * response counts.
   */
  get responsePending(): boolean {
    const { exchanges, awaitingBody } = this.#state;
    return exchanges.current !== undefined || (exchanges.any && (!awaitingBody || this.#receive.early));
  }

  /** Whether the end of the connection would cut something short: a request, a response, another protocol. */
  get underWay(): boolean {
    const { exchanges, send } = this.#state;
    return exchanges.any || send === 'body' || send === 'raw';
  }

  /** Whether the next response may be the 100 (Continue) that a request asked for. */
  get awaitingContinue(): boolean {
    return this.#state.send === 'await-continue' && this.#state.exchanges.pending === 1;
  }

  /** The requests that have not been answered in full, oldest first. */
  get pendingRequests(): PendingRequest[] {
    return this.#state.pendingRequests;
  }

  /** The oldest request without a final response. */
  get pendingRequest(): { readonly method: string; readonly path: string } | undefined {
    return this.#state.exchanges.oldestPending;
  }

  /** The request that was encoded last, answered or not. */
  get latestRequest(): { readonly method: string; readonly path: string } | undefined {
    return this.#state.exchanges.latest;
  }

  /** Whether requests wait for a response, and no byte of any can have left. */
  get allUnsent(): boolean {
    return this.#state.exchanges.allUnsent;
  }

  /**
   * Whether the request that the next response answers has left in part only, so that a response now is early. Not while the
   * request itself waits for a response (100 or 101).
   */
  get halfSent(): boolean {
    return this.#state.halfSent;
  }

  /** Whether the next response answers a request whose body is not complete yet. */
  get awaitingBody(): boolean {
    return this.#state.awaitingBody;
  }

  /** The body that is being received, if any. */
  get body(): BodyDecoder | undefined {
    return this.#receive.body;
  }

  /** Whether the peer's stream has ended, or failed. */
  get ended(): boolean {
    return this.#state.end !== undefined;
  }

  /** What made the connection unusable, if something did. */
  get failure(): unknown {
    return this.#state.failure;
  }

  /**
   * Checks that requests can still be sent on this connection. It changes nothing.
   * @throws ConnectionClosed - nothing can be sent on this connection any more
   * @throws TLSError - in its place, if a failure of TLS was the reason
   */
  assertUsable(): void {
    const { send } = this.#state;
    if (send === 'closed' || send === 'failed') throw this.#state.unusable('idle');
  }

  /**
   * Checks that the server is silent while no request is open: received bytes would answer no request (RFC 9112 9.2),
   * and the end of the stream means that no request will be answered. Call it before the first byte of a request is
   * sent, after receiving what has arrived.
   * @throws ConnectionClosed - the stream has ended, or bytes came that answer no request
   * @throws InvalidResponse - the first bytes that this server sent are no HTTP
   */
  assertQuiet(): void {
    this.#state.assertQuiet();
  }

  /**
   * Servers of other protocols send a greeting as soon as the connection is made. This check changes no state.
   * @throws InvalidResponse - the first bytes that this server sent are no HTTP
   */
  assertHTTP(): void {
    this.#state.assertHTTP();
  }

  // --- sending -----------------------------------------------------------------------------------------------------

  /**
   * Puts the head of a new request into the output: `method` and `path` (with the query, percent-encoded), and what
   * else is in `request`. Its body, if it has one, follows through {@link sendData}. Any number of requests may be sent
   * ahead of their responses.
   * @throws TypeError - the request can never be sent
   * @throws StateError - it cannot be sent now, as while the body of another is being sent
   * @throws ConnectionClosed - nothing can be sent on this connection any more, or the silent server has ended it
   * @throws InvalidResponse - no request is open, and the server's first bytes are no HTTP
   */
  sendRequest(method: string, path: string, request?: Request): void {
    this.#send.request(method, path, ownOptions('sendRequest()', request, NAMES_OF_REQUEST));
  }

  /**
   * Puts `data`, the next bytes of the body, into the output, framed as the request announced. Above 2048 bytes it is
   * not copied: it must stay as it is until it has left.
   * @throws StateError - no body is being sent
   * @throws ExcessBodyData - more bytes than were announced; nothing of `data` is sent then
   * @throws ConnectionClosed - nothing can be sent any more
   */
  sendData(data: Uint8Array): void {
    this.#send.data(data);
  }

  /**
   * Puts the end of a chunked body into the output, with `trailers` if there are any (RFC 9112 7.1.2).
   * @throws StateError - no chunked body is being sent
   * @throws TypeError - a field cannot be a trailer (RFC 9110 6.5.1)
   * @throws ConnectionClosed - nothing can be sent any more
   */
  endBody(trailers?: HeadersInit): void {
    this.#send.endBody(trailers);
  }

  /**
   * Reports that the source of the body has no more data: the check of a body of an announced length. A chunked body ends
   * with {@link endBody}.
   * @throws MissingBodyData - a longer body was announced
   */
  bodySourceEnded(): void {
    this.#send.sourceEnded();
  }

  /**
   * Puts `data`, bytes of another protocol, into the output, once {@link sendState} is `raw`: after a 101, or a tunnel.
   * @throws StateError - HTTP goes on
   * @throws ConnectionClosed - nothing can be sent any more
   */
  sendRaw(data: Uint8Array): void {
    this.#send.raw(data);
  }

  /**
   * Reports that no 100 (Continue) came in time: the body may be sent without it (RFC 9110 10.1.1).
   * @throws StateError - no request waits for it
   */
  stopWaitingForContinue(): void {
    this.#send.stopWaitingForContinue();
  }

  /**
   * Looks for an early response, one to a request that is still being sent (RFC 9112 9.5). A final response other than
   * a success, or the end of the stream without a response, stops the sending: the output is emptied, and this response
   * is the connection's last. A success (2xx) stops nothing, since servers may answer while they receive.
   * @throws InvalidResponse - the received bytes break HTTP
   * @throws UnsupportedResponse - they are of a version or coding that is not supported
   */
  heedEarlyAnswer(): void {
    const status = this.earlyStatus();
    if (status !== undefined && status >= FIRST_REFUSAL) this.breakOff(ANSWERED);
    else if (status === undefined && this.ended && this.halfSent) this.breakOff(ENDED);
  }

  /** Why the rest of a request will not be sent, after {@link breakOff}. */
  get brokenOff(): string | undefined {
    return this.#state.brokenOff?.why;
  }

  /** Whether bytes that were put into the output will never be sent. */
  get sendingOver(): boolean {
    return this.#state.send === 'failed' || this.brokenOff !== undefined || this.output.wasCut;
  }

  /** The reason for {@link sendingOver}: a RangeError if the memory of the bytes is gone, else an error of the connection. */
  get sendingError(): Error {
    const { brokenOff, failure } = this;
    if (brokenOff === undefined && failure instanceof RangeError) return failure;
    return this.connectionClosed(brokenOff ?? ENDED, 'send', failure);
  }

  /**
   * Gives up the rest of the request that the next response answers; errors give `why` as the reason. That response is
   * the connection's last, since no request can follow an incomplete one.
   */
  breakOff(why: string): void {
    this.#send.breakOff(why);
  }

  /**
   * Reports that the body that is being sent ended early, because of `cause`, which is the cause of later errors.
   */
  bodyFailed(cause: unknown): void {
    this.#send.bodyFailed(cause);
  }

  /**
   * Reports that nothing can be sent any more, because of `cause`; what the server sent before can still be received.
   */
  sendFailed(cause: unknown): void {
    this.#send.failed(cause);
  }

  // --- receiving ---------------------------------------------------------------------------------------------------

  /**
   * Returns the status of the response to a request that is still being sent, once its head has arrived; {@link
   * nextResponse} still returns the response. Informational responses are skipped. Call it while sending (RFC 9112
   * 9.5).
   * @throws InvalidResponse - the received bytes break HTTP
   * @throws UnsupportedResponse - they are of a version or coding that is not supported
   */
  earlyStatus(): number | undefined {
    return this.#receive.earlyStatus();
  }

  /**
   * Checks that the request which the next response answers has been given in whole, so that it makes sense to wait for
   * the response.
   * @throws StateError - the next response is to a request whose body is not complete, and nothing has arrived of it
   */
  assertRequestComplete(): void {
    this.#receive.assertRequestComplete();
  }

  /**
   * Returns the next response: a final one, or the 100 (Continue) or 101 (Switching Protocols) that the request asked
   * for; undefined if more bytes must be received first. Other informational responses are skipped. It may come before
   * the request has been sent to its end.
   * @throws StateError - no response is pending, or the body before has unread bytes
   * @throws InvalidResponse - the received bytes break HTTP
   * @throws UnsupportedResponse - they are of a version or coding that is not supported
   * @throws ConnectionClosed - the stream ended before
   */
  nextResponse(): Response | undefined {
    return this.#receive.nextResponse();
  }

  /**
   * Moves up to `length` bytes of `body` to `target`, from `offset` on, or drops them if there is no target. Returns
   * how many, or undefined if more bytes must be received first. 0 is the end of the body.
   * @throws InvalidResponse - the received bytes break HTTP
   * @throws UnsupportedResponse - the end of the body cannot be determined
   * @throws ConnectionClosed - the stream ended before the body did
   */
  // Parameters: no object for each read.
  readBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    return this.#receive.readBody(body, target, offset, length);
  }

  /**
   * Reports that `count` bytes of `body` have been received straight into the caller's memory (at most `body.direct`).
   */
  receivedBody(body: BodyDecoder, count: number): void {
    this.#receive.receivedBody(body, count);
  }

  /** Reports that the peer has ended its stream in an orderly way. */
  receivedEnd(): void {
    this.#receive.ended();
  }

  /**
   * Reports that receiving has failed, because of `cause` (a reset): what was received before can still be read.
   */
  receiveFailed(cause: unknown): void {
    this.#receive.failed(cause);
  }

  /**
   * Checks that bytes may be read uninterpreted: after a switch of protocols, invalid framing or a failure.
   * @throws StateError - HTTP goes on
   */
  assertCanReceiveRaw(): void {
    this.#receive.assertRaw();
  }

  /**
   * Checks that the peer's stream did not end by a failure. It changes nothing.
   * @throws ConnectionClosed - the stream ended by a failure
   * @throws TLSError - in its place, if a failure of TLS was the reason
   */
  assertOrderlyEnd(): void {
    const { end, failure } = this.#state;
    if (end === 'failed') throw this.#state.connectionClosed('the connection was lost', 'receive', failure);
  }

  /** Gives up the connection because of `cause`: nothing that the server sends can be trusted any more. */
  fail(cause: unknown): void {
    this.#state.fail(cause);
  }

  /** Returns the error for a call in this `phase` after the connection has ended or failed. */
  connectionUnusable(phase: Phase): ConnectionClosed | TLSError {
    return this.#state.unusable(phase);
  }

  /**
   * Returns a ConnectionClosed with the reason `why` and this `phase`, which says what is lost now, or `cause` if that
   * is a TLSError.
   */
  connectionClosed(why: string, phase: Phase, cause?: unknown): ConnectionClosed | TLSError {
    return this.#state.connectionClosed(why, phase, cause);
  }

  static {
    shownAs(ClientProtocol, protocolView);
  }
}

function protocolView(protocol: ClientProtocol): object {
  const { sendState, receiveState, pendingRequests, bytesSent, bytesReceived, input, output, failure } = protocol;
  return { sendState, receiveState, pendingRequests, bytesSent, bytesReceived, input, output, failure };
}
