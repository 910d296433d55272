/** The programs of worlds of fetches: the planned calls of createFetch, and their results. */

import { getEventListeners } from 'node:events';
import { createFetch, type Fetch, TLSContext } from '../client.ts';
import type { Scene } from '../loop.ts';
import { baseOf, type CallPlan, type FetchPlan, type OriginPlan, type PoolPlan, targetOf, uploadOf } from './plan.ts';
import { Result } from './results.ts';

/** Most milliseconds for which an idle connection is kept, and those until its end is noticed. */
const LONGEST_IDLE = 4000 + 1500;

export class FetchProgram {
  readonly results: Result<CallPlan>[];
  readonly problems: string[] = [];
  readonly #scene: Scene;
  readonly #origins: readonly OriginPlan[];
  /** Actions after the end of all other calls. */
  readonly #late: (() => Promise<void>)[] = [];
  readonly #fetches: Fetch[];
  /** The signal of calls that are not aborted: it lives as long as the program. */
  readonly #lasting = new AbortController();
  readonly #signals: AbortSignal[] = [this.#lasting.signal];

  constructor(
    scene: Scene,
    origins: readonly OriginPlan[],
    pools: readonly PoolPlan[],
    results: Result<CallPlan>[] = [],
  ) {
    this.results = results;
    this.#scene = scene;
    this.#origins = origins;
    const tls = new TLSContext({ ca: 'simulated' });
    this.#fetches = pools.map((pool) => fetchOf(pool, tls));
  }

  async run({ tasks, lingers }: Pick<FetchPlan, 'lingers' | 'tasks'>): Promise<void> {
    await Promise.all(tasks.map((calls) => this.#coTask(calls)));
    await this.end(lingers);
  }

  /** Runs the actions that were left for later. */
  async end(lingers: boolean): Promise<void> {
    await Promise.all(this.#late.splice(0).map((act) => act()));
    for (const signal of this.#signals) {
      const left = getEventListeners(signal, 'abort').length;
      if (left > 0) this.problems.push(`${left} listeners are left on a signal`);
    }
    if (lingers) await this.#sleep(LONGEST_IDLE);
    else for (const fetch of this.#fetches) fetch.closeIdleConnections();
  }

  async #coTask(calls: readonly CallPlan[]): Promise<void> {
    for (const call of calls) {
      if (call.gap > 0) await this.#sleep(call.gap);
      await this.call(call);
    }
  }

  /** Never rejects: the outcome is in its result. */
  async call(call: CallPlan): Promise<void> {
    const { world } = this.#scene;
    const result = new Result(call, world.now);
    this.results.push(result);
    const fetch = this.#fetches[call.pool] as Fetch;
    const url = `${baseOf(this.#origins[call.origin] as OriginPlan, call.origin)}${targetOf(call.id, 0)}`;
    const init: Parameters<Fetch>[1] = {
      method: call.method,
      redirect: call.mode,
      headers: { Authorization: `call ${call.id}` },
      signal: this.#signalFor(result),
      ...(call.upload && { body: this.#bodyOf(result) as RequestInit['body'], duplex: 'half' }),
    };
    let response: Response;
    try {
      response = await fetch(url, init);
    } catch (error) {
      result.reject(error, world.now);
      return;
    }
    const serial = Number(response.headers.get('x-serial') ?? -1);
    result.fulfil({ status: response.status, url: response.url, redirected: response.redirected, serial }, world.now);
    await this.#use(result, response);
  }

  #signalFor(result: Result<CallPlan>): AbortSignal | null {
    const { abort, id } = result.call;
    if (abort < 0) return id % 2 === 0 ? this.#lasting.signal : null;
    const { later, world } = this.#scene;
    const controller = new AbortController();
    this.#signals.push(controller.signal);
    const act = (): void => {
      result.abortedAt = world.now;
      controller.abort(result.reason);
    };
    if (abort === 0) act();
    else later(abort, act);
    return controller.signal;
  }

  #bodyOf(result: Result<CallPlan>): unknown {
    const { upload } = result.call;
    const bytes = uploadOf(result.call);
    if (upload === null) return null;
    if (upload.form === 'string') return bytes.toString('latin1');
    if (upload.form === 'bytes') return new Uint8Array(bytes);
    if (upload.form === 'blob') return new Blob([new Uint8Array(bytes)]);
    const pieces: Uint8Array[] = [];
    for (let start = 0; start < bytes.length; start += upload.piece)
      pieces.push(bytes.subarray(start, start + upload.piece));
    if (upload.form === 'iterable') return upload.fails ? failing(pieces, result.sourceError) : pieces;
    const awaited = this.#awaited(pieces, upload, result.sourceError);
    if (upload.form === 'pieces') return awaited;
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        const step = await awaited.next();
        if (step.done) controller.close();
        else controller.enqueue(step.value);
      },
    });
  }

