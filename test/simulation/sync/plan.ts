/** The plan of a world of blocking fetches, as plain data; drawn from a seed, and made smaller. */

import { drawCall, drawMachine, drawOrigins, drawPool, drawTroubles, type Troubles } from '../fetch/draw.ts';
import type { AnswerPlan, CallPlan, MachinePlan, OriginPlan, PoolPlan } from '../fetch/plan.ts';
import { Random } from '../random.ts';

/** A call of fetchSync; or one of createFetch, which goes on while others block. */
export interface StepPlan {
  readonly kind: 'sync' | 'fetch';
  readonly call: CallPlan;
  /** Milliseconds before it, in which the thread is blocked, or the event loop turns. */
  readonly rest: 'blocked' | 'turning';
  /** Milliseconds for all of a blocking call; 0: any time. */
  readonly timeout: number;
  readonly decompress: boolean;
  readonly maxBodySize: number;
  /** Milliseconds from its beginning to a signal, which it heeds or not; -1: no signal. */
  readonly signal: number;
  readonly heeds: boolean;
}

export interface SyncPlan {
  readonly origins: readonly OriginPlan[];
  /** The time limits of the blocking calls, and all limits of the others. */
  readonly pool: PoolPlan;
  readonly machine: MachinePlan;
  readonly lingers: boolean;
  readonly steps: readonly StepPlan[];
}

export function drawSyncPlan(seed: number): SyncPlan {
  const random = new Random(seed).fork('blocking fetches');
  const troubles = drawTroubles(random);
  const origins = drawOrigins(random, troubles);
  const pool = drawPool(random, troubles);
  const steps = Array.from({ length: random.between(5, 9) }, (_, id) =>
    drawStep(random, { id, origins, pool, troubles }),
  );
  const machine = drawMachine(random, troubles);
  return { origins, pool, machine, lingers: random.chance(0.5), steps };
}

interface StepSetting {
  readonly id: number;
  readonly origins: readonly OriginPlan[];
  readonly pool: PoolPlan;
  readonly troubles: Troubles;
}

function drawStep(random: Random, { id, origins, pool, troubles }: StepSetting): StepPlan {
  const kind = random.chance(0.75) ? 'sync' : 'fetch';
  const drawn = drawCall(random, { id, origins, pools: [pool], troubles });
  return {
    kind,
    call: kind === 'fetch' ? drawn : blocking(random, drawn),
    rest: random.pick(['blocked', 'turning']),
    timeout: random.chance(troubles.silence + 0.05) ? random.size(20, 3000) : 0,
    decompress: random.chance(0.8),
    maxBodySize: random.chance(0.05) ? random.size(1, 1000) : 1_000_000,
    signal: random.chance(troubles.aborts / 2) ? random.size(1, 300) : -1,
    heeds: random.chance(0.7),
  };
}

/** The call without anything that would have to be awaited; its responses may be coded. */
function blocking(random: Random, call: CallPlan): CallPlan {
  const { upload } = call;
  const awaited = upload !== null && upload.form !== 'string' && upload.form !== 'bytes';
  const gzip = random.chance(0.2);
  return {
    ...call,
    upload: awaited ? { ...upload, form: 'iterable' } : upload,
    answer: gzip ? coded(call.answer) : call.answer,
    abort: -1,
    use: 'bytes',
  };
}

function coded(answer: AnswerPlan): AnswerPlan {
  const { redirect } = answer;
  const next = redirect?.answer ? { ...redirect, answer: coded(redirect.answer) } : redirect;
  return { ...answer, gzip: true, redirect: next };
}
