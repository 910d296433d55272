/**
 * A connection's protocol, called in any order with any bytes from the server in between, and what must be true of it after each
 * call (RFC 9112 9.2, 9.6): the order of requests and responses, and that nothing is raised but the library's errors and TypeError.
 */

import assert from 'node:assert/strict';
import { type BodyDecoder, ClientProtocol, DEFAULT_LIMITS, type RequestFraming } from 'dugong/http1';
import { DugongError } from '../../src/errors.ts';
import { RECEIVE_TRANSITIONS, SEND_TRANSITIONS } from '../../src/http1/transitions.ts';

/** One call. */
export type Step =
  | {
      readonly do: 'sendRequest';
      method: string;
      framing: RequestFraming;
      expectContinue: boolean;
      upgrade: string | undefined;
      close: boolean;
    }
  | { readonly do: 'sendData' | 'readBody' | 'bring' | 'sendRaw'; readonly bytes: number }
  | { readonly do: 'endBody'; readonly trailers: boolean }
  | {
      readonly do:
        | 'nextResponse'
        | 'stopWaitingForContinue'
        | 'receivedEnd'
        | 'receiveFailed'
        | 'sendFailed'
        | 'assertQuiet'
        | 'assertCanReceiveRaw'
        | 'assertOrderlyEnd'
        | 'earlyStatus'
        | 'assertRequestComplete'
        | 'assertUsable'
        | 'bodySourceEnded'
        | 'take'
        | 'reportHalf'
        | 'sentAll';
    };

/** Open requests up to which all of them are looked at in each step: with more, the cost would grow by their square. */
const FEW = 8;
/** With more, the bytes that wait are looked at when a request makes them a multiple of this. */
const MANY = 64;

/** A protocol, and what must be true of it after each call. */
export class Conversation {
  readonly #protocol = new ClientProtocol({ host: 'origin.example', receiveBufferSize: 32, limits: DEFAULT_LIMITS });
  readonly #bytes: Buffer;
  #brought = 0;
  #requests = 0;
  /** Where each request begins among all bytes that were encoded. */
  readonly #begins = new Map<string, number>();
  /** Paths of requests without a final response, oldest first. */
  readonly #unanswered: string[] = [];
  /** How much had been brought when each request was made. */
  readonly #broughtBefore = new Map<string, number>();
  #body: BodyDecoder | undefined;

  constructor(wire: string) {
    this.#bytes = Buffer.from(wire, 'latin1');
  }

  run(next: Step): void {
    const { sendState: send, receiveState: receive } = this.#protocol;
    try {
      this.#call(next);
    } catch (error) {
      assert.ok(error instanceof DugongError || error instanceof TypeError, `${next.do}: ${error}`);
      if (next.do !== 'sendRequest' && next.do !== 'endBody') assert.ok(error instanceof DugongError, `${error}`);
    }
    this.#assertSound(send, receive);
  }

