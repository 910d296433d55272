/** The data as a table, a page of rows at a time. */

import { outcome } from './details.ts';
import { count, duration, size } from './format.ts';
import { type Model, PHASES } from './model.ts';
import { html } from './svg.ts';

const ROWS = 100;
const HEADS = [
  'begins',
  'request',
  'outcome',
  'size',
  'connection',
  'blocked',
  'sending',
  'held',
  'waiting',
  'receiving',
  'in all',
];

export class Table {
  readonly #model: Model;
  readonly #section: HTMLElement;
  /** In order of time. */
  readonly #order: readonly number[];
  readonly #body: HTMLElement = html('tbody', {});
  readonly #caption: HTMLElement = html('caption', { 'aria-live': 'polite' });
  readonly #previous: HTMLButtonElement = html('button', { type: 'button' }, 'Previous rows');
  readonly #next: HTMLButtonElement = html('button', { type: 'button' }, 'Next rows');
  #first = 0;

  constructor(model: Model, section: HTMLElement) {
    this.#model = model;
    this.#section = section;
    const { create } = model.data.requests;
    this.#order = Array.from(create, (_, index) => index).sort(
      (one, other) => (create[one] ?? 0) - (create[other] ?? 0),
    );
    this.#previous.addEventListener('click', () => this.#show(this.#first - ROWS));
    this.#next.addEventListener('click', () => this.#show(this.#first + ROWS));
  }

  /** Shows the table, or hides it. Returns whether it is shown. */
  toggle(): boolean {
    const shown = this.#section.hidden !== false;
    this.#section.hidden = !shown;
    if (shown && this.#section.childElementCount === 0) this.#build();
    return shown;
  }

  #build(): void {
    const heads = HEADS.map((name) => html('th', { scope: 'col' }, name));
    const table = html('table', {}, this.#caption, html('thead', {}, html('tr', {}, ...heads)), this.#body);
    const scroller = html(
      'div',
      { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': 'Table of requests' },
      table,
    );
    this.#section.append(html('div', { class: 'tools' }, this.#previous, this.#next), scroller);
    this.#show(0);
  }

  #show(first: number): void {
    this.#first = first;
    const rows = this.#order.slice(first, first + ROWS);
    this.#body.replaceChildren(...rows.map((index) => this.#row(index)));
    const from = count(rows.length === 0 ? 0 : first + 1);
    const range = `Requests ${from} to ${count(first + rows.length)} of ${count(this.#order.length)}`;
    this.#caption.textContent = `${range}, in the order in which they began`;
    this.#previous.disabled = first === 0;
    this.#next.disabled = first + ROWS >= this.#order.length;
  }

  #row(index: number): HTMLElement {
    const request = this.#model.view(index);
    const { begin, end, method, url, bytes, connection, phases, error } = request;
    const cell = (text: string): HTMLElement => html('td', {}, text);
    return html(
      'tr',
      error === undefined ? {} : { class: 'error' },
      cell(duration(begin)),
      html('th', { scope: 'row' }, `${method} ${url}`),
      cell(error === undefined ? outcome(request) : `${outcome(request)}: ${error}`),
      cell(size(bytes)),
      cell(connection.number === 0 ? 'none' : String(connection.number)),
      ...PHASES.map((phase) => cell(duration(phases[phase]))),
      cell(duration(end - begin)),
    );
  }
}
