/**
 * The plan of a world of connections, drawn from a seed: how its coroutines are run, and for each connection its server, the faults
 * of its network, its requests, and what the program does in their midst. Plain data: it is drawn, shrunk, and printed.
 */

import type { Cut } from '../network/direction.ts';
import type { Path } from '../network/network.ts';
import { Random } from '../random.ts';
import type { Answer } from '../servers/servers.ts';

/**
 * Ways to run coroutines: `turns` blocks for one connection after the other, `own` is a loop over poll(), and `mixed` begins blocked
 * and goes on as a future.
 */
export const WAYS = ['turns', 'blocking', 'own', 'loop', 'future', 'mixed'] as const;
export type Way = (typeof WAYS)[number];

export interface RequestPlan {
  /** Unique within the world: the path is made of it. */
  readonly id: number;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST';
  /** Bytes of the answer's body. */
  readonly size: number;
  readonly answer: Pick<Answer, 'framing' | 'chunks' | 'piece' | 'pause' | 'delay' | 'before' | 'close' | 'status'>;
  /** The server answers once it has the head, and reads the body then. */
  readonly early?: boolean;
  readonly upload?: UploadPlan;
  readonly read: 'all' | 'parts' | 'into' | 'discard';
  /** Bytes to read at a time. */
  readonly part: number;
}

export interface UploadPlan {
  readonly size: number;
  /**
   * `whole`: with the request; `following`: written later; `chunked`: written later, without a length; `pieces`: an iterable;
   * `awaited`: an async one.
   */
  readonly form: 'whole' | 'following' | 'chunked' | 'pieces' | 'awaited';
  readonly part: number;
  readonly expect?: boolean;
}

/** An action of the program on its own connection. */
export interface Interruption {
  /**
   * `cancel`: ends the waiting coroutine, and goes on; `disconnect`: closes the connection under it; `limit`: gives each call this
   * long; `abort`: the runner throws into it.
   */
  readonly how: 'cancel' | 'disconnect' | 'limit' | 'abort';
  /** The number of the suspension; for `limit` and `abort` milliseconds. */
  readonly at: number;
}

export interface LinkPlan {
  readonly index: number;
  /** `tiny`: segments of a few bytes, buffers that are soon full. */
  readonly network: 'quiet' | 'uneven' | 'tiny';
  readonly tls: boolean;
  /** Requests go through a proxy, with TLS through a tunnel. */
  readonly proxy: boolean;
  /** Number of addresses of the name; all but the first are sound. */
  readonly addresses: number;
  /** How the first connection is made. */
  readonly connect: Path['connect'];
  /** A cut of the n-th connection, from 1. */
  readonly cut?: Cut & { readonly direction: 'up' | 'down'; readonly connection: number };
  readonly most: number;
  readonly announce: boolean;
  readonly expectation: 'grant' | 'never' | 'late' | 'refuse';
  /** How the server reads bodies. */
  readonly pace: { readonly size: number; readonly pause: number };
  /** `serial`: each response is read before the next request; `ahead`: all are sent first; `together`: by two coroutines. */
  readonly shape: 'serial' | 'ahead' | 'together';
  readonly requests: readonly RequestPlan[];
  readonly interruption?: Interruption;
}

export interface ConnectionPlan {
  readonly way: Way;
  /** Chances of the machine: no descriptor, no buffers, threads that come late, a busy event loop. */
  readonly noDescriptor: number;
  readonly noBuffers: number;
  readonly lateness: number;
  readonly busy: number;
  readonly links: readonly LinkPlan[];
  /** Whether it is run in every way, with the same fates. */
  readonly compared?: boolean;
}

/** Bytes; larger bodies make slower worlds, and are rare. */
const MOST_BODY = 300;
const LARGE_BODY = 5000;

export function drawPlan(seed: number): ConnectionPlan {
  const random = new Random(seed).fork('plan');
  const links = random.chance(0.1) ? 3 : 2;
  const way = random.pick(WAYS);
  const plan: ConnectionPlan = {
    way,
    noBuffers: random.chance(0.02) ? 0.1 : 0,
    noDescriptor: random.chance(0.05) ? 0.05 : 0,
    lateness: random.chance(0.2) ? 0.05 : 0,
    busy: random.chance(0.2) ? 0.1 : 0,
    links: Array.from({ length: links }, (_, index) => drawLink(random, index, way)),
  };
  return faultsOf(plan) > 0 ? plan : withFault(plan, random);
}

