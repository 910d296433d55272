/** The results of calls, with their times. */

import type { AnswerPlan, MachinePlan, OriginPlan, UploadPlan } from './plan.ts';

/** The properties of a call for the judge, however the call was made. */
export interface Called {
  readonly id: number;
  readonly origin: number;
  readonly method: string;
  readonly upload: UploadPlan | null;
  readonly answer: AnswerPlan;
  /** Milliseconds between two parts of a body that the caller reads. */
  readonly pause: number;
  readonly mode: 'follow' | 'manual' | 'error';
}

export interface Limits {
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  readonly connectTimeout: number;
}

export interface Blocking {
  /** Milliseconds for the whole call; 0: no limit. */
  readonly timeout: number;
  readonly maxBodySize: number;
  /** Whether a signal may end it. */
  readonly interruptible: boolean;
}

/** The properties of a world for the judge. */
export interface Setting {
  readonly origins: readonly OriginPlan[];
  readonly machine: MachinePlan;
  readonly limitsOf: (call: Called) => Limits;
  /** Whether the event loop may have to stand still at any time. */
  readonly blocks: boolean;
  /** Whether the caller reads the body without pauses. */
  readonly readsAtOnce: (call: Called) => boolean;
  /** Additional properties of a call of fetchSync; undefined: a call of createFetch. */
  readonly blocking: (call: Called) => Blocking | undefined;
}

export interface Head {
  readonly status: number;
  readonly url: string;
  readonly redirected: boolean;
  readonly serial: number;
}

export class Result<C extends Called = Called> {
  readonly call: C;
  readonly began: number;
  state: 'pending' | 'fulfilled' | 'rejected' = 'pending';
  /** When the head arrived, or the call failed. */
  settled: number = Number.POSITIVE_INFINITY;
  error: unknown;
  head: Head | undefined;
  body: 'pending' | 'none' | 'whole' | 'cancelled' | 'failed' = 'pending';
  bytes: Buffer = Buffer.alloc(0);
  /** The bytes of a clone. */
  other: Buffer | undefined;
  bodyError: unknown;
  /** When the call had ended completely. */
  ended: number = Number.POSITIVE_INFINITY;
  abortedAt: number = Number.POSITIVE_INFINITY;
  readonly reason: Error = new Error('the caller has changed its mind');
  /** The error of an upload's source. */
  readonly sourceError: Error;

  constructor(call: C, began: number) {
    this.call = call;
    this.began = began;
    this.sourceError = call.id % 2 === 0 ? new Error('the source has failed') : new TypeError('the source has failed');
  }

  fulfil(head: Head, at: number): void {
    this.state = 'fulfilled';
    this.head = head;
    this.settled = at;
  }

  reject(error: unknown, at: number): void {
    this.state = 'rejected';
    this.error = error;
    this.settled = at;
    this.ended = at;
  }

  bodyEnds(how: Result['body'], at: number): void {
    this.body = how;
    this.ended = at;
  }
}
