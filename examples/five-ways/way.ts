/**
 * The interface of the five ways. It does not know how any of them waits.
 */

import type { HTTPConnection } from 'dugong';

/** Takes the next document: ways hand them over in the order of the paths. */
export type Save = (status: number, body: Buffer) => void;

/** GETs all of `paths` over `connection`. @throws ConnectionClosed if the server ends the connection before that is done */
export type Fetch = (connection: HTTPConnection, paths: readonly string[], save: Save) => void | Promise<void>;

export interface Way {
  readonly name: string;
  readonly fetch: Fetch;
  /** Whether Node's event loop stands still meanwhile. */
  readonly blocks: boolean;
}
