/**
 * The half of a connection that sends: which requests and bodies may be encoded now. Their bytes go into the output, which the
 * driver sends. It knows of responses only what the shared state says.
 */

import { StateError } from '../errors.ts';
import { type BodyEncoder, ChunkedEncoder, LengthEncoder } from './body-encoder.ts';
import type { ConnectionState } from './connection-state.ts';
import { type HeadersInit, HTTPHeaders } from './headers.ts';
import { encodeWholeHead, type RequestFraming } from './request-head.ts';
import type { SendEvent } from './transitions.ts';

/**
 * What a request has besides its method and its path: the third argument of `sendRequest()` of {@link ClientProtocol}.
 *
 * @example
 * ```js
 * import { ClientProtocol } from 'dugong/http1';
 *
 * const protocol = new ClientProtocol({ host: 'server.example' });
 * const headers = { 'Content-Type': 'text/plain' };
 * protocol.sendRequest('PUT', '/a', { headers, framing: { kind: 'length', length: 5 } });
 * protocol.sendData(Buffer.from('hello'));
 * console.log(Buffer.concat(protocol.output.take()).toString().split('\r\n').at(-1)); // hello
 * ```
 */
export interface Request {
  /** The fields of this request. Host, framing and Expect are written by the protocol; a field here must agree. */
  readonly headers?: HeadersInit | undefined;
  /** How the body ends (RFC 9112 6). Default: there is no body. */
  readonly framing?: RequestFraming;
  /** Whether to ask for permission to send the body (RFC 9110 10.1.1). Default false. */
  readonly expectContinue?: boolean | undefined;
  /** The Host field of this request; default: the connection's. */
  readonly host?: string | undefined;
  /** Protocols to switch to, as in the Upgrade field (RFC 9110 7.8): after a 101 the bytes are raw. */
  readonly upgrade?: string | undefined;
}

/**
 * What all requests of a connection have: a part of {@link ClientProtocolOptions}.
 *
 * @example
 * ```js
 * import { ClientProtocol } from 'dugong/http1';
 *
 * const defaults = { host: 'server.example', absolute: 'http://server.example', headers: { 'User-Agent': 'a/1.0' } };
 * const protocol = new ClientProtocol(defaults);
 * protocol.sendRequest('GET', '/a');
 * console.log(Buffer.concat(protocol.output.take()).toString().split('\r\n').at(0)); // GET http://server.example/a HTTP/1.1
 * ```
 */
export interface RequestDefaults {
  /** The Host field of each request: the authority, without the scheme's default port (RFC 9110 7.2). */
  readonly host: string;
  /** "http://authority" if requests are to go to a proxy in absolute-form (RFC 9112 3.2.2). */
  readonly absolute?: string | undefined;
  /** Fields that each request has, unless it has its own of that name. */
  readonly headers?: HeadersInit | undefined;
}

const STILL_HTTP =
  'raw bytes cannot be sent: HTTP goes on here, until a server agrees to end it for the option upgrade, or CONNECT';

const NO_BODY: RequestFraming = { kind: 'none' };

export class SendHalf {
  readonly #state: ConnectionState;
  readonly #host: string;
  readonly #absolute: string | undefined;
  readonly #fixed: HTTPHeaders | undefined;
  /** Encoder of the latest request's body. */
  #encoder: BodyEncoder | undefined;

  constructor(state: ConnectionState, { host, absolute, headers }: RequestDefaults) {
    this.#state = state;
    this.#host = host;
    this.#absolute = absolute;
    this.#fixed = headers === undefined ? undefined : new HTTPHeaders(headers);
  }

