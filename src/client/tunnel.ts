/**
 * Makes a tunnel through an HTTP proxy (RFC 9110 9.3.6): sends CONNECT on a transport to the proxy; afterwards the
 * transport leads to the server. It knows nothing of the caller's requests, so that no part of them can reach the
 * proxy. It relies on ClientProtocol for the exchange.
 * ProxyRefusal has the details of a refused tunnel.
 */

import { now } from '../clock.ts';
import type { Coroutine } from '../coroutine.ts';
import type { ProxyAnswer } from '../errors.ts';
import { ConnectionClosed, DugongError, InvalidResponse, ProxyError, UnsupportedResponse } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import { quoted } from '../http1/grammar.ts';
import type { HTTPHeaders } from '../http1/headers.ts';
import { ClientProtocol, type Response } from '../http1/protocol.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { shownAs } from '../inspection.ts';
import { isConnectionLost, systemError, WOULD_BLOCK } from '../io/system-error.ts';
import type { Transport } from '../io/transport.ts';
import { MessageTrace } from './message-trace.ts';
import { shownReason } from './shown-head.ts';
import { coWait } from './wait.ts';
import type { WireTrace } from './wire-trace.ts';

/**
 * Bytes of a refusal's body that are kept as its reason, and milliseconds to wait for them: the refusal itself is known
 * already.
 */
const LONGEST_EXPLANATION = 16_384;
const LONGEST_WAIT = 250;

export interface Tunnel {
  /** host:port of the server. */
  readonly authority: string;
  /** The fields of CONNECT. */
  readonly headers: HTTPHeaders;
  readonly trace?: WireTrace | undefined;
}

/**
 * Asks the proxy for a tunnel to `authority`. The transport stays the caller's, also after a failure.
 * @throws ProxyError if the proxy refuses or does not speak HTTP, ConnectionClosed
 */
export function* coTunnel(transport: Transport, { authority, headers, trace }: Tunnel): Coroutine<void> {
  const exchange = new TunnelExchange(transport, authority, trace);
  try {
    yield* exchange.coSend(headers);
    const response = yield* exchange.coResponse();
    // Any 2xx opens a tunnel, also a 204.
    const { status } = response.head;
    if (status < 200 || status > 299) throw yield* exchange.coRefusal(response, headers);
    if (exchange.bytesLeft > 0) {
      // These bytes would be taken for the server's.
      throw new ProxyError('the proxy sent bytes of its own behind its answer to CONNECT');
    }
  } catch (error) {
    exchange.failed(error);
    if (!(error instanceof InvalidResponse || error instanceof UnsupportedResponse)) throw error;
    throw new ProxyError(`the proxy does not answer as HTTP says: ${error.message}`, { cause: error });
  }
}

