/** What the waterfall's page gets as JSON. All times are milliseconds since the recording began. It has types only. */

/** What distinguishes a request in the picture and in the table. */
export type RequestPhase = 'blocked' | 'send' | 'held' | 'wait' | 'receive';
export type SetUpPhase = 'dns' | 'connect' | 'tls';

/** A row of the picture: connections of one origin that followed one another. */
export interface LaneData {
  /** Index of the origin. */
  readonly origin: number;
  /** Most requests in flight at once: each has a line of its own. */
  readonly slots: number;
  readonly connections: readonly ConnectionData[];
  /** Its requests are `count` ones from `first` on, in the order in which they were sent. */
  readonly first: number;
  readonly count: number;
}

export interface ConnectionData {
  /** 0: none was made; the requests failed before they were sent. */
  readonly number: number;
  readonly begin: number;
  readonly end: number;
  /** How long each step of connecting took, from `begin` on. */
  readonly steps: readonly (readonly [SetUpPhase, number])[];
  readonly address?: string | undefined;
  /** Why it could not be made, or broke. */
  readonly error?: string | undefined;
  readonly requests: number;
}

/** One list for each fact, with a place for each request: a fraction of the size of a list of objects. */
export interface RequestColumns {
  /** Index of the connection within its lane. */
  readonly connection: readonly number[];
  readonly slot: readonly number[];
  /** Indexes of texts. */
  readonly method: readonly number[];
  readonly origin: readonly number[];
  readonly path: readonly string[];
  /** 0: no response. */
  readonly status: readonly number[];
  readonly bytes: readonly number[];
  /** Index of the text of the error; -1: none. */
  readonly error: readonly number[];
  /** 1, or one more for each time that the same request had failed before. */
  readonly attempt: readonly number[];
  readonly create: readonly number[];
  readonly blocked: readonly number[];
  readonly send: readonly number[];
  readonly held: readonly number[];
  readonly wait: readonly number[];
  readonly receive: readonly number[];
}

export interface Totals {
  /** Responses with a status below 300. */
  readonly documents: number;
  readonly redirects: number;
  /** Responses with a status of 400 or more. */
  readonly missing: number;
  readonly failed: number;
  /** Requests that were sent again. */
  readonly again: number;
  readonly bytes: number;
  /** From the first event to the last. */
  readonly wall: number;
  readonly connections: number;
  readonly origins: number;
  /** Most requests in flight on one connection. */
  readonly depth: number;
  /** What `wall` would at least have been if each connection had waited for each response before it sent the next request. */
  readonly oneAtATime: number;
  /** Requests that came when there was no more room for them; they are in no figure. */
  readonly leftOut: number;
}

export interface WaterfallData {
  readonly title: string;
  /** ISO 8601. */
  readonly began: string;
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly errors: readonly string[];
  readonly lanes: readonly LaneData[];
  readonly requests: RequestColumns;
  readonly totals: Totals;
}
