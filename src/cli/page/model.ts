/** The data of the page, and questions about it: which request is where, and which come before and after it. It draws nothing. */

import type { ConnectionData, LaneData, RequestPhase, WaterfallData } from './data.ts';

export const PHASES: readonly RequestPhase[] = ['blocked', 'send', 'held', 'wait', 'receive'];

/** A request, unfolded from the columns. */
export interface RequestView {
  readonly index: number;
  readonly lane: LaneData;
  readonly connection: ConnectionData;
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
  readonly error: string | undefined;
  readonly attempt: number;
  readonly begin: number;
  readonly end: number;
  readonly phases: Readonly<Record<RequestPhase, number>>;
}

export class Model {
  readonly data: WaterfallData;
  /** The time of the last event. */
  readonly end: number;
  /** For each lane and slot the requests in it, in order. */
  readonly slots: readonly (readonly number[])[][];
  readonly #sent: Float64Array;
  readonly #ends: Float64Array;

  constructor(data: WaterfallData) {
    this.data = data;
    const { requests, lanes } = data;
    const { create, blocked, send, held, wait, receive, slot } = requests;
    const sum = (...lists: (readonly number[])[]): Float64Array =>
      Float64Array.from(create, (_, index) => lists.reduce((total, list) => total + (list[index] ?? 0), 0));
    this.#sent = sum(create, blocked);
    this.#ends = sum(create, blocked, send, held, wait, receive);
    this.slots = lanes.map(({ slots, first, count }) => {
      const lists = Array.from({ length: slots }, (): number[] => []);
      for (let index = first; index < first + count; index++) lists[slot[index] ?? 0]?.push(index);
      return lists;
    });
    const ends = lanes.flatMap(({ connections }) => connections.map(({ end }) => end));
    this.end = Math.max(
      1,
      ends.reduce((latest, end) => Math.max(latest, end), 0),
    );
  }

  get count(): number {
    return this.#ends.length;
  }

  /** When the request was sent. */
  sent(index: number): number {
    return this.#sent[index] ?? 0;
  }

  endOf(index: number): number {
    return this.#ends[index] ?? 0;
  }

  isFailed(index: number): boolean {
    return (this.data.requests.error[index] ?? -1) >= 0;
  }

  laneOf(index: number): number {
    return this.data.lanes.findIndex(({ first, count }) => index >= first && index < first + count);
  }

  slotOf(index: number): number {
    return this.data.requests.slot[index] ?? 0;
  }

  /** Position in a slot's list of the first request that ends behind `time`. */
  firstAfter(list: readonly number[], time: number): number {
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.endOf(list[middle] ?? 0) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The request of the lane that is the nearest to the time. */
  nearest(lane: number, time: number): number | undefined {
    const { first, count } = this.data.lanes[lane] ?? { first: 0, count: 0 };
    let best: number | undefined;
    for (let index = first; index < first + count; index++) {
      if (best === undefined || Math.abs(this.sent(index) - time) < Math.abs(this.sent(best) - time)) best = index;
    }
    return best;
  }

  /** The request whose response came before that of this one on its connection. */
  before(index: number): RequestView | undefined {
    const { connection } = this.data.requests;
    const lane = this.data.lanes[this.laneOf(index)];
    if (lane === undefined || index === lane.first || connection[index - 1] !== connection[index]) return undefined;
    return this.view(index - 1);
  }

  view(index: number): RequestView {
    const { data } = this;
    const { requests } = data;
    const lane = data.lanes[this.laneOf(index)] as LaneData;
    const path = requests.path[index] ?? '';
    return {
      index,
      lane,
      connection: lane.connections[requests.connection[index] ?? 0] as ConnectionData,
      method: data.methods[requests.method[index] ?? 0] ?? '',
      url: `${data.origins[requests.origin[index] ?? 0]}${path}`,
      path,
      status: requests.status[index] ?? 0,
      bytes: requests.bytes[index] ?? 0,
      error: data.errors[requests.error[index] ?? -1],
      attempt: requests.attempt[index] ?? 1,
      begin: requests.create[index] ?? 0,
      end: this.endOf(index),
      phases: {
        blocked: requests.blocked[index] ?? 0,
        send: requests.send[index] ?? 0,
        held: requests.held[index] ?? 0,
        wait: requests.wait[index] ?? 0,
        receive: requests.receive[index] ?? 0,
      },
    };
  }
}
