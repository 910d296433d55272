/**
 * The half of a connection that receives: it takes heads and bodies out of the buffer, each for the oldest request without a
 * final response (RFC 9112 9.2), and decides what they mean for the connection. `undefined` means "bring more bytes".
 */

import { InvalidResponse, StateError, UnsupportedResponse } from '../errors.ts';
import type { BodyDecoder } from './body-decoder.ts';
import type { ConnectionState } from './connection-state.ts';
import { decoderFor, UndecodableBody } from './decoder-for.ts';
import { type Exchange, nameOf } from './exchanges.ts';
import { type Framing, isInformational, isPersistent, responseFraming } from './framing.ts';
import { listElements, quoted } from './grammar.ts';
import type { Limits } from './limits.ts';
import { type ResponseHead, ResponseHeadParser } from './response-head.ts';

/**
 * A response whose head has arrived: what `nextResponse()` of {@link ClientProtocol} returns. Its body, if it has one,
 * follows through `readBody()`.
 *
 * @example
 * ```js
 * import { ClientProtocol } from 'dugong/http1';
 *
 * const protocol = new ClientProtocol({ host: 'server.example' });
 * protocol.sendRequest('GET', '/a');
 * protocol.input.push(Buffer.from('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
 * const response = protocol.nextResponse();
 * console.log(response?.path, response?.head.status, response?.framing, response?.body); // /a 404 { kind: 'none' } undefined
 * ```
 */
export interface Response {
  /** The method of the request that it answers. */
  readonly method: string;
  /** Path and query of that request, as they were given. */
  readonly path: string;
  /** Status line and header section. */
  readonly head: ResponseHead;
  /** How the body ends (RFC 9112 6.3). */
  readonly framing: Framing;
  /** The decoder of the body; undefined if there is no body. */
  readonly body: BodyDecoder | undefined;
}

type OnInformational = (response: Response) => void;

export class ReceiveHalf {
  readonly #state: ConnectionState;
  readonly #limits: Limits;
  readonly #onInformational: OnInformational | undefined;
  readonly #parser: ResponseHeadParser;
  #body: BodyDecoder | undefined;
  /** The head of the next final response, if {@link earlyStatus} has found it. */
  #earlyHead: ResponseHead | undefined;
  #informationalBytes = 0;

  constructor(state: ConnectionState, limits: Limits, onInformational: OnInformational | undefined) {
    this.#state = state;
    this.#limits = limits;
    this.#onInformational = onInformational;
    this.#parser = new ResponseHeadParser(limits);
  }

  get body(): BodyDecoder | undefined {
    return this.#body;
  }

  /** Whether {@link earlyStatus} has found a head. */
  get early(): boolean {
    return this.#earlyHead !== undefined;
  }

  earlyStatus(): number | undefined {
    // Anew each time, since `onInformational` may read responses itself.
    while (this.#earlyHead === undefined && this.#state.halfSent) {
      const exchange = this.#state.exchanges.oldestPending as Exchange;
      const head = this.#parseHead();
      if (head === undefined) return undefined;
      if (isInformational(head.status)) this.#informational(exchange, head);
      else this.#earlyHead = head;
    }
    return this.#earlyHead?.status;
  }

