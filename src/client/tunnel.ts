/**
 * A tunnel through an HTTP proxy (RFC 9110 9.3.6): CONNECT on a transport that leads to the proxy, after which the transport
 * leads to the server. Nothing of the user's requests is known here, so nothing of them can reach the proxy.
 */

import type { Coroutine } from '../coroutine.ts';
import {
  ConnectionClosed,
  DugongError,
  InvalidResponse,
  ProxyError,
  printable,
  UnsupportedResponse,
} from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import type { HTTPHeaders } from '../http1/headers.ts';
import { ClientProtocol, type Response } from '../http1/protocol.ts';
import { SendQueue } from '../io/send-queue.ts';
import { isConnectionLost, systemError, WOULD_BLOCK } from '../io/system-error.ts';
import type { Transport } from '../io/transport.ts';
import { coWait } from './wait.ts';

/** How much of a refusal's body is kept, to say why. */
const LONGEST_EXPLANATION = 16_384;

/**
 * Asks the proxy at the other end of `transport` for a tunnel to `authority` (host:port). The transport stays the caller's,
 * also on failure. @throws ProxyError if the proxy refuses or does not speak HTTP, ConnectionClosed
 */
export function* coTunnel(transport: Transport, authority: string, headers: HTTPHeaders): Coroutine<void> {
  const exchange = new TunnelExchange(transport, authority);
  try {
    yield* exchange.coSend(headers);
    const response = yield* exchange.coResponse();
    const { status, reason } = response.head;
    // Any 2xx, also a 204, which has no body but opens a tunnel all the same.
    if (status < 200 || status > 299) {
      const body = response.body === undefined ? Buffer.alloc(0) : yield* exchange.coExplanation(response.body);
      const answer = { status, reason, headers: response.head.headers, body };
      throw new ProxyError(
        `the proxy refused to connect to ${authority}: ${status} ${printable(reason, 200)}${advice(status)}`,
        {
          answer,
        },
      );
    }
    if (exchange.bytesLeft > 0) {
      // Whatever it is, it would be taken for the server's.
      throw new ProxyError('the proxy sent bytes of its own behind its answer to CONNECT');
    }
  } catch (error) {
    if (!(error instanceof InvalidResponse || error instanceof UnsupportedResponse)) throw error;
    throw new ProxyError(`the proxy does not answer as HTTP says: ${error.message}`, { cause: error });
  }
}

function advice(status: number): string {
  return status === 407 ? " (give its user name and password in the proxy's URL)" : '';
}

/** The one exchange with the proxy. */
class TunnelExchange {
  readonly #transport: Transport;
  readonly #authority: string;
  readonly #protocol: ClientProtocol;

  constructor(transport: Transport, authority: string) {
    this.#transport = transport;
    this.#authority = authority;
    this.#protocol = new ClientProtocol({ host: authority, receiveBufferSize: 4096 });
  }

  get bytesLeft(): number {
    return this.#protocol.buffer.length;
  }

  /** What a proxy said before it closed the connection can be read nevertheless. */
  *coSend(headers: HTTPHeaders): Coroutine<void> {
    const queue = new SendQueue();
    queue.pushText(this.#protocol.sendRequest('CONNECT', this.#authority, { headers }));
    while (!queue.empty) {
      const count = queue.sendTo(this.#transport);
      if (count === WOULD_BLOCK) yield* coWait(this.#transport.sendNeeds, 'tunnel');
      else if (count >= 0) this.#protocol.sent(count);
      else if (isConnectionLost(count))
        return this.#protocol.sendFailed(this.#transport.failure ?? systemError(count, 'send'));
      else throw this.#failed(count, 'send');
    }
  }

  *coResponse(): Coroutine<Response> {
    for (;;) {
      const response = this.#protocol.nextResponse();
      if (response !== undefined) return response;
      if ((yield* this.#coInput()) === 0) throw this.#lost(this.#protocol.failure);
    }
  }

  /** The beginning of a refusal's body; less if it does not come in full. */
  *coExplanation(body: BodyDecoder): Coroutine<Buffer> {
    const text = Buffer.alloc(LONGEST_EXPLANATION);
    let length = 0;
    try {
      while (length < text.length) {
        const count = this.#protocol.readBody(body, text, length, text.length - length);
        if (count === 0) break;
        if (count === undefined) yield* this.#coInput();
        else length += count;
      }
    } catch (error) {
      if (!(error instanceof DugongError)) throw error;
    }
    return text.subarray(0, length);
  }

  /** Brings in what comes next; returns how much, 0 at the end. */
  *#coInput(): Coroutine<number> {
    const { buffer } = this.#protocol;
    for (;;) {
      const room = buffer.makeRoom();
      const count = this.#transport.receive(buffer.bytes, buffer.end, room);
      if (count === WOULD_BLOCK) {
        yield* coWait(this.#transport.receiveNeeds, 'tunnel');
        continue;
      }
      if (count < 0) throw this.#failed(count, 'recv');
      if (count === 0) this.#protocol.receivedEnd();
      buffer.filled(count);
      return count;
    }
  }

  #failed(result: number, syscall: string): DugongError {
    const cause = this.#transport.failure ?? systemError(result, syscall);
    return isConnectionLost(result) ? this.#lost(cause) : cause;
  }

  /** None of the user's requests is lost with it: none has been sent. */
  #lost(cause: unknown): ConnectionClosed {
    const { bytesSent, bytesReceived } = this.#protocol;
    const details = { phase: 'tunnel', bytesSent, bytesReceived, cause } as const;
    return new ConnectionClosed('the proxy closed the connection in place of answering CONNECT', details);
  }
}
