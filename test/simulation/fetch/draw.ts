/**
 * Draws plans of worlds of fetches from a seed, with one kind of trouble at a time or all of them at once, and makes them smaller.
 */

import { Random } from '../random.ts';
import {
  type AnswerPlan,
  type CallPlan,
  type ConnectionPlan,
  type FetchPlan,
  type MachinePlan,
  type OriginPlan,
  type PoolPlan,
  SOUND,
  type UploadPlan,
  type Use,
} from './plan.ts';

/** The probability of each kind of trouble. */
export interface Troubles {
  readonly closes: number;
  readonly cuts: number;
  readonly silence: number;
  readonly machine: number;
  readonly broken: number;
  readonly aborts: number;
}

const NONE: Troubles = { closes: 0, cuts: 0, silence: 0, machine: 0, broken: 0, aborts: 0 };
/** Worlds with one kind of trouble show more: the cause of an error is known then. */
const WORLDS: readonly Troubles[] = [
  { ...NONE, aborts: 0.1 },
  { ...NONE, closes: 0.6 },
  { ...NONE, closes: 0.6, aborts: 0.2 },
  { ...NONE, cuts: 0.6 },
  { ...NONE, cuts: 0.3, aborts: 0.3 },
  { ...NONE, silence: 0.4 },
  { ...NONE, closes: 0.3, silence: 0.2, aborts: 0.3 },
  { ...NONE, machine: 0.2, aborts: 0.1 },
  { ...NONE, broken: 0.2, closes: 0.2 },
  { closes: 0.3, cuts: 0.3, silence: 0.1, machine: 0.05, broken: 0.1, aborts: 0.2 },
];

export function drawTroubles(random: Random): Troubles {
  return random.pick(WORLDS);
}

export function drawPlan(seed: number): FetchPlan {
  const random = new Random(seed).fork('fetches');
  const troubles = drawTroubles(random);
  const origins = drawOrigins(random, troubles);
  const pools = Array.from({ length: random.chance(0.2) ? 2 : 1 }, () => drawPool(random, troubles));
  const tasks: CallPlan[][] = [];
  let id = 0;
  for (let task = random.between(1, 4); task > 0; task--) {
    const calls = Array.from({ length: random.between(1, 4) }, () =>
      drawCall(random, { id: id++, origins, pools, troubles }),
    );
    tasks.push(calls);
  }
  while (id < 5) tasks[0]?.push(drawCall(random, { id: id++, origins, pools, troubles }));
  const machine = drawMachine(random, troubles);
  return { origins, pools, machine, lingers: random.chance(0.5), tasks };
}

export function drawOrigins(random: Random, troubles: Troubles): OriginPlan[] {
  return Array.from({ length: random.pick([1, 1, 2, 2, 3]) }, () => drawOrigin(random, troubles));
}

function drawOrigin(random: Random, { closes, cuts, silence, broken }: Troubles): OriginPlan {
  const secure = random.chance(0.3);
  const closing = random.chance(closes);
  return {
    secure: secure ? (random.chance(broken) ? random.pick(['refuses', 'wrong-name', 'truncates']) : 'yes') : 'no',
    most: closing && random.chance(0.5) ? random.between(1, 3) : 0,
    announces: random.chance(0.3),
    idle: closing && random.chance(0.6) ? random.pick([1, 20, 100, 500, 1500]) : 0,
    keepAlive: random.chance(0.1) ? random.pick([1, 2, 5]) : 0,
    version: random.chance(0.1) ? random.pick(['1.0', '1.0-keeps']) : '1.1',
    fine: random.chance(0.7),
    lookup: drawLookup(random, broken + silence / 4),
    connections: Array.from({ length: random.between(1, 3) }, () => drawConnection(random, { cuts, silence })),
  };
}

function drawLookup(random: Random, wrong: number): OriginPlan['lookup'] {
  if (random.chance(wrong / 2)) return random.pick(['EAI_NONAME', 'EAI_AGAIN', 'never']);
  return random.chance(0.15) ? 'second' : 'one';
}

function drawConnection(random: Random, { cuts, silence }: Pick<Troubles, 'cuts' | 'silence'>): ConnectionPlan {
  const cut = random.chance(cuts);
  const silent = random.chance(silence);
  if (!cut && !silent) return SOUND;
  if (random.chance(0.15)) {
    const connect = cut
      ? random.pick(['refuse', 'unreachable', 'unreachable-late'] as const)
      : random.pick(['hole', 'timeout'] as const);
    return { ...SOUND, connect };
  }
  const how = cut ? random.pick(['fin', 'rst', 'timeout'] as const) : random.pick(['hole', 'stall'] as const);
  const after = random.chance(0.2) ? random.between(1, 60) : random.size(20, 4000);
  const connect = random.chance(0.1) ? 'at-once' : 'accept';
  return {
    connect,
    direction: random.chance(0.7) ? 'down' : 'up',
    cut: { after, how, pause: random.pick([100, 2000, 20_000]) },
  };
}

/** A time limit that any slow network exceeds is drawn with silence only. */
export function drawPool(random: Random, { silence }: Troubles): PoolPlan {
  const low = random.chance(2 * silence);
  return {
    most: random.pick([0, 0, 1, 1, 2]),
    idleTimeout: random.pick([4000, 4000, 200, 0]),
    mostIdle: random.pick([64, 64, 1, 0]),
    headersTimeout: low ? random.pick([200, 1000, 5000]) : 30_000,
    bodyTimeout: low ? random.pick([200, 1000, 5000]) : 30_000,
    connectTimeout: low ? random.pick([300, 2000]) : 10_000,
  };
}

