/**
 * A stand-in for the engine, which is written elsewhere: one job after the other, over one connection to each server.
 */

import type { HTTPConnection } from '../client/http-connection.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import { now } from '../clock.ts';
import type { Coroutine } from '../coroutine.ts';
import { ConnectionClosed, DugongError, UnsupportedResponse } from '../errors.ts';
import { type CheckedRouting, checkedRouting, endpointOf, type FetchRouting } from '../fetch/endpoint.ts';
import { HTTPHeaders } from '../http1/headers.ts';
import { isTempNetworkError } from '../temp-network-error.ts';
import type { TransferCounts, TransferJob, TransferResult, TransferSink } from './types.ts';

export interface TransferOptions extends FetchRouting {
  readonly connections?: number;
  readonly depth?: number;
  readonly attempts?: number;
  readonly retryMaxTime?: number;
  readonly redirects?: number;
  readonly timeout?: number;
  readonly maxSize?: number;
  readonly bytesPerSecond?: number;
  readonly signal?: AbortSignal;
  readonly beforeRequest?: (request: { url: URL; method: string; headers: HTTPHeaders; job: TransferJob }) => void;
  readonly afterResponse?: (response: HTTPResponse, request: { url: URL; job: TransferJob }) => void;
}

interface Attempt {
  response: HTTPResponse;
  url: URL;
  hops: { status: number; url: string }[];
  bytes: number;
  body: Buffer | undefined;
  taken: boolean;
}

export class Transfer {
  readonly #options: TransferOptions;
  readonly #routing: CheckedRouting;
  readonly #connections = new Map<string, HTTPConnection>();
  readonly counts: TransferCounts = {
    done: 0,
    missing: 0,
    failed: 0,
    aborted: 0,
    waiting: 0,
    inFlight: 0,
    bytes: 0,
    connections: [],
  };

  constructor(options: TransferOptions = {}) {
    this.#options = options;
    const { tls, proxy, connection } = options;
    this.#routing = checkedRouting({ tls, proxy, connection });
  }

  *coRun(jobs: Iterable<TransferJob>, each: (result: TransferResult) => Coroutine<void> | void): Coroutine<void> {
    let index = 0;
    try {
      for (const job of jobs) {
        const aborted = this.#options.signal?.aborted ?? false;
        const result = aborted ? this.#result(job, index, { outcome: 'aborted' }) : yield* this.#coJob(job, index);
        index++;
        const step = each(result);
        if (step !== undefined) yield* step;
      }
    } finally {
      for (const connection of this.#connections.values()) connection.disconnect();
    }
  }

  #result(job: TransferJob, index: number, given: Partial<TransferResult>): TransferResult {
    return {
      ...{ job, index, outcome: 'done', url: String(job.url), redirects: [], response: undefined, body: undefined },
      ...{ bytes: 0, verification: 'none', attempts: 1, error: undefined, mayHaveBeenProcessed: false },
      ...{ retryAt: undefined, duration: 1, remoteAddress: undefined },
      ...given,
    } as TransferResult;
  }

