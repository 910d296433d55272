/**
 * The requests of a pipeline, out of any iterable. An asynchronous iterable is asked for one request at a time, ahead of its turn, so
 * that a slow one holds up neither the requests before it nor their responses.
 */

import type { Coroutine } from '../coroutine.ts';
import { shownValue } from '../io/shown-value.ts';
import { ownOptions } from '../options.ts';
import { assertCanAwait } from '../schedule/co-await.ts';
import { WaitList } from '../schedule/wait-list.ts';
import { Asking, type AskingSource, type RequestParts } from './asking.ts';
import { type EitherIterator, iteratorOf, leave } from './iterator-of.ts';
import type { PipelineRequest } from './pipeline.ts';
import { SEND_OPTIONS } from './send-options.ts';

const NAMES = ['method', 'path', ...SEND_OPTIONS] as const;
const NOTHING: RequestParts = { method: 'GET', path: '/' };

/** A request with its place. */
export class Numbered<R extends string | PipelineRequest> extends Asking {
  readonly given: R;
  readonly index: number;

  constructor(given: R, index: number) {
    let parts = NOTHING;
    let refusal: unknown;
    try {
      parts = partsOf(given);
    } catch (error) {
      refusal = error;
    }
    super(parts);
    this.refusal ??= refusal;
    this.given = given;
    this.index = index;
  }
}

/** @throws TypeError */
function partsOf(given: string | PipelineRequest): RequestParts {
  if (typeof given === 'string') return { method: 'GET', path: given };
  if (typeof given !== 'object' || given === null) throw noRequest(given);
  const { method = 'GET', path, ...options } = ownOptions<PipelineRequest>('a request', given, NAMES);
  if (typeof path !== 'string' || typeof method !== 'string') throw noRequest(given);
  return { method, path, options };
}

function noRequest(value: unknown): TypeError {
  return new TypeError(`a request is a path, or an object as { method: "GET", path: "/" }, got ${shownValue(value)}`);
}

export class PipelineSource<R extends string | PipelineRequest> implements AskingSource<Numbered<R>> {
  readonly #iterator: EitherIterator<R>;
  readonly #asynchronous: boolean;
  readonly #onMore: () => void;
  readonly #waits = new WaitList();
  /** Taken, and to be taken again. */
  #returned: Numbered<R>[] = [];
  /** What an asynchronous iterable has given, and nothing has taken. */
  #arrived: { readonly value: R } | undefined;
  #asked = false;
  #ended = false;
  #failure: { readonly reason: unknown } | undefined;
  #count = 0;

  /** `onMore` is called when an asynchronous iterable has given something. @throws TypeError for what is not iterable */
  constructor(requests: Iterable<R> | AsyncIterable<R>, onMore: () => void) {
    const [iterator, asynchronous] = iteratorOf(
      requests,
      () => `the requests must be an iterable of paths or objects, got ${shownValue(requests)}`,
    );
    this.#iterator = iterator;
    this.#asynchronous = asynchronous;
    this.#onMore = onMore;
  }

  take(): Numbered<R> | undefined {
    const again = this.#returned.shift();
    if (again !== undefined || this.#ended) return again;
    if (!this.#asynchronous) return this.#numbered();
    const arrived = this.#arrived;
    this.#arrived = undefined;
    this.#ask();
    return arrived && this.#number(arrived.value);
  }

  *coMore(): Coroutine<boolean> {
    while (this.#returned.length === 0 && this.#arrived === undefined && !this.#ended) {
      assertCanAwait('a request that comes as a promise');
      yield* this.#waits.coWait();
    }
    if (this.#failure !== undefined && this.#returned.length === 0) throw this.#failure.reason;
    return this.#returned.length > 0 || this.#arrived !== undefined;
  }

  giveBack(askings: readonly Numbered<R>[]): void {
    this.#returned = [...askings, ...this.#returned];
  }

  /** Takes no more, and lets the iterable clean up. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    leave(this.#iterator);
  }

  /** An iterable that throws ends the pipeline after the responses to what it has given. */
  #numbered(): Numbered<R> | undefined {
    try {
      this.#ended = true;
      const step = (this.#iterator as Iterator<R>).next();
      this.#ended = step.done === true;
      return step.done ? undefined : this.#number(step.value);
    } catch (reason) {
      this.#failure = { reason };
      return undefined;
    }
  }

  #number(request: R): Numbered<R> {
    return new Numbered(request, this.#count++);
  }

  /** Asks an asynchronous iterable for its next request, unless that is under way. */
  #ask(): void {
    if (this.#asked || this.#arrived !== undefined || this.#ended) return;
    this.#asked = true;
    Promise.resolve((this.#iterator as AsyncIterator<R>).next()).then(
      (step) => this.#came(step),
      (reason: unknown) => this.#came({ done: true, value: undefined }, { reason }),
    );
  }

  #came(step: IteratorResult<R>, failure?: { readonly reason: unknown }): void {
    this.#asked = false;
    if (this.#ended) return;
    this.#ended = step.done === true;
    this.#failure = failure;
    if (!step.done) this.#arrived = { value: step.value };
    this.#waits.notify();
    this.#onMore();
  }
}