  async *#awaited(
    pieces: readonly Uint8Array[],
    { pause, fails }: { pause: number; fails: boolean },
    error: Error,
  ): AsyncGenerator<Uint8Array, void> {
    for (const [index, piece] of pieces.entries()) {
      if (pause > 0) await this.#sleep(pause);
      if (fails && index >= pieces.length / 2) throw error;
      yield piece;
    }
    if (fails) throw error;
  }

  async #use(result: Result<CallPlan>, response: Response): Promise<void> {
    const { use } = result.call;
    const whole = (): Promise<void> =>
      this.#guarded(result, async () => {
        result.bytes = Buffer.from(await response.arrayBuffer());
      });
    const cancelled = (): Promise<void> =>
      this.#guarded(
        result,
        async () => {
          await response.body?.cancel();
        },
        'cancelled',
      );
    if (use === 'left') this.#late.push(cancelled);
    else if (use === 'late') this.#late.push(whole);
    else if (use === 'slow' || use === 'stream' || use === 'cancel')
      await this.#guarded(result, () => this.#read(result, response));
    else if (use === 'clone') await this.#guarded(result, () => this.#readBoth(result, response));
    else if (use === 'text') {
      await this.#guarded(result, async () => {
        result.bytes = Buffer.from(await response.text());
      });
    } else if (use === 'blob') {
      await this.#guarded(result, async () => {
        result.bytes = Buffer.from(await (await response.blob()).arrayBuffer());
      });
    } else await whole();
  }

  async #guarded(result: Result, read: () => Promise<unknown>, how: Result['body'] = 'whole'): Promise<void> {
    const { world } = this.#scene;
    try {
      await read();
      if (result.body === 'pending') result.bodyEnds(how, world.now);
    } catch (error) {
      result.bodyError = error;
      result.bodyEnds('failed', world.now);
    }
  }

  async #read(result: Result<CallPlan>, response: Response): Promise<void> {
    const { world } = this.#scene;
    const { use, pause } = result.call;
    if (response.body === null) {
      result.bodyEnds('none', world.now);
      return;
    }
    const reader = response.body.getReader();
    const parts: Uint8Array[] = [];
    try {
      for (let step = await reader.read(); !step.done; step = await reader.read()) {
        parts.push(step.value);
        if (use === 'cancel') {
          await reader.cancel();
          result.bodyEnds('cancelled', world.now);
          return;
        }
        if (use === 'slow' && pause > 0 && parts.length < 20) await this.#sleep(pause);
      }
    } finally {
      result.bytes = Buffer.concat(parts);
    }
  }

  /** Reads the two branches, each at its own pace. */
  async #readBoth(result: Result<CallPlan>, response: Response): Promise<void> {
    const copy = response.clone();
    const other = async (): Promise<Buffer> => {
      if (result.call.pause > 0) await this.#sleep(result.call.pause);
      return Buffer.from(await copy.arrayBuffer());
    };
    const [own, others] = await Promise.allSettled([response.arrayBuffer(), other()]);
    if (own.status === 'rejected') throw own.reason;
    if (others.status === 'rejected') throw others.reason;
    result.bytes = Buffer.from(own.value);
    result.other = others.value;
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.#scene.later(milliseconds, resolve));
  }
}

function fetchOf(pool: PoolPlan, tls: TLSContext): Fetch {
  return createFetch({
    tls,
    proxy: false,
    maxConnectionsPerOrigin: pool.most,
    idleTimeout: pool.idleTimeout,
    maxIdleConnections: pool.mostIdle,
    headersTimeout: pool.headersTimeout,
    bodyTimeout: pool.bodyTimeout,
    connection: { connectTimeout: pool.connectTimeout },
  });
}

export function* failing(pieces: readonly Uint8Array[], error: Error): Generator<Uint8Array, void> {
  for (const [index, piece] of pieces.entries()) {
    if (index >= pieces.length / 2) break;
    yield piece;
  }
  throw error;
}
