/**
 * Arranges connections and requests for the picture: connections of one origin that followed one another share a lane, and
 * requests that are in flight at once on a connection have slots, the first free one each. It knows no pixels.
 */

import type { ConnectionData, LaneData, RequestColumns, SetUpPhase } from './page/data.ts';
import type { UsedConnection, UsedRequest } from './used-connections.ts';

/** Most slots of a lane; more requests in flight share the last one. */
const MOST_SLOTS = 256;
/** The end of a request and the beginning of the next one, in single precision. */
const TOLERANCE = 0.002;

const SET_UP: ReadonlyMap<string, SetUpPhase> = new Map([
  ['resolve', 'dns'],
  ['connect', 'connect'],
  ['tunnel', 'connect'],
  ['proxy-handshake', 'tls'],
  ['handshake', 'tls'],
]);

interface Lane {
  readonly origin: number;
  /** Whether it has the requests that were not sent. */
  readonly unsent: boolean;
  readonly connections: UsedConnection[];
}

type Columns = { readonly [Name in keyof RequestColumns]: RequestColumns[Name][number][] };

/** The lanes, those of an origin together, and the requests in their order. */
export function lanesOf(
  connections: readonly UsedConnection[],
  errors: readonly string[],
): { readonly lanes: LaneData[]; readonly requests: RequestColumns } {
  const requests = noRequests();
  const lanes = packed(connections).map(({ origin, connections }): LaneData => {
    const first = requests.slot.length;
    let slots = 1;
    for (const [index, { requests: own }] of connections.entries()) {
      const ends: number[] = [];
      for (const request of own) add(requests, request, { connection: index, slot: slotFor(request, ends) });
      slots = Math.max(slots, ends.length);
    }
    const count = requests.slot.length - first;
    return { origin, slots, connections: connections.map((each) => connectionData(each, errors)), first, count };
  });
  return { lanes, requests };
}

function packed(connections: readonly UsedConnection[]): Lane[] {
  const byOrigin = new Map<number, Lane[]>();
  for (const connection of connections) {
    const { origin, begin } = connection;
    const unsent = connection.number === 0;
    const lanes = byOrigin.get(origin) ?? [];
    byOrigin.set(origin, lanes);
    const free = lanes.find((lane) => lane.unsent === unsent && (lane.connections.at(-1)?.end ?? 0) <= begin);
    if (free === undefined) lanes.push({ origin, unsent, connections: [connection] });
    else free.connections.push(connection);
  }
  return [...byOrigin.values()].flat();
}

/** The first slot whose latest request has ended. `ends` has the end of each. */
function slotFor({ from, end }: UsedRequest, ends: number[]): number {
  const free = ends.findIndex((latest) => latest <= from + TOLERANCE);
  const slot = free >= 0 ? free : Math.min(ends.length, MOST_SLOTS - 1);
  ends[slot] = end;
  return slot;
}

function connectionData(
  { number, begin, end, made, requests }: UsedConnection,
  errors: readonly string[],
): ConnectionData {
  const steps = new Map<SetUpPhase, number>();
  for (const { phase, duration } of made?.steps ?? []) {
    const name = SET_UP.get(phase);
    if (name !== undefined) steps.set(name, (steps.get(name) ?? 0) + duration);
  }
  return {
    number,
    begin: rounded(begin),
    end: rounded(end),
    steps: [...steps].map(([name, duration]) => [name, rounded(duration)] as const),
    address: made?.remoteAddress,
    error: made?.error ?? errors[requests.at(-1)?.error ?? -1],
    requests: requests.length,
  };
}

function noRequests(): Columns {
  return {
    ...{ connection: [], slot: [], method: [], origin: [], path: [], status: [], bytes: [], error: [], attempt: [] },
    ...{ create: [], blocked: [], send: [], held: [], wait: [], receive: [] },
  };
}

function add(columns: Columns, request: UsedRequest, { connection, slot }: { connection: number; slot: number }): void {
  const { method, origin, path, status, bytes, error, attempt, create, phases } = request;
  columns.connection.push(connection);
  columns.slot.push(slot);
  columns.method.push(method);
  columns.origin.push(origin);
  columns.path.push(path);
  columns.status.push(status);
  columns.bytes.push(bytes);
  columns.error.push(error);
  columns.attempt.push(attempt);
  columns.create.push(rounded(create));
  columns.blocked.push(rounded(phases.blocked));
  columns.send.push(rounded(phases.send));
  columns.held.push(rounded(phases.held));
  columns.wait.push(rounded(phases.wait));
  columns.receive.push(rounded(phases.receive));
}

/** To a microsecond. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
