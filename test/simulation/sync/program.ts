/** The programs of worlds of blocking fetches: calls of fetchSync in a row, and calls of createFetch that go on meanwhile. */

import { closeIdleConnections, coSleep, DugongError, fetchSync, runBlocking, syncPool, TLSContext } from '../client.ts';
import { FetchProgram, failing } from '../fetch/calls.ts';
import { baseOf, type CallPlan, type OriginPlan, targetOf, uploadOf } from '../fetch/plan.ts';
import { Result } from '../fetch/results.ts';
import { kernel } from '../kernel/install.ts';
import type { Scene } from '../loop.ts';
import type { StepPlan, SyncPlan } from './plan.ts';

const SIGINT = 2;

export class SyncProgram {
  readonly results: Result<CallPlan>[] = [];
  readonly #scene: Scene;
  readonly #plan: SyncPlan;
  readonly #fetches: FetchProgram;
  readonly #tls = new TLSContext({ ca: 'simulated' });
  /** An object of this world's own: connections, and knowledge about servers, are not shared with other worlds. */
  readonly #connection: { readonly connectTimeout: number; readonly limits: object };

  constructor(scene: Scene, plan: SyncPlan) {
    this.#scene = scene;
    this.#plan = plan;
    this.#fetches = new FetchProgram(scene, plan.origins, [plan.pool], this.results);
    this.#connection = { connectTimeout: plan.pool.connectTimeout, limits: {} };
  }

  get problems(): readonly string[] {
    return this.#fetches.problems;
  }

  async run(): Promise<void> {
    forgetServers();
    const begun: Promise<void>[] = [];
    for (const step of this.#plan.steps) {
      await this.#rest(step);
      if (step.kind === 'fetch') begun.push(this.#fetches.call(step.call));
      else this.#call(step);
    }
    await Promise.all(begun);
    const { lingers } = this.#plan;
    await this.#fetches.end(lingers);
    if (!lingers) closeIdleConnections();
  }

  async #rest({ rest, call: { gap } }: StepPlan): Promise<void> {
    if (gap === 0) return;
    if (rest === 'turning') {
      await new Promise<void>((resolve) => this.#scene.later(gap, resolve));
      return;
    }
    try {
      runBlocking(coSleep(gap));
    } catch (error) {
      // The signal came too late for its call.
      if (!(error instanceof DugongError)) throw error;
    }
  }

  #call(step: StepPlan): void {
    const { call, decompress, heeds, maxBodySize, signal, timeout } = step;
    const { world } = this.#scene;
    const result = new Result(call, world.now);
    this.results.push(result);
    if (signal >= 0) world.after(signal, () => kernel.signals.raise(SIGINT));
    const url = `${baseOf(this.#plan.origins[call.origin] as OriginPlan, call.origin)}${targetOf(call.id, 0)}`;
    const { headersTimeout, bodyTimeout } = this.#plan.pool;
    try {
      const response = fetchSync(url, {
        method: call.method,
        redirect: call.mode,
        headers: { Authorization: `call ${call.id}` },
        body: bodyOf(result),
        ...{ timeout, decompress, maxBodySize, headersTimeout, bodyTimeout, tls: this.#tls, proxy: false },
        connection: this.#connection,
        onSignal: heeds ? 'interrupt' : 'continue',
      });
      const serial = Number(response.headers.get('x-serial') ?? -1);
      const { status, redirected } = response;
      result.fulfil({ status, url: response.url, redirected, serial }, world.now);
      result.bytes = Buffer.from(response.bytes());
      result.bodyEnds(response.body === null ? 'none' : 'whole', world.now);
    } catch (error) {
      result.reject(error, world.now);
    }
  }
}

function bodyOf(result: Result<CallPlan>): string | Uint8Array | Iterable<Uint8Array> | null {
  const { upload } = result.call;
  if (upload === null) return null;
  const bytes = uploadOf(result.call);
  if (upload.form === 'string') return bytes.toString('latin1');
  if (upload.form === 'bytes') return new Uint8Array(bytes);
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += upload.piece)
    pieces.push(bytes.subarray(start, start + upload.piece));
  return upload.fails ? failing(pieces, result.sourceError) : pieces;
}

/**
 * Makes the thread's connections forget what they know of servers, also of other worlds, before it is too much: here, and not in
 * the middle of a world, so that each begins as any other.
 */
function forgetServers(): void {
  const { clear } = Set.prototype;
  let forgotten = false;
  Set.prototype.clear = function (this: Set<unknown>): void {
    forgotten = true;
    Reflect.apply(clear, this, []);
  };
  const connect = (): never => {
    throw new Error('there is no such server');
  };
  for (let number = 0; !forgotten; number++) syncPool.noteFickle({ key: `none ${number}`, connect });
  Set.prototype.clear = clear;
}
