/** What callers have got of their calls, and when. */

import type { AnswerPlan, MachinePlan, OriginPlan, UploadPlan } from './plan.ts';

/** What the judge must know of a call, however it was made. */
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
  /** Milliseconds for all of it; 0: any time. */
  readonly timeout: number;
  readonly maxBodySize: number;
  /** Whether a signal may end it. */
  readonly interruptible: boolean;
}

/** What there is to know of a world besides what happened. */
export interface Setting {
  readonly origins: readonly OriginPlan[];
  readonly machine: MachinePlan;
  readonly limitsOf: (call: Called) => Limits;
  /** Whether the event loop may have to stand still at any time. */
  readonly blocks: boolean;
  /** Whether the caller reads the body without pauses. */
  readonly readsAtOnce: (call: Called) => boolean;
  /** What a call of fetchSync has besides; undefined: it is one of createFetch. */
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
  /** When the head was there, or never would be. */
  settled: number = Number.POSITIVE_INFINITY;
  error: unknown;
  head: Head | undefined;
  body: 'pending' | 'none' | 'whole' | 'cancelled' | 'failed' = 'pending';
  bytes: Buffer = Buffer.alloc(0);
  /** Of a clone. */
  other: Buffer | undefined;
  bodyError: unknown;
  /** When nothing more was to come of it. */
  ended: number = Number.POSITIVE_INFINITY;
  abortedAt: number = Number.POSITIVE_INFINITY;
  readonly reason: Error = new Error('the caller has changed its mind');
  /** What the source of an upload fails with. */
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
