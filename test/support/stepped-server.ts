/**
 * A server that sends the same parts on each connection, each when the test lets it through, so that a client can be
 * stopped between any two parts. It reads only the first path, `/N/...`, which names the conversation: a client may give
 * connections up before it sends a path.
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

  /** Resets open connections. */
  [Symbol.dispose](): void {
    this.#thread.call('stop', { id: this.#id });
  }
}

export interface Conversation {
  /** The beginning of the first path. */
  readonly path: string;
  /** Sends the next part, if there is one. */
  letThrough(): void;
}
