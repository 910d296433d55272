/**
 * What is measured and what is demanded of it (issue 2, "Speed from the start"). Data only.
 */

/** The figures that are derived from a sample; all but throughput are the better the smaller they are. */
export type Metric = 'cpu' | 'user' | 'system' | 'rate' | 'throughput' | 'cpuSeconds' | 'rss';

export interface Client {
  readonly name: string;
  /** A file of bench/clients. */
  readonly script: string;
  /** For downloads. */
  readonly bufferSize?: number;
  /** A command without which this client is left out (never in CI). */
  readonly needs?: string;
}

/** `client`'s median of `metric` must be at most (or at least) `factor` times `than`'s, or the figure `limit`. */
export interface Target {
  readonly client: string;
  readonly metric: Metric;
  readonly sense: 'at most' | 'at least';
  readonly than?: string;
  readonly factor?: number;
  readonly limit?: number;
}

/** What is fetched, how often, before and while it is measured. */
export interface Work {
  readonly path: string;
  readonly size: number;
  readonly requests: number;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly depth: number;
  readonly warmUp: Work;
  readonly work: Work;
  readonly metrics: readonly Metric[];
  readonly clients: readonly Client[];
  readonly targets: readonly Target[];
}

export const MIB: number = 2 ** 20;

const small = { path: '/small', size: 1024 };
const rates: readonly Metric[] = ['cpu', 'user', 'system', 'rate'];

const pipelined: Scenario = {
  name: 'pipelined',
  title: 'depth 64, 1 KiB bodies, one connection',
  depth: 64,
  warmUp: { ...small, requests: 12_800 },
  work: { ...small, requests: 64_000 },
  metrics: rates,
  clients: [
    { name: 'dugong blocking', script: 'dugong-pipelined-blocking' },
    { name: 'dugong select loop', script: 'dugong-pipelined-select' },
    { name: 'dugong AioFuture', script: 'dugong-pipelined-future' },
    { name: 'dugong promises.*', script: 'dugong-pipelined-promises' },
    { name: 'undici request()', script: 'undici-pipelined' },
  ],
  targets: ['dugong blocking', 'dugong select loop', 'dugong AioFuture'].map((client) => ({
    client,
    metric: 'cpu',
    sense: 'at most',
    factor: 0.5,
    than: 'undici request()',
  })),
};

const single: Scenario = {
  name: 'single',
  title: 'one request at a time, 1 KiB bodies, one connection',
  depth: 1,
  warmUp: { ...small, requests: 5000 },
  work: { ...small, requests: 20_000 },
  metrics: rates,
  clients: [
    { name: 'dugong blocking', script: 'dugong-single-blocking' },
    { name: 'dugong AioFuture', script: 'dugong-single-future' },
    { name: 'dugong promises.*', script: 'dugong-single-promises' },
    { name: 'undici request()', script: 'undici-single' },
    { name: 'node:http, keep-alive', script: 'node-http-single' },
  ],
  targets: ['dugong blocking', 'dugong AioFuture', 'dugong promises.*'].map((client) => ({
    client,
    metric: 'cpu',
    sense: 'at most',
    factor: 1,
    than: 'undici request()',
  })),
};

const readInto = 'dugong readInto, 1 MiB';

const download: Scenario = {
  name: 'download',
  title: 'one body of 1 GiB, sendfile',
  depth: 1,
  warmUp: { path: '/large-warm-up', size: 64 * MIB, requests: 1 },
  work: { path: '/large', size: 1024 * MIB, requests: 1 },
  metrics: ['throughput', 'cpuSeconds', 'rss'],
  clients: [
    { name: readInto, script: 'dugong-download', bufferSize: MIB },
    { name: 'dugong readInto, 64 KiB', script: 'dugong-download', bufferSize: 2 ** 16 },
    { name: 'curl -o /dev/null', script: 'curl-download', needs: 'curl' },
    { name: 'undici body stream', script: 'undici-download' },
  ],
  targets: [
    { client: readInto, metric: 'throughput', sense: 'at least', factor: 1, than: 'curl -o /dev/null' },
    { client: readInto, metric: 'rss', sense: 'at most', limit: 80 },
  ],
};

export const SCENARIOS: readonly Scenario[] = [pipelined, single, download];
