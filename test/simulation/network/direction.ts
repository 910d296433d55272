/**
 * One direction of a stream: cuts the bytes at its source into segments, which arrive in order after some time, as its target's
 * window allows, until the planned byte, where the cut happens. It knows no application.
 */

import { ETIMEDOUT } from '../kernel/errno.ts';
import type { Random } from '../random.ts';
import type { Endpoint } from './endpoint.ts';

/** A cut, which happens when this many bytes have arrived. */
export interface Cut {
  readonly after: number;
  /**
   * `fin`: the stream ends in order, and its source is gone; `rst`: both ends are reset; `timeout`: the target's kernel gives up;
   * `hole`: nothing arrives any more, in either direction; `stall`: the rest comes later.
   */
  readonly how: 'fin' | 'rst' | 'timeout' | 'hole' | 'stall';
  /** Milliseconds of a stall. */
  readonly pause?: number;
}

export interface DirectionOptions {
  /** Milliseconds. */
  readonly latency: number;
  readonly jitter: number;
  /** Bytes per millisecond. */
  readonly bandwidth: number;
  /** The sizes of segments, drawn for each. */
  readonly segment: readonly [least: number, most: number];
  readonly cut?: Cut | undefined;
}

export class Direction {
  inFlight = 0;
  /** Bytes that have arrived. */
  carried = 0;
  /** No more bytes arrive, and no reset either. */
  lost = false;
  holed = false;
  readonly #source: Endpoint;
  readonly #target: Endpoint;
  readonly #options: DirectionOptions;
  readonly #random: Random;
  /** When the line is free again, and when the last segment arrives: segments keep their order. */
  #lineFree = 0;
  #lastArrival = 0;
  #departed = 0;
  #endSent = false;
  #cutDone = false;

  constructor(source: Endpoint, target: Endpoint, options: DirectionOptions, random: Random) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
    this.#random = random;
  }

  /** Called when both ends are established. */
  begin(): void {
    this.#cutIfDue();
    this.pump();
  }

  /** Sends as much as possible. */
  pump(): void {
    const { outgoing } = this.#source;
    while (!this.lost && outgoing.length > 0 && this.#target.window > 0) {
      const size = Math.min(this.#segment(), outgoing.length, this.#target.window, this.#untilCut());
      const bytes = outgoing.take(size);
      this.#departed += size;
      this.inFlight += size;
      this.#target.approached();
      this.#schedule(size, () => this.#deliver(bytes));
    }
    if (this.#source.finishing && outgoing.length === 0 && !this.#endSent && !this.lost) {
      this.#endSent = true;
      this.#schedule(0, () => {
        this.#target.arriveEnd();
        this.#source.endTaken();
      });
    }
  }

  /** The reset arrives behind the segments in flight. */
  sendReset(): void {
    this.#schedule(0, () => this.#target.arriveReset(), { reset: true });
  }

  #segment(): number {
    const [least, most] = this.#options.segment;
    return least === most ? least : this.#random.size(least, most);
  }

  #untilCut(): number {
    const { cut } = this.#options;
    return cut === undefined || cut.after <= this.#departed ? Number.POSITIVE_INFINITY : cut.after - this.#departed;
  }

  #schedule(size: number, arrive: () => void, { reset }: { reset: boolean } = { reset: false }): void {
    const { latency, jitter, bandwidth } = this.#options;
    const { world } = this.#source;
    this.#lineFree = Math.max(world.now, this.#lineFree) + size / bandwidth;
    const delay = jitter > 0 ? latency + this.#random.fraction() * jitter : latency;
    this.#lastArrival = Math.max(this.#lastArrival, this.#lineFree + delay);
    world.at(this.#lastArrival, () => {
      if (reset ? !this.holed : !this.lost) arrive();
    });
  }

  #deliver(bytes: Buffer): void {
    this.inFlight -= bytes.length;
    this.carried += bytes.length;
    const target = this.#target;
    if (target.released || target.state !== 'established') {
      // The connection does not exist here any more: its peer gets a reset.
      target.out?.sendReset();
      return;
    }
    if (target.world.traced) target.world.note(target.name, `takes ${bytes.length} bytes in`);
    target.arrive(bytes);
    this.#source.changed();
    this.#cutIfDue();
    // There may be room for more bytes, or the end, now.
    this.pump();
  }

  #cutIfDue(): void {
    const { cut } = this.#options;
    if (cut === undefined || this.#cutDone || this.carried < cut.after) return;
    this.#cutDone = true;
    const { world } = this.#target;
    if (world.traced) world.note(this.#target.name, `is cut off after ${cut.after} bytes: ${cut.how}`);
    this.#apply(cut);
  }

  #apply({ how, pause = 0 }: Cut): void {
    if (how === 'stall') {
      this.#lineFree = Math.max(this.#lineFree, this.#target.world.now + pause);
      return;
    }
    this.lost = true;
    if (how === 'hole') {
      this.holed = true;
      const back = this.#target.out;
      if (back !== undefined) {
        back.lost = true;
        back.holed = true;
      }
      return;
    }
    this.#source.arriveReset();
    if (how === 'fin') this.#target.arriveEnd();
    else this.#target.arriveReset(how === 'timeout' ? ETIMEDOUT : undefined);
  }
}
