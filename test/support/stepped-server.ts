/**
 * A server that says the same on each connection, a part at a time, each when the test lets it through: so that a client can be
 * stopped in the middle of anything, as often as there are parts. Of what it is sent it looks at the first path only, `/N/...`, which says what conversation this is: connections may be given up before they come to that.
 */

import { type ServerThread, serverThread } from './server-thread.ts';
import type { SteppedServerCalls } from './stepped-server-worker.ts';

export class SteppedServer implements Disposable {
  readonly port: number;
  readonly #thread: ServerThread<SteppedServerCalls>;
  readonly #id: number;
  readonly #count: number;
  #conversations = 0;

  /** It is listening when this returns. */
  constructor(parts: readonly string[], reads: 'everything' | 'head only' = 'everything') {
    this.#thread = serverThread<SteppedServerCalls>(new URL('./stepped-server-worker.ts', import.meta.url));
    const { id, port } = this.#thread.call('start', { parts, reads });
    this.port = port;
    this.#id = id;
    this.#count = parts.length;
  }

  begin(): Conversation {
    const conversation = this.#conversations++;
    let part = 0;
    return {
      path: `/${conversation}/`,
      letThrough: () => {
        if (part < this.#count) this.#thread.call('letThrough', { id: this.#id, conversation, part: part++ });
      },
    };
  }

  /** Resets what is still connected. */
  [Symbol.dispose](): void {
    this.#thread.call('stop', { id: this.#id });
  }
}

export interface Conversation {
  /** What the first path begins with. */
  readonly path: string;
  /** The next part, if there is one, is sent. */
  letThrough(): void;
}
