/** Gives each connection its requests, in the order in which they were sent, and each request its attempt. It knows no lanes. */

import type { RecordedConnection } from './recording.ts';
import type { RequestRow, RequestRows } from './request-rows.ts';

/** A request with what is derived from it. */
export interface UsedRequest extends RequestRow {
  /** 1, or one more for each time that the same request had failed before. */
  readonly attempt: number;
  /** When it was sent; when it was created, if it never was. */
  readonly from: number;
  readonly end: number;
}

export interface UsedConnection {
  /** 0: the requests of an origin that were not sent. */
  readonly number: number;
  /** Index of the origin. */
  readonly origin: number;
  readonly begin: number;
  readonly end: number;
  readonly made: RecordedConnection | undefined;
  readonly requests: readonly UsedRequest[];
}

/** The connections in the order of their creation; behind them, by origin, the requests that were not sent. */
export function usedConnections(rows: RequestRows, made: readonly RecordedConnection[]): UsedConnection[] {
  const byConnection = new Map<number, UsedRequest[]>();
  const unsent = new Map<number, UsedRequest[]>();
  for (const request of inOrder(rows)) {
    const { connection, origin } = request;
    const own = connection === 0 ? listAt(unsent, origin) : listAt(byConnection, connection);
    own.push(request);
  }
  const used = made.map((each): UsedConnection => {
    const requests = byConnection.get(each.number) ?? [];
    const { number, create: begin, lastEnd } = each;
    return {
      number,
      origin: rows.origins.index(each.origin),
      begin,
      end: endOf(requests, lastEnd),
      made: each,
      requests,
    };
  });
  for (const [origin, requests] of unsent) {
    const begin = requests[0]?.from ?? 0;
    used.push({ number: 0, origin, begin, end: endOf(requests, begin), made: undefined, requests });
  }
  return used;
}

/** In the order in which they were sent; each with its attempt. */
function inOrder(rows: RequestRows): UsedRequest[] {
  const all: UsedRequest[] = [];
  for (let index = 0; index < rows.length; index++) {
    const row = rows.at(index);
    const { blocked, send, held, wait, receive } = row.phases;
    const sent = row.create + blocked;
    const end = sent + send + held + wait + receive;
    all.push({ ...row, attempt: 1, from: row.connection === 0 ? row.create : sent, end });
  }
  all.sort((one, other) => one.create - other.create);
  const failures = new Map<string, number>();
  const attempted = all.map((request) => {
    const key = `${request.method} ${request.origin} ${request.path}`;
    const failed = failures.get(key) ?? 0;
    if (request.error >= 0) failures.set(key, failed + 1);
    return failed === 0 ? request : { ...request, attempt: failed + 1 };
  });
  return attempted.sort((one, other) => one.from - other.from);
}

function endOf(requests: readonly UsedRequest[], least: number): number {
  return requests.reduce((latest, { end }) => Math.max(latest, end), least);
}

function listAt<Key, Value>(lists: Map<Key, Value[]>, key: Key): Value[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}
