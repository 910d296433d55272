/** Draws plans of worlds of bulk transfers. */

import type { Cut } from '../network/direction.ts';
import { Random } from '../random.ts';
import {
  type BulkPlan,
  type ConnectionPlan,
  type Disorder,
  type EndPlan,
  type HostPlan,
  type JobPlan,
  type OptionsPlan,
  QUIET_HOST,
  QUIET_JOB,
  QUIET_OPTIONS,
  type ResponseFault,
  SOUND,
  WAYS,
} from './plan.ts';

/** Each so many seeds are large ones. */
const LARGE = 50;

export function drawPlan(seed: number): BulkPlan {
  const random = new Random(seed).fork('bulk');
  const large = seed % LARGE === 0;
  const count = large ? random.size(10_000, 20_000) : random.size(5, random.pick([60, 60, 400, 2500]));
  const way = random.pick(WAYS);
  const troubled = random.chance(0.8);
  const hosts = Array.from({ length: random.between(1, 6) }, () =>
    troubled && random.chance(0.7) ? drawHost(random, count) : { ...QUIET_HOST, ...drawNetwork(random, count) },
  );
  const jobRandom = random.fork('jobs');
  const trouble = random.pick([0, 0.02, 0.1, 0.5]);
  const jobs = Array.from({ length: count }, (_, id) =>
    drawJob(jobRandom, { id, hosts: hosts.length, count, trouble }),
  );
  const source = way === 'promises' || way === 'future' ? random.pick(SOURCES) : random.pick(SYNC_SOURCES);
  return {
    ...{ way, source, hosts, jobs },
    consumer: random.chance(0.3)
      ? { every: random.between(1, 50), pause: random.pick([0, 1, 100, 5000]) }
      : { every: 0, pause: 0 },
    end: random.chance(0.25) ? drawEnd(random, { way, count }) : { how: 'no', at: 0 },
    options: random.chance(0.2) ? QUIET_OPTIONS : drawOptions(random),
    machine: drawMachine(random),
  };
}

export function drawMachine(random: Random): BulkPlan['machine'] {
  return {
    noBuffers: random.chance(0.05) ? 0.01 : 0,
    noDescriptor: random.chance(0.05) ? 0.05 : 0,
    lateness: random.chance(0.2) ? 5 : 0,
  };
}

export const SOURCES = ['array', 'generator', 'async'] as const;
export const SYNC_SOURCES = ['array', 'generator'] as const;

function drawEnd(random: Random, { way, count }: { way: BulkPlan['way']; count: number }): EndPlan {
  const hows: EndPlan['how'][] = ['abort', 'leave', 'source'];
  if (way === 'promises' || way === 'future') hows.push('later');
  if (way !== 'promises' && way !== 'run' && way !== 'own') hows.push('interrupt');
  const how = random.pick(hows);
  const timed = how === 'later' || how === 'interrupt';
  return { how, at: timed ? random.size(0, 20_000) : random.between(0, count) };
}

export function drawNetwork(
  random: Random,
  count: number,
): Pick<HostPlan, 'latency' | 'bandwidth' | 'segment' | 'buffer'> {
  const fine = count < 100 && random.chance(0.2);
  return {
    latency: random.pick([0.25, 1, 20, 100]),
    bandwidth: random.pick([10_000, 10_000, 1000, fine ? 50 : 500]),
    segment: fine
      ? random.pick([[1, 100] as const, [1, 1460] as const])
      : random.pick([
          [1460, 1460],
          [1460, 16384],
        ] as const),
    buffer: fine ? random.size(512, 65536) : random.size(8192, 65536),
  };
}

const DISORDERS: readonly Disorder[] = [
  ...(['no', 'no', 'no', 'loses-second', 'drops-rest', 'swaps', 'twice', 'fails-behind', 'closes'] as const),
];

export function drawHost(random: Random, count: number): HostPlan {
  const none = { every: 0, burst: 0, status: 503, retryAfter: 0, left: 0 } as const;
  return {
    ...drawNetwork(random, count),
    lookup: random.chance(0.9) ? 'one' : random.pick(['second', 'none', 'later'] as const),
    version: random.chance(0.85) ? '1.1' : random.pick(['1.0', '1.0-keeps'] as const),
    most: random.chance(0.3) ? random.size(1, 200) : 0,
    announces: random.chance(0.5),
    resets: random.chance(0.3),
    disorder: random.pick(DISORDERS),
    connections: random.chance(0.5) ? Array.from({ length: random.between(1, 8) }, () => drawConnection(random)) : [],
    later: random.chance(0.95) ? 'accept' : random.pick(['refuse', 'hole', 'unreachable', 'timeout'] as const),
    overload: random.chance(0.25)
      ? {
          every: random.size(1, 300),
          burst: random.between(1, 20),
          status: random.pick([429, 503] as const),
          retryAfter: random.pick([-1, 0, 1, 5, 60]),
          left: random.size(1, 100),
        }
      : none,
    digests: random.chance(0.2),
  };
}