/** The realm of the first challenge that has one, quoted (RFC 9110 11.5). */
const REALM = /\brealm[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"/i;

/** tinyproxy answers wrong credentials with 401, although 401 is for servers (RFC 9110 15.5.2). */
const MEANT_407 = 401;

/** Advice for a refusal. `sent` are the fields of CONNECT. */
function advice({ status, headers }: ResponseHead, sent: HTTPHeaders): string {
  if (status !== 407 && status !== MEANT_407) return '';
  const [, realm] = REALM.exec(headers.get('Proxy-Authenticate') ?? '') ?? [];
  const where = realm === undefined ? '' : ` for ${quoted(realm)}`;
  return sent.has('Proxy-Authorization')
    ? ` (it does not accept the credentials that it got${where}: are user name and password in the proxy's URL right?)`
    : ` (it wants credentials${where}: give its user name and password in the proxy's URL)`;
}

/** The exchange with the proxy. */
class TunnelExchange {
  readonly #transport: Transport;
  readonly #authority: string;
  readonly #protocol: ClientProtocol;
  readonly #trace: MessageTrace | undefined;

  constructor(transport: Transport, authority: string, trace: WireTrace | undefined) {
    this.#transport = transport;
    this.#authority = authority;
    this.#protocol = new ClientProtocol({ host: authority, receiveBufferSize: 4096 });
    this.#trace = trace && new MessageTrace(trace, this.#protocol, 0);
  }

  get bytesLeft(): number {
    return this.#protocol.input.length;
  }

  /** For the trace. */
  failed(error: unknown): void {
    this.#trace?.failed(error);
  }

  /** Sends CONNECT. If the proxy closes the connection, its response can still be read. */
  *coSend(headers: HTTPHeaders): Coroutine<void> {
    this.#protocol.sendRequest('CONNECT', this.#authority, { headers });
    this.#trace?.request(0, {});
    const { output } = this.#protocol;
    while (output.length > 0) {
      const views = output.take();
      const count = this.#transport.send(views);
      output.sent(Math.max(0, count));
      this.#trace?.sent(views, count);
      if (count >= 0) continue;
      if (count === WOULD_BLOCK) yield* this.#coRoom();
      else if (isConnectionLost(count))
        return this.#protocol.sendFailed(this.#transport.failure ?? systemError(count, 'send'));
      else throw this.#failed(count, 'send');
    }
  }

  *coResponse(): Coroutine<Response> {
    for (;;) {
      const response = this.#protocol.nextResponse();
      if (response !== undefined) {
        this.#trace?.response(response);
        return response;
      }
      if ((yield* this.#coInput()) === 0) throw this.#lost(this.#protocol.failure);
    }
  }

  /** Makes the error for a response without a tunnel. `sent` are the fields of CONNECT. */
  *coRefusal({ head, body }: Response, sent: HTTPHeaders): Coroutine<ProxyError> {
    const { status, reason } = head;
    const explanation = body === undefined ? Buffer.alloc(0) : yield* this.#coExplanation(body);
    const said = `${status} ${shownReason(reason)}`.trimEnd();
    return new ProxyError(`the proxy refused to connect to ${this.#authority}: ${said}${advice(head, sent)}`, {
      answer: new ProxyRefusal(head, explanation),
    });
  }

  /** The beginning of a refusal's body, as far as it arrives in time. */
  *#coExplanation(body: BodyDecoder): Coroutine<Buffer> {
    const deadline = now() + LONGEST_WAIT;
    const text = Buffer.alloc(LONGEST_EXPLANATION);
    let length = 0;
    try {
      while (length < text.length) {
        const count = this.#protocol.readBody(body, text, length, text.length - length);
        if (count !== undefined) this.#trace?.body(body, count, text.subarray(length, length + count));
        if (count === 0) break;
        if (count !== undefined) length += count;
        else if (!(yield* this.#coInputBefore(deadline))) break;
      }
    } catch (error) {
      if (!(error instanceof DugongError)) throw error;
    }
    return text.subarray(0, length);
  }

  /** Waits for room to send. During a TLS renegotiation it receives, because nothing can be sent before that. */
  *#coRoom(): Coroutine<void> {
    const { sendAwaitsInput, sendNeeds } = this.#transport;
    if (!sendAwaitsInput) yield* coWait(sendNeeds, 'tunnel');
    else if (this.#receive() === WOULD_BLOCK) yield* coWait(this.#transport.receiveNeeds, 'tunnel');
    if (this.bytesLeft > LONGEST_EXPLANATION) throw new ProxyError('the proxy answers CONNECT before it has all of it');
  }

  /** Receives the next bytes. Returns their number; 0 at the end. */
  *#coInput(): Coroutine<number> {
    for (;;) {
      const count = this.#receive();
      if (count !== WOULD_BLOCK) return count;
      yield* coWait(this.#transport.receiveNeeds, 'tunnel');
    }
  }

  /** As `#coInput`; returns false if nothing arrives before the deadline. */
  *#coInputBefore(deadline: number): Coroutine<boolean> {
    while (now() < deadline) {
      if (this.#receive() !== WOULD_BLOCK) return true;
      yield* coWait(this.#transport.receiveNeeds.before(deadline), 'tunnel');
    }
    return false;
  }

  /** As {@link Transport.receive}, into the protocol's input. @throws the error of a failure */
  #receive(): number {
    const { input } = this.#protocol;
    const room = input.makeRoom();
    const count = this.#transport.receive(input.bytes, input.end, room);
    if (count === WOULD_BLOCK) return count;
    this.#trace?.received(count, this.#transport);
    if (count < 0) throw this.#failed(count, 'recv');
    if (count === 0) this.#protocol.receivedEnd();
    input.filled(count);
    return count;
  }

  #failed(result: number, syscall: string): DugongError {
    const cause = this.#transport.failure ?? systemError(result, syscall);
    return isConnectionLost(result) ? this.#lost(cause) : cause;
  }

  /** Makes the error. It lists no lost requests, because none was sent. */
  #lost(cause: unknown): ConnectionClosed {
    const { bytesSent, bytesReceived } = this.#protocol;
    const details = { phase: 'tunnel', bytesSent, bytesReceived, cause } as const;
    return new ConnectionClosed('the proxy closed the connection in place of answering CONNECT', details);
  }
}

/** Bytes of the body that logs show. */
const SHOWN = 1000;

/** The refusal. */
export class ProxyRefusal implements ProxyAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: HTTPHeaders;
  readonly body: Buffer;

  constructor({ status, reason, headers }: ResponseHead, body: Buffer) {
    this.status = status;
    this.reason = reason;
    this.headers = headers;
    this.body = body;
  }

  /** For logs: hides the values of fields that hold secrets. */
  toJSON(): object {
    return { ...this, headers: this.headers.withoutSecrets(), body: this.body.toString('utf8', 0, SHOWN) };
  }

  static {
    shownAs(ProxyRefusal, (answer) => answer.toJSON());
  }
}