export function drawMachine(random: Random, { machine }: Troubles): MachinePlan {
  const troubled = machine > 0 && random.chance(0.7);
  return {
    noDescriptor: troubled ? random.pick([0, 0.05, 0.3]) : 0,
    noBuffers: troubled ? random.pick([0, 0.05]) : 0,
    lateness: random.pick([0, 0, 20]),
    busy: random.pick([0, 0, 0, 30]),
  };
}

const METHODS: readonly string[] = ['GET', 'GET', 'GET', 'HEAD', 'DELETE', 'POST', 'POST', 'PUT', 'OPTIONS', 'PATCH'];
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
const USES: readonly Use[] = ['bytes', 'bytes', 'text', 'blob', 'stream', 'slow', 'cancel', 'clone', 'left', 'late'];

export interface CallSetting {
  readonly id: number;
  readonly origins: readonly OriginPlan[];
  readonly pools: readonly unknown[];
  readonly troubles: Troubles;
}

export function drawCall(random: Random, { id, origins, pools, troubles }: CallSetting): CallPlan {
  const method = random.pick(METHODS);
  const origin = random.between(0, origins.length - 1);
  const fine = origins.some((each) => each.fine);
  return {
    id,
    pool: random.between(0, pools.length - 1),
    origin,
    method,
    gap: random.pick([0, 0, 0, 1, 10, 60, 300, 1200, 3000]),
    upload: WITH_BODY.has(method) && random.chance(0.8) ? drawUpload(random, { fine, fails: troubles.broken }) : null,
    answer: drawAnswer(random, { method, origin, origins, troubles, depth: 0 }),
    use: random.pick(USES),
    pause: random.pick([0, 1, 30, 700]),
    abort: random.chance(troubles.aborts) ? (random.chance(0.1) ? 0 : random.size(1, 500)) : -1,
    mode: random.chance(0.9) ? 'follow' : random.pick(['manual', 'error']),
  };
}

function drawUpload(random: Random, { fine, fails }: { fine: boolean; fails: number }): UploadPlan {
  const form = random.pick(['string', 'string', 'bytes', 'blob', 'pieces', 'stream', 'iterable'] as const);
  const large = !fine && random.chance(0.3);
  const inPieces = form === 'pieces' || form === 'stream' || form === 'iterable';
  return {
    form,
    size: large ? random.between(50_000, 150_000) : random.size(1, 500),
    piece: large ? random.between(5000, 70_000) : random.size(1, 200),
    pause: random.pick([0, 0, 1, 50]),
    fails: inPieces && random.chance(fails),
  };
}

interface AnswerSetting {
  readonly method: string;
  readonly origin: number;
  readonly origins: readonly OriginPlan[];
  readonly troubles: Troubles;
  readonly depth: number;
}

const STATUSES: readonly number[] = [200, 200, 200, 200, 201, 204, 304, 404, 500, 503];

export function drawAnswer(random: Random, setting: AnswerSetting): AnswerPlan {
  const { origin, origins, troubles, depth } = setting;
  const { version, fine } = origins[origin] as OriginPlan;
  const { closes, silence, broken } = troubles;
  const redirects = random.chance(depth === 0 ? 0.2 : 0.35) && depth < 4;
  const large = !fine && random.chance(0.4);
  const size = large ? random.between(10_000, 140_000) : random.size(0, 600);
  const framing = version === '1.1' ? random.pick(['length', 'length', 'chunked', 'close'] as const) : 'length';
  const closing = random.chance(closes / 2);
  const reset = random.chance(broken / 2);
  const inPieces = random.chance(0.2);
  return {
    status: redirects ? random.pick([301, 302, 303, 307, 308]) : random.pick(STATUSES),
    size,
    framing: framing === 'close' && random.chance(0.6) ? 'length' : framing,
    chunk: large ? random.size(1000, 70_000) : random.size(1, 300),
    piece: inPieces ? (large ? random.size(2000, 60_000) : random.size(20, 300)) : 0,
    pause: inPieces ? random.pick([0, 1, 40]) : 0,
    delay: random.chance(silence / 3) ? random.pick([-1, 3000, 20_000]) : random.pick([0, 0, 0, 5, 100]),
    informational: random.chance(0.1) ? random.between(1, 3) : 0,
    early: random.chance(0.1 + broken),
    close: reset ? 'reset' : closing ? random.pick(['announced', 'unannounced', 'instead']) : 'no',
    stray: random.chance(broken / 3) ? random.size(1, 100) : 0,
    malformed: random.chance(broken / 3) ? random.pick(['head', 'chunk']) : 'no',
    gzip: false,
    redirect: redirects ? drawRedirect(random, setting) : null,
  };
}

function drawRedirect(random: Random, { method, origins, troubles, depth }: AnswerSetting): AnswerPlan['redirect'] {
  const origin = random.between(0, origins.length - 1);
  if (depth === 0 && random.chance(0.03)) return { origin, answer: null };
  return { origin, answer: drawAnswer(random, { method, origin, origins, troubles, depth: depth + 1 }) };
}