function drawLink(random: Random, index: number, way: Way): LinkPlan {
  const least = index === 0 ? 3 : 2;
  const count = random.chance(0.1) ? 4 : least;
  const requests = Array.from({ length: count }, (_, position) => drawRequest(random, 10 * index + position, way));
  const cut = random.chance(0.2) ? drawCut(random) : undefined;
  const interruption = random.chance(0.15) ? drawInterruption(random) : undefined;
  return {
    index,
    network: random.chance(0.02) ? 'tiny' : random.chance(0.3) ? 'uneven' : 'quiet',
    tls: random.chance(0.1),
    proxy: random.chance(0.08),
    addresses: random.chance(0.15) ? random.between(2, 3) : 1,
    connect: random.chance(0.05)
      ? random.pick(['at-once', 'refuse', 'timeout', 'unreachable', 'unreachable-late', 'hole'])
      : 'accept',
    ...(cut && { cut }),
    most: random.chance(0.25) ? random.between(1, 3) : 100,
    announce: random.chance(0.6),
    expectation: random.pick(['grant', 'grant', 'never', 'late', 'refuse']),
    pace: { size: random.size(50, 65536), pause: random.pick([0, 0, 0, 1]) },
    shape: random.pick(['serial', 'ahead', 'together']),
    requests,
    ...(interruption && { interruption }),
  };
}

export function drawCut(random: Random): NonNullable<LinkPlan['cut']> {
  return {
    after: random.size(0, 1500),
    how: random.pick(['fin', 'fin', 'rst', 'rst', 'timeout', 'hole', 'stall']),
    pause: random.between(1, 3000),
    direction: random.pick(['down', 'down', 'up']),
    connection: random.chance(0.8) ? 1 : 2,
  };
}

function drawInterruption(random: Random): Interruption {
  const how = random.pick(['cancel', 'disconnect', 'limit', 'abort'] as const);
  return { how, at: how === 'limit' || how === 'abort' ? random.size(1, 2000) : random.between(0, 12) };
}

function drawRequest(random: Random, id: number, way: Way): RequestPlan {
  const method = random.pick(['GET', 'GET', 'GET', 'HEAD', 'PUT', 'POST'] as const);
  const upload = method === 'PUT' || method === 'POST' ? drawUpload(random, way) : undefined;
  const status = random.chance(0.1) ? random.pick([204, 304, 404, 503]) : 200;
  return {
    id,
    method,
    size: drawSize(random),
    answer: {
      status,
      framing: random.chance(0.05) ? 'close' : random.pick(['length', 'chunked']),
      chunks: [random.size(1, 300), random.size(1, 300)],
      ...(random.chance(0.15) && { piece: random.size(50, 500), pause: random.pick([0, 1, 30]) }),
      ...(random.chance(0.15) && { delay: random.size(1, 2000) }),
      ...(random.chance(0.08) && { before: ['HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n'] }),
      ...(random.chance(0.05) && { close: random.pick(['announced', 'unannounced', 'reset'] as const) }),
    },
    ...(upload && { upload, ...(random.chance(0.15) && !upload.expect && { early: true }) }),
    read: random.pick(['all', 'all', 'all', 'parts', 'into', 'discard']),
    part: random.size(1, 1000),
  };
}

function drawSize(random: Random): number {
  return random.size(0, random.chance(0.02) ? LARGE_BODY : MOST_BODY);
}

function drawUpload(random: Random, way: Way): UploadPlan {
  const form = random.pick([
    'whole',
    'following',
    'chunked',
    'pieces',
    way === 'future' ? 'awaited' : 'whole',
  ] as const);
  const expect = form === 'following' && random.chance(0.5);
  return {
    size: Math.max(drawSize(random), expect ? 1 : 0),
    form,
    part: random.size(100, 1000),
    ...(expect && { expect }),
  };
}

