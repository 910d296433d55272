/** The picture in the page: draws it when what is visible changes, finds requests at a point, and shows one of them in detail. */

import { axisElements, gridElements } from './axis.ts';
import { detailElements, sentence } from './details.ts';
import { Drawing } from './drawing.ts';
import { Layout, type Place } from './layout.ts';
import type { Model } from './model.ts';
import { byId, svg } from './svg.ts';
import { View } from './view.ts';

const AXIS = 30;
/** How far from a bar, in pixels, a pointer still means it. */
const REACH = 4;
/** Drawn above and below what is on the screen, in pixels. */
const AROUND = 600;

export class Chart {
  readonly view: View;
  readonly element: HTMLElement = byId('chart', HTMLElement);
  readonly #model: Model;
  readonly #layout: Layout;
  readonly #drawing: Drawing;
  readonly #lanes: SVGElement = byId('lanes', SVGElement);
  readonly #axis: SVGElement = byId('axis', SVGElement);
  readonly #details: HTMLElement = byId('details', HTMLElement);
  readonly #told: HTMLElement = byId('told', HTMLElement);
  readonly #content: SVGElement = svg('g', {});
  readonly #shown: SVGElement = svg('g', {});
  #awaited = false;
  #request: number | undefined;

  constructor(model: Model) {
    this.#model = model;
    this.#layout = new Layout(model);
    this.view = new View(model.end, () => this.#redraw());
    this.#drawing = new Drawing(model, this.#layout, this.view);
    this.#lanes.append(this.#content, this.#shown);
    this.#lanes.setAttribute('height', String(this.#layout.height));
    this.#axis.setAttribute('height', String(AXIS));
    const size = new ResizeObserver(() => this.view.resize(this.element.clientWidth));
    size.observe(this.element);
    for (const event of ['scroll', 'resize']) addEventListener(event, () => this.#redraw(), { passive: true });
    this.view.resize(this.element.clientWidth);
  }

  /** The request that is shown in detail. */
  get request(): number | undefined {
    return this.#request;
  }

  /** The request at a point of the picture. */
  at(x: number, y: number): number | undefined {
    const place = this.#layout.at(y);
    if (place === undefined) return undefined;
    const slot = Math.floor((y - place.slots) / place.pitch);
    for (const near of [slot, slot - 1, slot + 1]) {
      const found = this.#inSlot(this.#model.slots[place.lane]?.[near], x);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #inSlot(list: readonly number[] | undefined, x: number): number | undefined {
    if (list === undefined) return undefined;
    const at = this.#model.firstAfter(list, this.view.time(x));
    const distance = (index: number): number =>
      Math.max(this.view.x(this.#model.sent(index)) - x, x - this.view.x(this.#model.endOf(index)), 0);
    const near = list.slice(Math.max(0, at - 1), at + 1).sort((one, other) => distance(one) - distance(other));
    const [nearest] = near;
    return nearest !== undefined && distance(nearest) <= REACH ? nearest : undefined;
  }

  /** Shows a request in detail, beside a point (in the picture), or none. */
  show(index: number | undefined, beside?: { readonly x: number; readonly y: number }): void {
    this.#request = index;
    this.#details.hidden = index === undefined;
    if (index === undefined) {
      this.#shown.replaceChildren();
      return;
    }
    this.#details.replaceChildren(...detailElements(this.#model, this.#model.view(index)));
    this.#outline(index);
    const { x, y } = beside ?? this.#middle(index);
    this.#place(x, y);
  }

  /** As `show`, and makes it visible, and tells it to screen readers. */
  visit(index: number): void {
    this.view.reveal(this.#model.sent(index), this.#model.endOf(index));
    const { y } = this.#middle(index);
    const box = this.element.getBoundingClientRect();
    const onScreen = box.top + y;
    if (onScreen < 80 || onScreen > innerHeight - 160) scrollBy({ top: onScreen - innerHeight / 2 });
    this.show(index);
    this.#told.textContent = sentence(this.#model, this.#model.view(index));
  }

  #middle(index: number): { x: number; y: number } {
    const place = this.#layout.places[this.#model.laneOf(index)] as Place;
    const x = (this.view.x(this.#model.sent(index)) + this.view.x(this.#model.endOf(index))) / 2;
    return { x, y: this.#layout.middle(place, this.#model.slotOf(index)) };
  }

  #outline(index: number): void {
    const place = this.#layout.places[this.#model.laneOf(index)] as Place;
    const from = this.view.x(this.#model.sent(index));
    const width = Math.max(2, this.view.x(this.#model.endOf(index)) - from);
    const y = place.slots + this.#model.slotOf(index) * place.pitch;
    const frame = { x: from - 1.5, y: y - 1.5, width: width + 3, height: place.bar + 3, rx: 2 };
    this.#shown.replaceChildren(svg('rect', { class: 'shown', ...frame }));
  }

  /** Puts the details below the point, or above it if there is no room. */
  #place(x: number, y: number): void {
    const { style, offsetWidth: width, offsetHeight: height } = this.#details;
    const top = this.element.offsetTop + y;
    const onScreen = this.element.getBoundingClientRect().top + y;
    const below = onScreen + height + 30 < innerHeight || onScreen < height + 30;
    style.left = `${Math.max(0, Math.min(x + 12, this.element.clientWidth - width))}px`;
    style.top = `${below ? top + 18 : top - height - 14}px`;
  }

  #redraw(): void {
    if (this.#awaited) return;
    this.#awaited = true;
    requestAnimationFrame(() => {
      this.#awaited = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { top } = this.element.getBoundingClientRect();
    this.#axis.replaceChildren(...axisElements(this.view, AXIS));
    this.#content.replaceChildren(
      ...gridElements(this.view, this.#layout.height),
      ...this.#drawing.elements(-top - AROUND, innerHeight - top + AROUND),
    );
    if (this.#request !== undefined) this.#outline(this.#request);
    this.element.dataset['drawn'] = `${this.view.begin} ${this.view.end}`;
  }
}
