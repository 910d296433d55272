/**
 * Runs one way over all origins, connection after connection, and measures it. Bodies are kept as received: verifying them
 * is not measured.
 *
 * A server may end a connection at any time (nginx does so after 1000 requests by default). The unanswered requests are then
 * sent again over a new connection, the first of them alone (RFC 9112 9.3.2). That is right for GET, and the caller decides
 * it: the library itself sends nothing twice.
 */

import { ConnectionClosed, HTTPConnection } from 'dugong';
import type { Way } from './way.ts';

/** The documents wanted from one server. */
export interface Origin {
  readonly hostname: string;
  readonly port: number;
  readonly tls: boolean;
  readonly paths: readonly string[];
}

export interface FetchedDocument {
  readonly status: number;
  readonly body: Buffer;
}

export interface Measurement {
  readonly seconds: number;
  /** User and system CPU time of this process, microseconds. */
  readonly cpu: number;
}

export interface Fetched {
  /** In the order of the origins and their paths. */
  readonly documents: readonly FetchedDocument[];
  readonly measured: Measurement;
}

/** Calls `onDocument` when a document has arrived, with the number so far. @throws the errors of the connection */
export async function fetchDocuments(
  way: Way,
  origins: readonly Origin[],
  onDocument: (count: number) => void,
): Promise<Fetched> {
  const documents: FetchedDocument[] = [];
  const save = (status: number, body: Buffer): void => {
    onDocument(documents.push({ status, body }));
  };
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  for (const origin of origins) {
    const before = documents.length;
    await fetchOrigin(way, origin, { save, saved: () => documents.length - before });
  }
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { documents, measured: { seconds, cpu: user + system } };
}

interface Progress {
  readonly save: (status: number, body: Buffer) => void;
  /** How many documents of this origin have been saved. */
  readonly saved: () => number;
}

async function fetchOrigin(way: Way, origin: Origin, { save, saved }: Progress): Promise<void> {
  const { hostname, port, tls, paths } = origin;
  using connection = new HTTPConnection(hostname, { port, tls });
  let alone = false;
  while (saved() < paths.length) {
    const before = saved();
    try {
      await way.fetch(connection, paths.slice(before, alone ? before + 1 : undefined), save);
      alone = false;
    } catch (error) {
      if (!(error instanceof ConnectionClosed) || (alone && saved() === before)) throw error;
      connection.disconnect();
      alone = true;
    }
  }
}
