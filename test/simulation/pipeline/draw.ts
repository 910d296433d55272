/** Draws plans of worlds of one connection with many requests. */

import { drawHost, drawMachine, drawNetwork, FAULTS, SOURCES, SYNC_SOURCES } from '../bulk/draw.ts';
import { QUIET_HOST, WAYS } from '../bulk/plan.ts';
import { Random } from '../random.ts';
import {
  type PipelineEnd,
  type PipelineOptionsPlan,
  type PipelinePlan,
  QUIET_PIPELINE,
  QUIET_REQUEST,
  type RequestPlan,
} from './plan.ts';

export function drawPlan(seed: number): PipelinePlan {
  const random = new Random(seed).fork('pipeline');
  const count = random.size(5, random.pick([20, 60, 300]));
  const way = random.pick(WAYS);
  const host = random.chance(0.8) ? drawHost(random, count) : { ...QUIET_HOST, ...drawNetwork(random, count) };
  const trouble = random.pick([0, 0.1, 0.5]);
  const impatience = random.pick([0, 0, 0.1, 0.4]);
  const jobs = Array.from({ length: count }, (_, id) => drawRequest(random, { id, trouble, impatience }));
  const awaits = way === 'promises' || way === 'future';
  return {
    ...{ way, hosts: [host], jobs },
    source: random.pick(awaits ? SOURCES : SYNC_SOURCES),
    piped: random.pick([0, count, count, count >> 1]),
    consumer: random.chance(0.2)
      ? { every: random.between(1, 10), pause: random.pick([1, 100, 5000]) }
      : { every: 0, pause: 0 },
    end: random.chance(0.3) ? drawEnd(random, awaits, count) : { how: 'no', at: 0 },
    options: random.chance(0.2) ? QUIET_PIPELINE : drawOptions(random),
    machine: drawMachine(random),
  };
}

function drawEnd(random: Random, awaits: boolean, count: number): PipelineEnd {
  const how = random.pick([
    ...(['leave', 'interrupt', 'disconnect', 'source'] as const),
    ...(awaits ? (['later'] as const) : []),
  ]);
  const timed = how === 'interrupt' || how === 'later';
  return { how, at: timed ? random.size(1, 20_000) : random.between(how === 'source' ? 0 : 1, count) };
}

function drawOptions(random: Random): PipelineOptionsPlan {
  return {
    depth: random.pick([1, 2, 3, 4, 8, 32]),
    losses: random.pick([0, 1, 3, 10]),
    stallTimeout: random.pick([0, 500, 3000, 30_000]),
    consume: random.pick(['all', 'all', 'part', 'none'] as const),
  };
}

function drawRequest(
  random: Random,
  { id, trouble, impatience }: { id: number; trouble: number; impatience: number },
): RequestPlan {
  const method = random.pick(['GET', 'GET', 'GET', 'GET', 'HEAD', 'DELETE', 'PUT', 'PUT', 'POST'] as const);
  const sends = method === 'PUT' || method === 'POST' || (method === 'DELETE' && random.chance(0.2));
  const upload = sends
    ? {
        size: random.size(0, random.chance(0.1) ? 200_000 : 30_000),
        form: random.pick(['bytes', 'bytes', 'text', 'pieces', 'function'] as const),
      }
    : null;
  const request: RequestPlan = {
    ...{ ...QUIET_REQUEST, id, host: 0, method, upload },
    size: random.size(0, random.chance(0.05) ? 300_000 : 3000),
    framing: random.chance(0.8) ? 'length' : random.pick(['chunked', 'chunked', 'close'] as const),
    status: random.chance(0.9) ? 200 : random.pick([204, 404, 410, 501]),
    begins: random.chance(0.2) ? random.size(0, 3000) : 0,
    patience: random.chance(impatience) ? random.size(1, 5000) : 0,
  };
  return random.chance(trouble) ? troubled(random, request) : request;
}

function troubled(random: Random, request: RequestPlan): RequestPlan {
  const slow = random.chance(0.2);
  const faulty = random.chance(0.4);
  return {
    ...request,
    delay: random.chance(0.2) ? random.pick([1, 50, 3000]) : 0,
    piece: slow ? Math.max(1, Math.ceil(request.size / random.between(2, 10))) : 0,
    pause: slow ? random.pick([1, 300, 1500]) : 0,
    fault: faulty ? random.pick([...FAULTS, 'early'] as const) : 'no',
    times: faulty ? random.pick([1, 1, 2, 4, 100]) : 0,
    invalid: random.chance(0.05),
    bodyFails: request.upload?.form === 'pieces' && random.chance(0.2),
  };
}
