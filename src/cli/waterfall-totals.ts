/** The figures of a run, and an estimate of what it would have taken without requests sent ahead. It knows no pictures. */

import type { Totals } from './page/data.ts';
import type { UsedConnection, UsedRequest } from './used-connections.ts';

/** A response that was held for less than this many milliseconds shows how long the server and the way to it take. */
const UNHELD = 0.01;

export function totalsOf(connections: readonly UsedConnection[], depth: number): Omit<Totals, 'leftOut'> {
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
    oneAtATime: wall * Math.max(1, timesFaster(sent)),
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

/** What the whole requests would have taken one at a time, in multiples of the time for which their connections were busy. */
function timesFaster(connections: readonly UsedConnection[]): number {
  const waits = waitsByOrigin(connections);
  let alone = 0;
  let busy = 0;
  for (const { origin, requests } of connections) {
    let until = 0;
    for (const { error, phases, from, end } of requests) {
      if (error >= 0) continue;
      alone += phases.send + Math.min(phases.held + phases.wait, waits.get(origin) ?? 0) + phases.receive;
      busy += Math.max(0, end - Math.max(from, until));
      until = Math.max(until, end);
    }
  }
  return busy === 0 ? 1 : alone / busy;
}

/** For each origin the median wait for a response that nothing held. */
function waitsByOrigin(connections: readonly UsedConnection[]): Map<number, number> {
  const waits = new Map<number, number[]>();
  for (const { origin, requests } of connections) {
    const own = waits.get(origin) ?? [];
    waits.set(origin, own);
    for (const request of requests) if (isUnheld(request)) own.push(request.phases.wait);
  }
  return new Map([...waits].map(([origin, all]) => [origin, median(all)]));
}

function isUnheld({ error, phases }: UsedRequest): boolean {
  return error < 0 && phases.held < UNHELD;
}

function median(values: number[]): number {
  values.sort((one, other) => one - other);
  return values[Math.floor(values.length / 2)] ?? 0;
}