  *#coJob(job: TransferJob, index: number): Coroutine<TransferResult> {
    const { attempts = 5 } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const started = now();
      try {
        const { response, url, hops, bytes, body, taken } = yield* this.#coAttempt(job);
        const outcome = taken ? 'done' : 'missing';
        const duration = now() - started;
        const verification = response.length === null ? 'none' : 'length';
        const rest = {
          response,
          url: url.href,
          redirects: hops,
          bytes,
          body,
          attempts: attempt,
          duration,
          verification,
        };
        return this.#result(job, index, { outcome, ...rest } as Partial<TransferResult>);
      } catch (error) {
        const sink = typeof job.sink === 'object' ? job.sink : undefined;
        yield* step(sink?.abandon());
        if (this.#options.signal?.aborted) return this.#result(job, index, { outcome: 'aborted' });
        const again =
          error instanceof ConnectionClosed && (job.method ?? 'GET') !== 'POST' && isTempNetworkError(error);
        if (again && attempt < attempts) continue;
        return this.#result(job, index, { outcome: 'failed', error: error as Error, attempts: attempt });
      }
    }
  }

  *#coAttempt(job: TransferJob): Coroutine<Attempt> {
    let url = new URL(job.url);
    let method = job.method ?? 'GET';
    const hops: { status: number; url: string }[] = [];
    const given = new HTTPHeaders(job.headers ?? {});
    for (;;) {
      const { redirects = 20, beforeRequest, afterResponse } = this.#options;
      const headers = new HTTPHeaders(given);
      beforeRequest?.({ url, method, headers, job });
      const connection = this.#connection(url);
      const { response, rest } = yield* this.#coAsk(connection, { url, method, headers, job });
      afterResponse?.(response, { url, job });
      const location = response.headers.get('Location');
      if (response.status >= 300 && response.status < 400 && location !== undefined && redirects > 0) {
        yield* rest();
        if (hops.length >= redirects) throw new UnsupportedResponse(`there were more than ${redirects} redirects`);
        hops.push({ status: response.status, url: url.href });
        const next = new URL(location, url);
        if (next.origin !== url.origin) for (const name of ['Authorization', 'Cookie']) given.delete(name);
        url = next;
        if (method === 'POST') method = 'GET';
        continue;
      }
      const { accepts = (status: number) => (status >= 200 && status < 300) || status === 304 } = job;
      const taken = accepts(response.status);
      const { bytes, body } = yield* this.#coBody(connection, response, { job, taken });
      if (response.headers.get('Connection') === 'close' || response.length === null) connection.disconnect();
      return { response, url, hops, bytes, body, taken };
    }
  }

  #connection(url: URL): HTTPConnection {
    const known = this.#connections.get(url.origin);
    if (known?.reusable()) return known;
    known?.disconnect();
    const made = endpointOf(url, this.#routing).connect();
    this.#connections.set(url.origin, made);
    return made;
  }

  *#coAsk(
    connection: HTTPConnection,
    { url, method, headers, job }: { url: URL; method: string; headers: HTTPHeaders; job: TransferJob },
  ): Coroutine<{ response: HTTPResponse; rest: () => Coroutine<Buffer> }> {
    const body = typeof job.body === 'function' ? job.body() : job.body;
    const path = url.pathname + url.search;
    const isBody = method !== 'GET' && body !== undefined;
    try {
      yield* connection.coSendRequest(method, path, { headers, ...(isBody && { body: body as Uint8Array }) });
    } catch (error) {
      if (!(error instanceof ConnectionClosed) || !connection.responsePending()) throw error;
    }
    const response = yield* connection.coReadResponse();
    return { response, rest: () => connection.coReadAll() };
  }

  *#coBody(
    connection: HTTPConnection,
    response: HTTPResponse,
    { job, taken }: { job: TransferJob; taken: boolean },
  ): Coroutine<{ bytes: number; body: Buffer | undefined }> {
    const sink: TransferSink | undefined = typeof job.sink === 'object' && taken ? job.sink : undefined;
    const parts: Buffer[] = [];
    let bytes = 0;
    yield* step(sink?.begin(response, job));
    for (;;) {
      const part = yield* connection.coRead(65_536);
      if (part.length === 0) break;
      bytes += part.length;
      if (bytes > (this.#options.maxSize ?? Number.POSITIVE_INFINITY)) {
        throw new UnsupportedResponse(`the body is larger than ${this.#options.maxSize} bytes`);
      }
      if (sink === undefined) parts.push(part);
      else yield* step(sink.write(part));
    }
    if (taken && job.size !== undefined && job.size !== bytes) {
      throw new DugongError('DUGONG_WRONG_BODY', `the body has ${bytes} bytes in place of ${job.size}`);
    }
    yield* step(sink?.commit());
    return { bytes, body: job.sink === undefined || job.sink === 'memory' ? Buffer.concat(parts) : undefined };
  }
}

function* step(coroutine: Coroutine<void> | void): Coroutine<void> {
  if (coroutine !== undefined) yield* coroutine;
}