/** The number of its deliberate faults. */
export function faultsOf({ links, noDescriptor, noBuffers }: ConnectionPlan): number {
  let faults = (noDescriptor > 0 ? 1 : 0) + (noBuffers > 0 ? 1 : 0);
  for (const { cut, connect, interruption, most, announce, requests } of links) {
    if (cut) faults++;
    if (interruption) faults++;
    if (connect !== 'accept' && connect !== 'at-once') faults++;
    if (most < requests.length && !announce) faults++;
    for (const { answer } of requests) if (answer.close === 'reset' || answer.close === 'unannounced') faults++;
  }
  return faults;
}

function withFault(plan: ConnectionPlan, random: Random): ConnectionPlan {
  const [first, ...rest] = plan.links;
  if (first === undefined) return plan;
  const fault = random.chance(0.6) ? { cut: drawCut(random) } : { interruption: drawInterruption(random) };
  return { ...plan, links: [{ ...first, ...fault }, ...rest] };
}

/** Plans that are smaller by one thing, the largest things first. */
export function* smallerPlans(plan: ConnectionPlan): Generator<ConnectionPlan> {
  const { links } = plan;
  for (const link of links) if (links.length > 1) yield { ...plan, links: links.filter((one) => one !== link) };
  for (const [index, link] of links.entries()) {
    for (const smaller of smallerLinks(link)) yield { ...plan, links: links.with(index, smaller) };
  }
  if (plan.noDescriptor > 0) yield { ...plan, noDescriptor: 0 };
  if (plan.noBuffers > 0) yield { ...plan, noBuffers: 0 };
  if (plan.lateness > 0) yield { ...plan, lateness: 0 };
  if (plan.busy > 0) yield { ...plan, busy: 0 };
  if (plan.compared) {
    yield { ...plan, compared: false };
    return;
  }
  // Only futures can await promises.
  if (links.some(({ requests }) => requests.some(({ upload }) => upload?.form === 'awaited'))) return;
  for (const way of WAYS.slice(0, WAYS.indexOf(plan.way))) yield { ...plan, way };
}

function* smallerLinks(link: LinkPlan): Generator<LinkPlan> {
  const { requests, cut: _cut, interruption: _interruption, ...bare } = link;
  for (const request of requests) {
    if (requests.length > 1) yield { ...link, requests: requests.filter((one) => one !== request) };
  }
  if (link.cut) yield { ...bare, requests, ...(link.interruption && { interruption: link.interruption }) };
  if (link.interruption) yield { ...bare, requests, ...(link.cut && { cut: link.cut }) };
  if (link.tls) yield { ...link, tls: false };
  if (link.proxy) yield { ...link, proxy: false };
  if (link.addresses > 1) yield { ...link, addresses: 1 };
  if (link.network !== 'quiet') yield { ...link, network: 'quiet' };
  if (link.connect !== 'accept') yield { ...link, connect: 'accept' };
  if (link.most !== 100) yield { ...link, most: 100, announce: true };
  if (link.pace.pause > 0) yield { ...link, pace: { size: 65536, pause: 0 } };
  if (link.shape !== 'serial') yield { ...link, shape: 'serial' };
  for (const [index, request] of requests.entries()) {
    for (const smaller of smallerRequests(request)) yield { ...link, requests: requests.with(index, smaller) };
  }
}

function* smallerRequests(request: RequestPlan): Generator<RequestPlan> {
  const { upload: _upload, early: _early, ...bare } = request;
  if (request.upload) yield { ...bare, method: 'GET' };
  if (request.early) yield { ...bare, ...(request.upload && { upload: request.upload }) };
  const { framing, chunks } = request.answer;
  if (Object.keys(request.answer).length > 3 || request.answer.status !== 200) {
    yield { ...request, answer: { status: 200, framing, chunks } as RequestPlan['answer'] };
  }
  if (framing !== 'length') yield { ...request, answer: { ...request.answer, framing: 'length' } };
  if (request.read !== 'all') yield { ...request, read: 'all' };
  if (request.method === 'HEAD') yield { ...request, method: 'GET' };
  if (request.size > 0) yield { ...request, size: Math.floor(request.size / 2) };
  if (request.upload?.form === 'awaited') yield { ...request, upload: { ...request.upload, form: 'pieces' } };
  if (request.upload && request.upload.size > 0) {
    yield { ...request, upload: { ...request.upload, size: Math.floor(request.upload.size / 2) } };
  }
}
