/**
 * A picture of what the library does: one HTML page with all that it needs, without network. Of each request it keeps about 50
 * bytes and the text of its path (request-rows.ts). The page's own program and style come from `page/`, as the build has bundled
 * them.
 */

import type { Totals, WaterfallData } from './page/data.ts';
import { type RecordedConnection, type RecordedRequest, Recording, type RecordingSink } from './recording.ts';
import { RequestRows } from './request-rows.ts';
import { usedConnections } from './used-connections.ts';
import { waterfallHTML } from './waterfall-html.ts';
import { lanesOf } from './waterfall-lanes.ts';
import { totalsOf } from './waterfall-totals.ts';

export class Waterfall implements RecordingSink {
  readonly #title: string;
  readonly #recording = new Recording(this);
  readonly #rows = new RequestRows();
  readonly #connections: RecordedConnection[] = [];

  constructor(title: string) {
    this.#title = title;
  }

  start(): void {
    this.#recording.start();
  }

  /** Ends the recording. Returns the page. */
  stop(): string {
    this.#recording.stop();
    return waterfallHTML(this.#data());
  }

  connection(connection: RecordedConnection): void {
    if (!this.#rows.full) this.#connections.push(connection);
  }

  request(request: RecordedRequest): void {
    this.#rows.add(request);
  }

  #data(): WaterfallData {
    const { origins, methods, errors, leftOut } = this.#rows;
    const connections = usedConnections(this.#rows, this.#connections);
    const { lanes, requests } = lanesOf(connections, errors.list);
    const used = lanes.filter(({ connections: [first] }) => first !== undefined && first.number > 0);
    const depth = used.reduce((most, { slots }) => Math.max(most, slots), 0);
    const totals: Totals = { ...totalsOf(connections, { depth, lanes: used.length }), leftOut };
    return {
      ...{ title: this.#title, began: this.#recording.date.toISOString() },
      ...{ origins: origins.list, methods: methods.list, errors: errors.list, lanes, requests, totals },
    };
  }
}