  assertRequestComplete(): void {
    const { input, awaitingBody, exchanges } = this.#state;
    if (!awaitingBody || input.length > 0 || this.#earlyHead !== undefined) return;
    throw this.#state.bodyUnfinished(exchanges.oldestPending as Exchange, '');
  }

  nextResponse(): Response | undefined {
    for (;;) {
      // Anew each time, since `onInformational` may read responses itself.
      const exchange = this.#nextExchange();
      const head = this.#earlyHead ?? this.#parseHead();
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

  // Parameters: no object for each read.
  readBody(body: BodyDecoder, target: Uint8Array | undefined, offset: number, length: number): number | undefined {
    const state = this.#state;
    if (body.complete) return 0;
    if (state.receive === 'failed') throw state.failure;
    let count: number;
    try {
      count = body.decode(state.input, target, offset, length);
    } catch (error) {
      state.fail(error);
      throw error;
    }
    this.#bodyProgress(body);
    if (count > 0 || body.complete || length === 0) return count;
    if (state.end !== undefined) throw state.cutShort('the response body was cut short');
    return undefined;
  }

  receivedBody(body: BodyDecoder, count: number): void {
    this.#state.bytesPastBuffer += count;
    body.received(count);
    this.#bodyProgress(body);
  }

  ended(): void {
    this.#state.end ??= 'orderly';
    // After a reset some kernels report an end: it completes nothing.
    if (this.#state.end === 'orderly') this.#body?.end();
  }

  failed(cause: unknown): void {
    this.#state.end ??= 'failed';
    this.#state.failure ??= cause;
    this.#state.advanceSend('fail');
  }

  assertRaw(): void {
    const { receive } = this.#state;
    const readable = receive === 'raw' || receive === 'failed' || this.#body instanceof UndecodableBody;
    if (!readable) throw new StateError('readRaw() is for connections that have left HTTP: this one has not');
  }

  #bodyProgress(body: BodyDecoder): void {
    if (!body.complete || this.#body !== body) return;
    this.#body = undefined;
    this.#state.exchanges.bodyReceived();
    this.#state.advanceReceive('body-end');
    this.#state.endAfterLast();
  }

  /** The exchange that the next response belongs to. */
  #nextExchange(): Exchange {
    const { receive, send, exchanges } = this.#state;
    if (receive === 'failed') throw this.#state.unusable('receive');
    const { current, oldestPending: exchange } = exchanges;
    if (current !== undefined) {
      throw new StateError(`the body of the response to ${nameOf(current)} has not been read to its end`);
    }
    if (receive === 'raw') throw new StateError('the connection has left HTTP: use readRaw()');
    if (receive !== 'idle') throw this.#state.unusable('receive');
    if (exchange === undefined) {
      if (send === 'failed') throw this.#state.unusable('receive');
      throw new StateError(
        'no request is waiting for a response: a coroutine that sends one does nothing until yield* runs it',
      );
    }
    return exchange;
  }

  #parseHead(): ResponseHead | undefined {
    const state = this.#state;
    const { input } = state;
    const position = input.received - input.length;
    let head: ResponseHead | undefined;
    try {
      head = this.#parser.parse(input);
    } catch (error) {
      state.fail(error);
      throw error;
    }
    if (head !== undefined) state.assertAsked(position);
    return head;
  }

  /** @throws ConnectionClosed if the peer's stream has ended before the head that is waited for did */
  #assertMoreToCome(): void {
    if (this.#state.end === undefined) return;
    const cut = this.#parser.begun || this.#state.input.length > 0;
    throw this.#state.cutShort(
      cut ? 'the response head was cut short' : 'the server closed the connection without a response',
    );
  }

  /** An informational response: returned if it is what the request waits for, else reported and skipped. */
  #informational(exchange: Exchange, head: ResponseHead): Response | undefined {
    const { method, path } = exchange;
    const response: Response = { method, path, head, framing: { kind: 'none' }, body: undefined };
    if (head.status === 101) {
      this.#switchProtocols(exchange, head);
      return response;
    }
    this.#informationalBytes += head.byteLength;
    if (this.#informationalBytes > this.#limits.informational) {
      throw this.#refused(
        new InvalidResponse(`more than ${this.#limits.informational} bytes of informational responses`),
      );
    }
    if (head.status === 100 && this.#state.send === 'await-continue' && this.#state.exchanges.pending === 1) {
      this.#state.advanceSend('continue');
      return response;
    }
    this.#onInformational?.(response);
    return undefined;
  }

  /** 101: HTTP ends here, if that is what the request asked for (RFC 9110 15.2.2). */
  #switchProtocols({ upgrade }: Exchange, head: ResponseHead): void {
    const offered = listElements(upgrade?.toLowerCase() ?? '');
    const taken = listElements(head.headers.get('Upgrade')?.toLowerCase() ?? '');
    const itsTurn = this.#state.send === 'await-switch' && this.#state.exchanges.pending === 1;
    if (!itsTurn || taken.length === 0 || !taken.every((protocol) => offered.includes(protocol))) {
      const asked =
        upgrade === undefined
          ? ', which was not asked for'
          : ` to ${quoted(taken.join(', '))}, where ${quoted(upgrade)} was asked for`;
      throw this.#refused(new UnsupportedResponse(`101 Switching Protocols${asked} (RFC 9110 7.8)`));
    }
    this.#state.exchanges.answered('without-body');
    this.#leaveHTTP();
  }

  #finalResponse(exchange: Exchange, head: ResponseHead): Response {
    const { method, path } = exchange;
    const { status, minorVersion, framingFields: fields } = head;
    const framing = responseFraming({ method, status, minorVersion, fields });
    if (framing.kind === 'tunnel' && this.#state.send !== 'await-switch') {
      throw this.#state.cutShort('the connection was lost before the tunnel was there');
    }
    const event = this.#isLast(exchange, framing, head) ? 'last-head' : 'head';
    const body = decoderFor(framing, this.#limits);
    this.#state.exchanges.answered(body === undefined ? 'without-body' : 'with-body');
    this.#state.peerIsHTTP10 = minorVersion === 0;
    this.#informationalBytes = 0;
    if (framing.kind === 'tunnel') this.#leaveHTTP();
    else this.#goOn(event, body);
    return { method, path, head, framing, body };
  }

  #goOn(event: keyof typeof WITH_BODY, body: BodyDecoder | undefined): void {
    const state = this.#state;
    state.advanceReceive(body === undefined ? event : WITH_BODY[event]);
    if (state.exchanges.pending === 0 && state.send.startsWith('await-')) state.advanceSend('final-response');
    state.endAfterLast();
    this.#body = body;
    if (state.end === 'orderly') body?.end();
  }

  #leaveHTTP(): void {
    this.#state.advanceSend('switch');
    this.#state.advanceReceive('switch');
  }

  /** Whether this is the connection's last response. */
  #isLast(exchange: Exchange, framing: Framing, head: ResponseHead): boolean {
    const { send, exchanges, brokenOff } = this.#state;
    // No request can follow an incomplete one.
    const cut = exchange === brokenOff?.exchange || (exchanges.pending === 1 && send === 'failed');
    return cut || exchange.close || !isPersistent(framing, head.minorVersion, head.framingFields);
  }

  #refused(error: InvalidResponse | UnsupportedResponse): Error {
    this.#state.fail(error);
    return error;
  }
}

/** The event of a head whose body is still to come. */
const WITH_BODY = { head: 'head-with-body', 'last-head': 'last-head-with-body' } as const;
