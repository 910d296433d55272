/**
 * The scenarios and their targets. Data only.
 */

/** The figures that are derived from a sample. */
export type Metric =
  | 'cpu'
  | 'user'
  | 'system'
  | 'rate'
  | 'throughput'
  | 'cpuSeconds'
  | 'rss'
  | 'callTime'
  | 'suspension'
  | 'wall'
  | 'userSeconds'
  | 'systemSeconds';

export interface Client {
  readonly name: string;
  /** A file of bench/clients. */
  readonly script: string;
  /** For downloads. */
  readonly bufferSize?: number;
  /** In place of the scenario's. */
  readonly connections?: number;
  /** For clients too slow for the scenario's number of requests. */
  readonly requests?: number;
  /** A command without which this client is left out (never in CI). */
  readonly needs?: string;
  /** An npm package that is no dependency, without which this client is left out. */
  readonly needsPackage?: string;
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

/** What a report needs to know. */
export interface Reported {
  readonly name: string;
  readonly title: string;
  readonly work: Pick<Work, 'size' | 'requests'>;
  readonly metrics: readonly Metric[];
  readonly targets: readonly Target[];
  /** What is in brackets: the least and the most, unless given. */
  readonly spread?: 'quartiles';
}

export interface Scenario extends Reported {
  readonly depth: number;
  /** How many connections there are at a time; 1 unless given. `requests` are multiples of it. */
  readonly connections?: number;
  /** Over TLS 1.3 with AES-128-GCM, for every client. */
  readonly tls?: boolean;
  readonly warmUp: Work;
  readonly work: Work;
  readonly clients: readonly Client[];
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

const tlsDownload: Scenario = {
  name: 'tls-download',
  title: 'one body of 1 GiB over TLS, AES-128-GCM',
  depth: 1,
  tls: true,
  warmUp: download.warmUp,
  work: download.work,
  metrics: ['throughput', 'cpuSeconds', 'rss'],
  clients: [
    { name: readInto, script: 'dugong-download', bufferSize: MIB },
    { name: 'dugong readInto, 64 KiB', script: 'dugong-download', bufferSize: 2 ** 16 },
    { name: 'curl -o /dev/null', script: 'curl-download', needs: 'curl' },
    { name: 'node:https', script: 'node-https-download' },
  ],
  targets: [
    { client: readInto, metric: 'cpuSeconds', sense: 'at most', factor: 0.5, than: 'node:https' },
    { client: readInto, metric: 'throughput', sense: 'at least', factor: 1, than: 'curl -o /dev/null' },
  ],
};

const tlsConnections: Scenario = {
  name: 'tls-connections',
  title: 'new TLS connections one after the other, sessions resumed, one request of 1 KiB on each',
  depth: 1,
  tls: true,
  warmUp: { ...small, requests: 50 },
  work: { ...small, requests: 200 },
  metrics: rates,
  clients: [
    { name: 'dugong blocking', script: 'dugong-connections-blocking' },
    { name: 'dugong AioFuture', script: 'dugong-connections-future' },
    { name: 'node:https, session cache', script: 'node-https-connections' },
  ],
  targets: ['dugong blocking', 'dugong AioFuture'].map((client) => ({
    client,
    metric: 'cpu',
    sense: 'at most',
    factor: 1,
    than: 'node:https, session cache',
  })),
};

const connections: Scenario = {
  name: 'connections',
  title: '1,000 new connections at once from one thread, one request of 1 KiB on each',
  depth: 1000,
  warmUp: { ...small, requests: 1000 },
  work: { ...small, requests: 3000 },
  metrics: rates,
  clients: [
    { name: 'dugong AioFuture', script: 'dugong-connections-future' },
    { name: 'undici Client', script: 'undici-connections' },
  ],
  targets: (['rate', 'cpu'] as const).map((metric) => ({
    client: 'dugong AioFuture',
    metric,
    sense: metric === 'rate' ? 'at least' : 'at most',
    factor: 1,
    than: 'undici Client',
  })),
};

const fetchTarget = { metric: 'cpu', sense: 'at most', factor: 0.55, than: 'undici fetch()' } as const;

const fetchOneByOne: Scenario = {
  name: 'fetch',
  title: 'fetch(), one at a time, 1 KiB bodies, one connection',
  depth: 1,
  warmUp: { ...small, requests: 5000 },
  work: { ...small, requests: 20_000 },
  metrics: rates,
  clients: [
    { name: 'dugong createFetch()', script: 'dugong-fetch' },
    { name: 'undici fetch()', script: 'undici-fetch' },
  ],
  targets: [{ client: 'dugong createFetch()', ...fetchTarget }],
};

const OTHER_BLOCKING = ['sync-fetch', 'sync-request'];
const LIBCURL = 'libcurl easy interface';

const script: Scenario = {
  name: 'script',
  title: 'blocking calls, one at a time, 1 KiB bodies',
  depth: 1,
  warmUp: { ...small, requests: 2000 },
  work: { ...small, requests: 20_000 },
  metrics: ['callTime', 'cpu', 'user', 'system'],
  clients: [
    { name: 'dugong fetchSync', script: 'dugong-fetch-sync' },
    { name: 'dugong HTTPConnection', script: 'dugong-single-blocking' },
    { name: LIBCURL, script: 'libcurl-easy', needsPackage: 'node-libcurl' },
    ...OTHER_BLOCKING.map((name) => ({ name, script: name, requests: 20 })),
  ],
  targets: [
    { client: 'dugong fetchSync', metric: 'cpu', sense: 'at most', factor: 1, than: LIBCURL },
    ...OTHER_BLOCKING.map(
      (than): Target => ({
        client: 'dugong fetchSync',
        metric: 'callTime',
        sense: 'at most',
        factor: 1 / 300,
        than,
      }),
    ),
  ],
};

const many: Scenario = {
  name: 'many',
  title: '1,000 connections at a time, 1 KiB bodies',
  depth: 1,
  connections: 1000,
  warmUp: { ...small, requests: 10_000 },
  work: { ...small, requests: 50_000 },
  metrics: [...rates, 'rss'],
  clients: [
    { name: 'dugong coAll, blocking', script: 'dugong-many-blocking' },
    { name: 'dugong coAll, AioFuture', script: 'dugong-many-future' },
    { name: 'dugong createFetch()', script: 'dugong-many-fetch' },
    { name: 'undici request()', script: 'undici-many' },
    { name: 'undici fetch()', script: 'undici-many-fetch' },
  ],
  targets: [
    { client: 'dugong coAll, blocking', metric: 'cpu', sense: 'at most', factor: 0.5, than: 'undici request()' },
    { client: 'dugong createFetch()', ...fetchTarget },
  ],
};

const nothing = { path: '/nothing', size: 0 };

const IDLE_COUNTS = [10, 100, 1000, 10_000];
const IDLE_WAYS = [
  { name: 'PollLoop', script: 'dugong-idle-poll-loop' },
  { name: 'AioFuture', script: 'dugong-idle-future' },
];

const idle: Scenario = {
  name: 'idle',
  title: 'one coroutine that is woken again and again, among connections that only wait',
  depth: 1,
  warmUp: { ...nothing, requests: 20_000 },
  work: { ...nothing, requests: 100_000 },
  metrics: ['suspension', 'cpu'],
  clients: IDLE_WAYS.flatMap(({ name, script }) =>
    IDLE_COUNTS.map((connections) => ({ name: `${name}, ${connections} waiting`, script, connections })),
  ),
  // Flat: only noise and caches make a difference.
  targets: IDLE_WAYS.flatMap(({ name }) =>
    IDLE_COUNTS.slice(1).map(
      (count): Target => ({
        client: `${name}, ${count} waiting`,
        metric: 'cpu',
        sense: 'at most',
        factor: 1.5,
        than: `${name}, ${IDLE_COUNTS[0]} waiting`,
      }),
    ),
  ),
};

const suspension: Scenario = {
  name: 'suspension',
  title: 'one coroutine that waits for what is ready already',
  depth: 1,
  warmUp: { ...nothing, requests: 20_000 },
  work: { ...nothing, requests: 200_000 },
  metrics: ['suspension', 'cpu'],
  clients: [
    { name: 'dugong AioFuture', script: 'dugong-suspension-future' },
    { name: 'dugong runBlocking', script: 'dugong-suspension-blocking' },
    { name: 'await setImmediate', script: 'loop-turns' },
  ],
  targets: [],
};

export const SCENARIOS: readonly Scenario[] = [
  pipelined,
  single,
  download,
  tlsDownload,
  tlsConnections,
  connections,
  fetchOneByOne,
  script,
  many,
  idle,
  suspension,
];
