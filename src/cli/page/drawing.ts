/**
 * Draws what is visible: the lanes that are on the screen, the requests of the visible time, in one path for each kind of phase.
 * Requests that would be narrower than a pixel's part are drawn once for that part.
 */

import type { LaneData } from './data.ts';
import { counted, size } from './format.ts';
import type { Layout, Place } from './layout.ts';
import { type Model, PHASES } from './model.ts';
import { Shapes, svg } from './svg.ts';
import type { View } from './view.ts';

/** Kinds of shapes, from the lowest to the topmost. */
const KINDS = ['blocked', 'dns', 'connect', 'tls', 'held', 'send', 'wait', 'receive', 'failed', 'again'] as const;
type Kind = (typeof KINDS)[number];

/** Least width of a bar, and of the space in which one bar stands for all, in pixels. */
const LEAST = 0.6;
/** A picture of this width, in pixels, has room for short labels only. */
const NARROW = 400;
/** Heights, as parts of a bar's height: what waits in line is thinner than what is served. */
const HEIGHTS = { blocked: 0.16, send: 1, held: 0.42, wait: 1, receive: 1 } as const;

export class Drawing {
  readonly #model: Model;
  readonly #layout: Layout;
  readonly #view: View;

  constructor(model: Model, layout: Layout, view: View) {
    this.#model = model;
    this.#layout = layout;
    this.#view = view;
  }

  /** The elements of what is between two heights. */
  elements(top: number, bottom: number): SVGElement[] {
    const shapes = new Map(KINDS.map((kind) => [kind, new Shapes()] as const));
    const bands: SVGElement[] = [];
    for (const place of this.#layout.places) {
      if (place.bottom < top || place.top - 40 > bottom) continue;
      bands.push(...this.#band(place));
      this.#connections(place, shapes);
      for (const [slot, list] of (this.#model.slots[place.lane] ?? []).entries()) {
        this.#slot(list, { place, y: place.slots + slot * place.pitch, shapes });
      }
    }
    return [...bands, ...[...shapes].map(([kind, each]) => each.path(kind))];
  }

  #band({ lane: index, top, slots, bottom, origin }: Place): SVGElement[] {
    const lane = this.#model.data.lanes[index] as LaneData;
    const { width } = this.#view;
    const elements = lane.connections.flatMap(({ begin, end, number }) => {
      const from = this.#view.x(begin);
      const to = this.#view.x(end);
      if (to < 0 || from > width) return [];
      const rect = svg('rect', {
        class: 'band',
        x: from,
        y: slots - 2,
        width: Math.max(1, to - from),
        height: bottom - slots + 3,
      });
      if (to - from < 30 || lane.connections.length === 1) return [rect];
      return [rect, svg('text', { class: 'number', x: Math.max(from, 0) + 3, y: slots - 6 }, `#${number}`)];
    });
    if (origin !== undefined) elements.push(svg('text', { class: 'origin', x: 0, y: top - 9 }, origin));
    const label = svg('text', { class: 'label', x: 0, y: top + 15 }, this.#label(lane));
    return [...elements, label];
  }

  #label({ connections, count, first, slots }: LaneData): string {
    const { requests } = this.#model.data;
    if (connections[0]?.number === 0) return `${counted(count, 'request')} not sent`;
    const bytes = requests.bytes.slice(first, first + count).reduce((sum, each) => sum + each, 0);
    const [one, ...others] = connections;
    const name = `Connection #${one?.number}${others.length > 0 ? `, then ${counted(others.length, 'other')}` : ''}`;
    const inFlight = slots > 1 && this.#view.width > NARROW ? ` · up to ${slots} in flight` : '';
    return `${name} · ${counted(count, 'request')} · ${size(bytes)}${inFlight}`;
  }

  /** How connections were made, and which were cut. */
  #connections({ lane, slots, bottom }: Place, shapes: ReadonlyMap<Kind, Shapes>): void {
    for (const { begin, end, steps, error } of this.#model.data.lanes[lane]?.connections ?? []) {
      let from = begin;
      for (const [kind, lasted] of steps) {
        const x = this.#view.x(from);
        const width = this.#view.x(from + lasted) - x;
        from += lasted;
        if (this.#isVisible(x, x + width))
          shapes.get(kind)?.rect(x, slots, [Math.max(LEAST, width), bottom - slots - 1]);
      }
      const cut = this.#view.x(end);
      if (error !== undefined && this.#isVisible(cut, cut))
        shapes.get('failed')?.rect(cut, slots - 4, [2, bottom - slots + 6]);
    }
  }

  #slot(list: readonly number[], to: { place: Place; y: number; shapes: ReadonlyMap<Kind, Shapes> }): void {
    const { requests } = this.#model.data;
    let drawnTo = Number.NEGATIVE_INFINITY;
    for (let at = this.#model.firstAfter(list, this.#view.begin); at < list.length; at++) {
      const index = list[at] as number;
      const from = this.#view.x(this.#model.sent(index));
      if (from > this.#view.width) break;
      const end = this.#view.x(this.#model.endOf(index));
      const marked = this.#model.isFailed(index) || (requests.attempt[index] ?? 1) > 1;
      if (end < drawnTo + LEAST && !marked) continue;
      drawnTo = end;
      this.#request(index, to);
    }
  }

  #request(index: number, { place, y, shapes }: { place: Place; y: number; shapes: ReadonlyMap<Kind, Shapes> }): void {
    const { requests } = this.#model.data;
    const { bar } = place;
    let time = requests.create[index] ?? 0;
    for (const phase of PHASES) {
      const lasted = requests[phase][index] ?? 0;
      const from = this.#view.x(time);
      time += lasted;
      const to = this.#view.x(time);
      if (lasted === 0 || !this.#isVisible(from, to)) continue;
      const height = HEIGHTS[phase] * bar;
      const x = Math.max(from, -10);
      const width = Math.max(LEAST, Math.min(to, this.#view.width + 10) - x);
      shapes.get(phase)?.rect(x, y + (bar - height) / 2, [width, height]);
    }
    const radius = Math.min(5, Math.max(2.5, bar / 2));
    const middle = y + bar / 2;
    if (this.#model.isFailed(index)) shapes.get('failed')?.cross(this.#view.x(time), middle, radius);
    if ((requests.attempt[index] ?? 1) > 1)
      shapes.get('again')?.arrow(this.#view.x(this.#model.sent(index)), middle, radius);
  }

  #isVisible(from: number, to: number): boolean {
    return to >= 0 && from <= this.#view.width;
  }
}
