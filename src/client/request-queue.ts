/**
 * Whole requests of one connection that any number of coroutines ask for at the same time. They queue, and are pipelined. Responses come
 * in the order of the requests, so the coroutine with the oldest request receives, and the others wait for their turn.
 */

import type { Coroutine } from '../coroutine.ts';
import { StateError } from '../errors.ts';
import { Queue } from '../queue.ts';
import { UNTIL_NOTIFIED, WaitList } from '../schedule/wait-list.ts';
import { type Answered, Asking, type AskingSource, type RequestParts, type Unanswered } from './asking.ts';
import type { HTTPResponse } from './http-response.ts';
import { Lane } from './lane.ts';
import type { Operations } from './operations.ts';
import { PIPELINE_RULES } from './pipeline.ts';
import { Pipelining } from './pipelining.ts';

const NONE: Buffer = Buffer.alloc(0);

/**
 * A response with its whole body: what `request` returns.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const { response, body } = connection.request('GET', '/hello');
 * console.log(response.status, body.toString().trim()); // 200 hello from /hello
 * connection.disconnect();
 * ```
 */
export interface WholeResponse {
  /** The head of the response, and the trailers, which came behind the body. */
  readonly response: HTTPResponse;
  /** The whole body; empty if there is none. */
  readonly body: Buffer;
}

/** A request, and the coroutine that waits for its response. */
class Call extends Asking {
  readonly turn: WaitList = new WaitList();
  /** Whether the coroutine waits no longer. */
  over = false;
  /** Why the request is lost, though its coroutine has not received. */
  failure: { readonly reason: unknown } | undefined;

  fail(reason: unknown): void {
    this.failure ??= { reason };
    this.turn.notify();
  }
}

export class RequestQueue implements AskingSource<Call> {
  readonly #operations: Operations;
  readonly #lane: Lane<Call>;
  /** Without a response, oldest first. */
  readonly #calls = new Queue<Call>();
  /** Of these, the ones that are to be sent. */
  #unsent: Call[] = [];

  /** @throws StateError if requests of other calls are under way */
  constructor(operations: Operations) {
    const { depth, ...rules } = PIPELINE_RULES;
    this.#operations = operations;
    this.#lane = new Lane(operations, this, { pipelining: new Pipelining(depth), rules });
  }

  /** Whether no request waits for a response, also none that was given up. */
  get idle(): boolean {
    return this.#calls.length === 0 && this.#lane.idle;
  }

  /** @throws why there is no response, and the errors of connecting */
  *coRequest(parts: RequestParts): Coroutine<WholeResponse> {
    // What was given up before disconnect() gets no response, and is not to be waited for.
    if (this.#calls.length === 0 && this.#operations.session?.closed) this.#lane.close();
    const call = new Call(parts);
    this.#calls.push(call);
    this.#unsent.push(call);
    this.#lane.fillBehind();
    try {
      while (this.#calls.at(0) !== call && call.failure === undefined) {
        // In a loop written by hand it looks from time to time: there may be no descriptor left that could wake it.
        yield* call.turn.coWait(call.turn.reliedOnBy(UNTIL_NOTIFIED));
      }
      return yield* this.#coResponse(call);
    } finally {
      call.over = true;
      call.turn.close();
      this.#lane.withdraw(call);
      while (this.#calls.at(0)?.over) this.#calls.shift();
      this.#calls.at(0)?.turn.notify();
    }
  }

  /** The response to the oldest request. Those to requests that were given up come before, and are dropped. */
  *#coResponse(call: Call): Coroutine<WholeResponse> {
    for (;;) {
      if (call.failure !== undefined) throw call.failure.reason;
      const ended = yield* this.#coNext();
      if (ended === undefined) throw new StateError('the request was given up');
      if (ended.asking !== call) continue;
      if (!('response' in ended)) throw ended.error;
      return { response: ended.response, body: ended.value };
    }
  }

  *#coNext(): Coroutine<Answered<Call, Buffer> | Unanswered<Call> | undefined> {
    try {
      return yield* this.#lane.coNext((_response, call) => this.#coBody(call));
    } catch (reason) {
      // After disconnect(), nothing that is in flight gets a response.
      if (this.#operations.session?.closed) for (const call of this.#lane.close()) call.fail(reason);
      throw reason;
    }
  }

  *#coBody(call: Call): Coroutine<Buffer> {
    return call.over ? NONE : yield* this.#operations.coReadAll();
  }

  // --- the lane's source ---------------------------------------------------------------------------------------------

  take(): Call | undefined {
    let call = this.#unsent.shift();
    while (call?.over) call = this.#unsent.shift();
    return call;
  }

  // biome-ignore lint/correctness/useYield: it never waits
  *coMore(): Coroutine<boolean> {
    return false;
  }

  giveBack(calls: readonly Call[]): void {
    this.#unsent = [...calls, ...this.#unsent];
  }
}
