/** Where lanes and slots are on the page, in pixels from the top of the picture; the same at each zoom. */

import type { Model } from './model.ts';

const ORIGIN = 34;
const LABEL = 20;
/** For the numbers of connections that share a lane. */
const NUMBERS = 14;
const GAP = 14;

export interface Place {
  readonly lane: number;
  /** Top of the label. */
  readonly top: number;
  /** Top of the first slot. */
  readonly slots: number;
  readonly bottom: number;
  /** Height of a slot, with the space behind it. */
  readonly pitch: number;
  /** Height of a bar. */
  readonly bar: number;
  /** The origin, if this is its first lane. */
  readonly origin: string | undefined;
}

export class Layout {
  readonly places: readonly Place[];
  readonly height: number;

  constructor({ data }: Model) {
    let top = 4;
    let latest: number | undefined;
    this.places = data.lanes.map(({ origin, slots: count, connections }, lane) => {
      const isFirst = origin !== latest;
      latest = origin;
      const begin = top + (isFirst ? ORIGIN : 0);
      const pitch = pitchFor(count);
      const slots = begin + LABEL + (connections.length > 1 ? NUMBERS : 0);
      const bottom = slots + count * pitch;
      top = bottom + GAP;
      const bar = pitch > 4 ? pitch - 1 : pitch - 0.5;
      return { lane, top: begin, slots, bottom, pitch, bar, origin: isFirst ? data.origins[origin] : undefined };
    });
    this.height = top;
  }

  /** The place of a height. */
  at(y: number): Place | undefined {
    return this.places.find(({ top, bottom }) => y >= top && y < bottom + GAP);
  }

  /** Middle of a slot. */
  middle({ slots, pitch, bar }: Place, slot: number): number {
    return slots + slot * pitch + bar / 2;
  }
}

/** The more lines a lane has, the lower they are. */
function pitchFor(slots: number): number {
  if (slots === 1) return 18;
  if (slots <= 4) return 13;
  if (slots <= 12) return 9;
  return slots <= 40 ? 6 : 4;
}