  #call(next: Step): void {
    const protocol = this.#protocol;
    switch (next.do) {
      case 'sendRequest':
        this.#sendRequest(next);
        break;
      case 'sendData':
        protocol.sendData(Buffer.alloc(next.bytes, 'd'));
        this.#assertSendState(['body', 'idle']);
        break;
      case 'endBody':
        protocol.endBody(next.trailers ? { A: 'b' } : undefined);
        this.#assertSendState(['idle', 'closed']);
        break;
      case 'sendRaw':
        protocol.sendRaw(Buffer.alloc(next.bytes));
        assert.equal(protocol.sendState, 'raw', 'raw bytes were sent inside HTTP');
        break;
      case 'readBody':
        this.#readBody(next.bytes);
        break;
      case 'bring':
        this.#bring(next.bytes);
        break;
      case 'nextResponse':
        this.#nextResponse();
        break;
      case 'receiveFailed':
      case 'sendFailed':
        protocol[next.do](new Error('reset'));
        break;
      case 'take':
        protocol.output.take();
        break;
      case 'reportHalf':
        protocol.output.sent((protocol.output.takenBytes - protocol.bytesSent) >> 1);
        break;
      case 'sentAll':
        protocol.output.take();
        protocol.output.sent(protocol.output.takenBytes - protocol.bytesSent);
        break;
      default:
        protocol[next.do]();
    }
  }

  #bring(count: number): void {
    const piece = this.#bytes.subarray(this.#brought, this.#brought + count);
    this.#brought += piece.length;
    this.#protocol.input.push(piece);
  }

  #sendRequest({ method, framing: body, expectContinue, upgrade, close }: Step & { do: 'sendRequest' }): void {
    const { sendState, receiveState, output } = this.#protocol;
    const begin = output.end;
    const path = method === 'CONNECT' ? `host:${this.#requests + 1}` : `/${this.#requests}`;
    const headers = close ? { Connection: 'close' } : {};
    try {
      this.#protocol.sendRequest(method, path, { headers, framing: body, expectContinue, upgrade });
    } catch (error) {
      // It counts as lost if it was its turn, and the connection turned out to be dead.
      if (this.#protocol.pendingRequest?.path === path) {
        this.#unanswered.push(path);
        this.#begins.set(path, begin);
      }
      assert.equal(output.end, begin, 'a request that was refused has been encoded');
      throw error;
    }
    assert.equal(sendState, 'idle', 'a request was encoded in a wrong state');
    assert.doesNotMatch(receiveState, /last-body|closed|failed/, 'a request was encoded behind the last response');
    this.#assertEncoded(begin, `${method} ${path} HTTP/1.1\r\n`);
    this.#requests++;
    this.#begins.set(path, begin);
    this.#broughtBefore.set(path, this.#brought);
    this.#unanswered.push(path);
  }

  /** The head of a request that begins there has been put into the output. */
  #assertEncoded(begin: number, start: string): void {
    const { output } = this.#protocol;
    assert.ok(output.end > begin);
    // To look at it would count as taking it.
    if (output.takenBytes > output.sentBytes) return;
    const open = this.#unanswered.length;
    if (open > FEW && open % MANY !== 0) return;
    const text = Buffer.concat(output.take()).toString('latin1', begin - output.sentBytes);
    output.sent(0);
    assert.ok(text.startsWith(start) && text.endsWith('\r\n\r\n'), text);
  }

  #assertSendState(states: readonly string[]): void {
    assert.ok(states.includes(this.#protocol.sendState) || this.#protocol.sendState === 'closed');
  }

  #nextResponse(): void {
    const { receiveState } = this.#protocol;
    const response = this.#protocol.nextResponse();
    if (response === undefined) return;
    assert.equal(receiveState, 'idle', 'a response was given in a wrong state');
    assert.equal(response.path, this.#unanswered[0], 'the response is not of the oldest request');
    const begin = this.#brought - this.#protocol.input.length - response.head.byteLength;
    assert.ok(begin >= (this.#broughtBefore.get(response.path) ?? 0), 'the response was there before its request');
    const { takenBytes } = this.#protocol.output;
    assert.ok(takenBytes === 0 || takenBytes > this.#beginOf(response.path), 'nothing of its request was taken');
    if (response.head.status === 100) return;
    this.#unanswered.shift();
    this.#body = response.body;
  }

  #beginOf(path: string): number {
    const begin = this.#begins.get(path);
    assert.ok(begin !== undefined);
    return begin;
  }

  #readBody(length: number): void {
    if (this.#body === undefined) return;
    const { complete } = this.#body;
    const target = Buffer.alloc(length + 1, '!');
    const count = this.#protocol.readBody(this.#body, target, 0, length);
    assert.ok(count === undefined || count <= length);
    assert.equal(target[length], 0x21, 'a byte beyond the target was written');
    if (complete) assert.equal(count, 0);
  }

  #assertSound(send: keyof typeof SEND_TRANSITIONS, receive: keyof typeof RECEIVE_TRANSITIONS): void {
    const { sendState, receiveState, pendingRequest, responsePending, awaitingBody } = this.#protocol;
    assert.equal(pendingRequest?.path, this.#unanswered[0]);
    if (this.#unanswered.length > 0) assert.ok(responsePending || awaitingBody);
    // Nothing comes back from where there is no way back.
    if (send === 'failed') assert.equal(sendState, 'failed');
    if (send === 'closed') assert.ok(sendState === 'closed' || sendState === 'failed');
    if (receive === 'failed') assert.equal(receiveState, 'failed');
    if (receive === 'closed') assert.ok(receiveState === 'closed' || receiveState === 'failed');
    if (receiveState === 'failed') assert.equal(sendState, 'failed', 'requests can be sent, but no response be read');
    if (receiveState === 'closed') assert.ok(sendState === 'closed' || sendState === 'failed');
    assert.ok(sendState in SEND_TRANSITIONS && receiveState in RECEIVE_TRANSITIONS);
    this.#assertOutputSound();
  }

  #assertOutputSound(): void {
    const { sendState, receiveState, output, bytesSent, brokenOff } = this.#protocol;
    const { sentBytes, takenBytes, end, length, wasCut } = output;
    assert.equal(bytesSent, sentBytes);
    assert.ok(sentBytes <= takenBytes && takenBytes <= end && sentBytes + length <= end);
    if (!wasCut) assert.equal(sentBytes + length, end, 'bytes are gone');
    if (sendState === 'failed' || receiveState === 'closed' || brokenOff !== undefined) assert.equal(length, 0);
    if (this.#unanswered.length > FEW) return;
    for (const { path, mayHaveBeenProcessed } of this.#protocol.pendingRequests) {
      assert.equal(mayHaveBeenProcessed, takenBytes > this.#beginOf(path), `whether ${path} may have been processed`);
    }
  }
}