  request(method: string, path: string, request: Request): void {
    const { headers, framing = NO_BODY, expectContinue, host = this.#host, upgrade } = request;
    const { text, close } = encodeWholeHead({
      method,
      target: path,
      host,
      absolute: this.#absolute,
      fixed: this.#fixed,
      headers,
      framing,
      expectContinue,
      upgrade,
    });
    const { exchanges, input, output } = this.#state;
    this.#assertReady(framing);
    const idle = !exchanges.any;
    this.#state.advanceSend(requestEvent(method, request));
    this.#state.bodyFailure = undefined;
    this.#encoder = encoderFor(framing);
    exchanges.add({ method, path, close, upgrade }, input.received);
    if (idle) this.#state.assertQuiet();
    output.pushText(text);
    if (framing.kind === 'length' && framing.length === 0) this.#state.advanceSend('body-end');
    this.#closeIfAnnounced();
  }

  data(data: Uint8Array): void {
    const encoder = this.#encoder;
    const { output } = this.#state;
    // More bytes than announced are ExcessBodyData, which says more than a StateError.
    if (encoder !== undefined && this.#endedByItself) {
      encoder.encode(data, output);
      return;
    }
    if (this.#state.send !== 'body' || encoder === undefined) throw this.#state.refusedSend('body data');
    encoder.encode(data, output);
    this.#encoded(encoder.complete ? 'body-end' : 'data');
  }

  endBody(trailers: HeadersInit | undefined): void {
    if (this.#endedByItself)
      throw new StateError('a body with a length has ended with its last byte: leave out endBody()');
    if (this.#state.send !== 'body' || this.#encoder === undefined) {
      throw this.#state.refusedSend('the end of a body');
    }
    this.#encoder.end(this.#state.output, trailers);
    this.#encoded('body-end');
  }

  /** The source of the body has no more data. @throws MissingBodyData if a longer body was announced */
  sourceEnded(): void {
    if (this.#encoder instanceof LengthEncoder) this.#encoder.assertComplete();
  }

  /** Whether the latest body had an announced length and is complete. */
  get #endedByItself(): boolean {
    return this.#state.send === 'idle' && this.#encoder instanceof LengthEncoder && this.#encoder.complete;
  }

  raw(data: Uint8Array): void {
    if (this.#state.send === 'idle') throw new StateError(STILL_HTTP);
    if (this.#state.send !== 'raw') throw this.#state.refusedSend('raw bytes');
    this.#state.advanceSend('data');
    this.#state.output.pushBytes(data);
  }

  stopWaitingForContinue(): void {
    this.#state.advanceSend('continue');
  }

  breakOff(why: string): void {
    this.#state.brokenOff = { exchange: this.#state.exchanges.oldestPending, why };
    this.#state.advanceSend('close');
    this.#state.output.cut();
  }

  bodyFailed(cause: unknown): void {
    if (this.#state.send === 'body') this.#state.bodyFailure ??= { cause };
  }

  failed(cause: unknown): void {
    this.#state.advanceSend('fail');
    this.#state.failure ??= cause;
  }

  #assertReady(framing: RequestFraming): void {
    if (this.#state.send !== 'idle') throw this.#state.refusedSend('a new request');
    if (framing.kind === 'chunked' && this.#state.peerIsHTTP10) {
      throw new StateError(
        'a chunked body cannot be sent: the server speaks HTTP/1.0, which has no chunks (RFC 9112 6.1); announce its length',
      );
    }
  }

  #encoded(event: 'data' | 'body-end'): void {
    this.#state.advanceSend(event);
    this.#closeIfAnnounced();
    this.#state.endAfterLast();
  }

  /** RFC 9112 9.6: a client that sends "close" must not send more requests. */
  #closeIfAnnounced(): void {
    if (this.#state.send === 'idle' && this.#state.exchanges.latest?.close) this.#state.advanceSend('close');
  }
}

function encoderFor(framing: RequestFraming): BodyEncoder | undefined {
  if (framing.kind === 'length') return new LengthEncoder(framing.length);
  return framing.kind === 'chunked' ? new ChunkedEncoder() : undefined;
}

function requestEvent(method: string, { framing = NO_BODY, expectContinue, upgrade }: Request): SendEvent {
  if (method === 'CONNECT' || upgrade !== undefined) return 'request-switching';
  if (expectContinue) return 'request-expecting';
  return framing.kind === 'none' ? 'request' : 'request-with-body';
}
