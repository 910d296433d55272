/** The figures of a run, and an estimate of what it would have taken without requests sent ahead. It knows no pictures. */

import type { Totals } from './page/data.ts';
import type { UsedConnection } from './used-connections.ts';

/** What the picture says: most requests in flight on a connection, and the number of connections beside one another. */
interface Shape {
  readonly depth: number;
  readonly lanes: number;
}

export function totalsOf(connections: readonly UsedConnection[], { depth, lanes }: Shape): Omit<Totals, 'leftOut'> {
  const figures = { documents: 0, redirects: 0, missing: 0, failed: 0, again: 0, bytes: 0 };
  const sent = connections.filter(({ number }) => number > 0);
  for (const { error, status, attempt, bytes } of connections.flatMap(({ requests }) => requests)) {
    figures[outcomeOf(error, status)]++;
    if (attempt > 1) figures.again++;
    figures.bytes += bytes;
  }
  const wall = spanOf(connections);
  return {
    ...figures,
    wall,
    connections: sent.filter(({ made, requests }) => made?.open !== undefined || requests.length > 0).length,
    origins: new Set(connections.map(({ origin }) => origin)).size,
    depth,
    oneAtATime: wall + savedTime(sent) / Math.max(1, lanes),
  };
}

function outcomeOf(error: number, status: number): 'failed' | 'documents' | 'redirects' | 'missing' {
  if (error >= 0) return 'failed';
  if (status < 300) return 'documents';
  return status < 400 ? 'redirects' : 'missing';
}

function spanOf(connections: readonly UsedConnection[]): number {
  let begin = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (const connection of connections) {
    const first = connection.requests.reduce((least, { create }) => Math.min(least, create), connection.begin);
    begin = Math.min(begin, first);
    end = Math.max(end, connection.end);
  }
  return Math.max(0, end - begin);
}

/** For how much longer, added up, connections would at least have been busy with their whole requests one at a time. */
function savedTime(connections: readonly UsedConnection[]): number {
  const shortest = shortestTrips(connections);
  let alone = 0;
  let busy = 0;
  for (const { origin, requests } of connections) {
    let until = 0;
    for (const { error, phases, from, end } of requests) {
      if (error >= 0) continue;
      const { send, held, wait, receive } = phases;
      // Without others before it, the response would have come sooner, but not sooner than any other one.
      alone += send + (held > 0 ? (shortest.get(origin) ?? 0) : wait) + receive;
      busy += Math.max(0, end - Math.max(from, until));
      until = Math.max(until, end);
    }
  }
  return Math.max(0, alone - busy);
}

/** For each origin the shortest time from a request to its response: a round trip, and what the server takes at least. */
function shortestTrips(connections: readonly UsedConnection[]): Map<number, number> {
  const shortest = new Map<number, number>();
  for (const { origin, requests } of connections) {
    for (const { error, phases } of requests) {
      if (error >= 0) continue;
      shortest.set(origin, Math.min(shortest.get(origin) ?? Number.POSITIVE_INFINITY, phases.held + phases.wait));
    }
  }
  return shortest;
}
