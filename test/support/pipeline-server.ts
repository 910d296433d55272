/**
 * A server in another thread that answers pipelined requests well, or badly in one of the ways that are known of servers and proxies.
 * Its documents are made from their paths, so that a test recognises each body: `documentAt()`.
 */

import type { PipelineServerCalls } from './pipeline-server-worker.ts';
import { serverThread } from './server-thread.ts';

/** How the server differs from a good one. */
export interface PipelineServerManner {
  /** The connection ends after so many responses. */
  readonly closeAfter?: number;
  /** Whether the last response before says so. */
  readonly announced?: boolean;
  readonly ending?: 'end' | 'reset';
  /** HTTP/1.0 without keep-alive. */
  readonly http10?: boolean;
  /** Requests that come in one segment behind another one get this status. */
  readonly errorBehind?: number;
  /** The second request of each segment is lost, as by a bad proxy. */
  readonly swallowSecond?: boolean;
  /** Responses to the requests of one segment come in the reverse order. */
  readonly reversed?: boolean;
  /** Bytes that belong to nothing follow each body. */
  readonly extra?: string;
  /** Each connection is cut at a byte between 1 and this, by a seed. */
  readonly cutWithin?: number;
  readonly seed?: number;
  /** Bodies are chunked. */
  readonly chunked?: boolean;
  /** Each response carries a Repr-Digest. */
  readonly digests?: boolean;
  /** Connections end as soon as they are made. */
  readonly refuses?: boolean;
  /** Nothing is answered until the manner changes. */
  readonly holds?: boolean;
  /** Value of Retry-After at `/busy/`. Default 0. */
  readonly retryAfter?: string;
  /** Value of Date. */
  readonly date?: string;
  /** Responses to HEAD carry the body. */
  readonly headWithBody?: boolean;
  /** The first connection only is served in this manner. */
  readonly onlyFirst?: boolean;
  /** Milliseconds before each response. */
  readonly delay?: number;
}

/** A request that the server has seen. */
export interface SeenRequest {
  readonly connection: number;
  readonly method: string;
  readonly path: string;
  readonly body: number;
  /** How many requests came before it in the same segment. */
  readonly ahead: number;
  readonly head: string;
  /** Milliseconds of the server's clock. */
  readonly at: number;
}

export interface PipelineServer extends Disposable {
  readonly port: number;
  readonly url: string;
  /** What it has seen so far. */
  seen(): SeenRequest[];
  /** Waits until it has seen so many requests. */
  sawAsync(count: number): Promise<void>;
  /** Connections that are open, and all there were. */
  connections(): { open: number; all: number };
  /** Changes how it answers from now on. */
  change(manner: PipelineServerManner): void;
  stop(): void;
}

export function startPipelineServer(manner: PipelineServerManner = {}): PipelineServer {
  const thread = serverThread<PipelineServerCalls>(new URL('./pipeline-server-worker.ts', import.meta.url));
  const { id, port } = thread.call('start', manner);
  const stop = (): void => thread.call('stop', id);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    seen: () => thread.call('seen', id),
    sawAsync: (count) => thread.callAsync('saw', { id, count }),
    connections: () => thread.call('connections', id),
    change: (next) => thread.call('change', { id, manner: next }),
    stop,
    [Symbol.dispose]: stop,
  };
}

/** The path at which the server sends these bytes as its response; with `end`, they are the last ones of the connection. */
export function rawPath(bytes: string, end?: 'end' | 'reset', name: string = ''): string {
  return `/raw${end ?? ''}/${Buffer.from(bytes, 'latin1').toString('base64url')}/${name}`;
}

/** The body at a path; a number at its end is the length. */
export function documentAt(path: string): string {
  const size = Number(/(\d+)$/.exec(path)?.[1] ?? 100);
  const line = `${path} `;
  return line.repeat(Math.ceil(size / line.length)).slice(0, size);
}

/** Most requests of one segment, and how often the most frequent request was seen. */
export function summary(seen: readonly SeenRequest[]): {
  connections: number;
  deepest: number;
  most: number;
  total: number;
} {
  const counts = new Map<string, number>();
  for (const { path } of seen) counts.set(path, (counts.get(path) ?? 0) + 1);
  return {
    connections: new Set(seen.map(({ connection }) => connection)).size,
    deepest: Math.max(...seen.map(({ ahead }) => ahead)),
    most: Math.max(...counts.values()),
    total: seen.length,
  };
}