function drawConnection(random: Random): ConnectionPlan {
  if (random.chance(0.3)) return SOUND;
  const connect = random.chance(0.7)
    ? random.pick(['accept', 'at-once'] as const)
    : random.pick(['refuse', 'hole', 'timeout', 'unreachable', 'unreachable-late'] as const);
  const cut: Cut | null = random.chance(0.8)
    ? {
        after: random.size(0, 100_000),
        how: random.pick(['fin', 'rst', 'timeout', 'hole', 'stall'] as const),
        pause: random.pick([20, 2000, 20_000, 60_000]),
      }
    : null;
  return { connect, cut };
}

export const FAULTS: readonly ResponseFault[] = [
  ...([
    'short',
    'silent',
    'instead',
    'malformed',
    'stray',
    'status-408',
    'status-500',
    'status-502',
    'status-503',
  ] as const),
];

function drawJob(
  random: Random,
  { id, hosts, count, trouble }: { id: number; hosts: number; count: number; trouble: number },
): JobPlan {
  const host = random.between(0, hosts - 1);
  const largest = count < 1000 && random.chance(0.01) ? 2_000_000 : random.chance(0.05) ? 60_000 : 3000;
  const plain: JobPlan = { ...QUIET_JOB, id, host, size: random.size(0, largest) };
  const known = random.chance(0.3)
    ? { size: random.chance(0.7), digest: random.chance(0.3), etag: random.chance(0.3) }
    : plain.knows;
  const sink = random.pick(['memory', 'memory', 'discard', 'sink', 'sink'] as const);
  const framing = random.chance(0.8) ? 'length' : random.pick(['chunked', 'chunked', 'close'] as const);
  const job: JobPlan = { ...plain, knows: known, sink, framing };
  return random.chance(trouble) ? troubled(random, job, hosts) : job;
}

function troubled(random: Random, job: JobPlan, hosts: number): JobPlan {
  const method = random.chance(0.6) ? 'GET' : random.pick(['HEAD', 'PUT', 'POST', 'DELETE'] as const);
  const sends = method === 'PUT' || method === 'POST' || (method === 'DELETE' && random.chance(0.2));
  const faulty = random.chance(0.3);
  const slow = random.chance(0.1);
  const redirected = random.chance(0.2);
  return {
    ...job,
    method,
    status: random.chance(0.8) ? 200 : random.pick([204, 404, 404, 404, 410, 403, 501]),
    delay: random.chance(0.1) ? random.pick([1, 50, 3000]) : 0,
    piece: slow ? Math.max(1, Math.ceil(job.size / random.between(2, 10))) : 0,
    pause: slow ? random.pick([1, 300, 1500]) : 0,
    fault: faulty ? random.pick(FAULTS) : 'no',
    times: faulty ? random.pick([1, 1, 2, 4, 100]) : 0,
    retryAfter: random.pick([-1, -1, 0, 2, 200]),
    redirects: redirected
      ? Array.from({ length: random.between(1, 3) }, () => ({
          status: random.pick([301, 302, 303, 307, 308]),
          host: random.chance(0.5) ? job.host : random.between(0, hosts - 1),
        }))
      : [],
    upload: sends
      ? { size: random.size(0, 40_000), form: random.pick(['bytes', 'text', 'function', 'pieces'] as const) }
      : null,
    lies: random.chance(0.05) ? random.pick(['size', 'digest', 'etag'] as const) : 'no',
    sinkPause: random.chance(0.1) ? random.pick([1, 100, 2000]) : 0,
    sinkFails: random.chance(0.05) ? random.pick(['begin', 'write', 'commit'] as const) : 'no',
    invalid: random.chance(0.02),
  };
}

function drawOptions(random: Random): OptionsPlan {
  return {
    connections: random.pick([1, 1, 2, 2, 4]),
    totalConnections: random.pick([1, 2, 3, 8, 64]),
    depth: random.pick([1, 2, 3, 4, 8, 32, 32]),
    attempts: random.pick([1, 2, 3, 5]),
    redirects: random.pick([0, 1, 2, 20]),
    stallTimeout: random.pick([0, 500, 3000, 15_000]),
    headersTimeout: random.pick([2000, 30_000, 300_000]),
    bodyTimeout: random.pick([2000, 30_000, 300_000]),
    connectTimeout: random.pick([2000, 10_000]),
    timeout: random.chance(0.1) ? 5000 : 0,
    maxSize: random.chance(0.1) ? 20_000 : 0,
    bytesPerSecond: random.chance(0.1) ? 200_000 : 0,
    retryMaxTime: random.chance(0.2) ? random.pick([1000, 20_000]) : 0,
    longestRetryAfter: random.pick([1000, 120_000]),
  };
}
