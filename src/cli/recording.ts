/**
 * Follows requests and connections by what the library publishes on node:diagnostics_channel, and stamps each event. It
 * keeps what is under way only: a request goes to the sink when it ends, and what is kept of it is the sink's affair. It
 * knows neither HAR nor pictures.
 */

import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ConnectStep, HTTPConnection, HTTPResponse, TracedRequest, TraceMessages } from '../index.ts';
import { printable, shownPath } from '../inspection.ts';

/** Most characters of an error's message. */
const ERROR_LENGTH = 300;
const UNFINISHED = 'not finished when the recording ended';

/** A connection. Times are milliseconds since the recording began. */
export interface RecordedConnection {
  /** From 1, in order of creation. */
  readonly number: number;
  readonly origin: string;
  readonly create: number;
  /** When it was made; undefined before, and if that failed or was not seen. */
  readonly open: number | undefined;
  /** How it was made. */
  readonly steps: readonly ConnectStep[];
  readonly remoteAddress: string | undefined;
  /** When the first request was sent. */
  readonly firstUse: number | undefined;
  /** When its latest response, or failed request, ended. */
  readonly lastEnd: number;
  /** Why it could not be made. */
  readonly error: string | undefined;
}

/** A request, whole or failed. Times are milliseconds since the recording began. */
export interface RecordedRequest {
  readonly method: string;
  readonly origin: string;
  /** Path and query, without the credentials of a URL in them. */
  readonly path: string;
  /** Names and values alternate. They may be secret. */
  readonly headers: readonly string[];
  readonly connection: RecordedConnection | undefined;
  /** Whether it is the first request on its connection. */
  readonly first: boolean;
  readonly response: HTTPResponse | undefined;
  /** Bytes of the body, as received. */
  readonly bytes: number;
  readonly create: number;
  readonly end: number;
  readonly phases: RequestPhases;
  /** Why it failed. */
  readonly error: string | undefined;
}

/** Milliseconds of each phase, in order. Their sum is the time from the request's creation to its end. */
export interface RequestPhases {
  /** Until it is sent: for a connection, or for its turn. */
  readonly blocked: number;
  readonly send: number;
  /** Until the previous response on the connection ends: the answer cannot come before that (RFC 9112 9.3.2). */
  readonly held: number;
  /** For the head of the response. */
  readonly wait: number;
  readonly receive: number;
}

/** What takes requests as they end. */
export interface RecordingSink {
  /** A connection begins. The object changes with it. */
  connection(connection: RecordedConnection): void;
  request(request: RecordedRequest): void;
}

type Changing<T> = { -readonly [Key in keyof T]: T[Key] };

/** A request that is under way, with the time of each event. */
interface Pending {
  readonly create: number;
  connection: Changing<RecordedConnection> | undefined;
  first: boolean;
  send?: number;
  sent?: number;
  /** When the head arrived, and when the response before it had ended. */
  headers?: { readonly at: number; readonly previousEnd: number };
  response?: HTTPResponse;
}

type Listeners = { readonly [Name in keyof TraceMessages]: (message: TraceMessages[Name]) => void };

export class Recording {
  readonly #sink: RecordingSink;
  readonly #pending = new Map<TracedRequest, Pending>();
  readonly #connections = new WeakMap<HTTPConnection, Changing<RecordedConnection>>();
  #count = 0;
  #began = 0;
  #date = new Date(0);

  constructor(sink: RecordingSink) {
    this.#sink = sink;
  }

  /** When the recording began. */
  get date(): Date {
    return this.#date;
  }

  /** Milliseconds since the recording began. */
  get elapsed(): number {
    return performance.now() - this.#began;
  }

  start(): void {
    this.#began = performance.now();
    this.#date = new Date();
    for (const [name, listener] of this.#subscriptions) subscribe(name, listener);
  }

  /** Ends the recording. Requests that are under way go to the sink as failed. */
  stop(): void {
    for (const [name, listener] of this.#subscriptions) unsubscribe(name, listener);
    for (const request of this.#pending.keys()) this.#ended(request, { bytes: 0, error: UNFINISHED });
  }

  readonly #listeners: Listeners = {
    'dugong:request:create': ({ request }) => {
      this.#pending.set(request, { create: this.elapsed, connection: undefined, first: false });
    },
    'dugong:request:send': ({ request, connection }) => {
      const pending = this.#pending.get(request);
      if (pending === undefined) return;
      pending.send = this.elapsed;
      pending.connection = this.#connections.get(connection) ?? this.#begun(connection, request.origin);
      pending.first = pending.connection.firstUse === undefined;
      pending.connection.firstUse ??= pending.send;
    },
    'dugong:request:sent': ({ request }) => {
      const pending = this.#pending.get(request);
      if (pending !== undefined) pending.sent = this.elapsed;
    },
    'dugong:request:headers': ({ request, response }) => {
      const pending = this.#pending.get(request);
      if (pending === undefined) return;
      pending.headers = { at: this.elapsed, previousEnd: pending.connection?.lastEnd ?? 0 };
      pending.response = response;
    },
    'dugong:request:end': ({ request, bytes }) => this.#ended(request, { bytes, error: undefined }),
    'dugong:request:error': ({ request, error }) => this.#ended(request, { bytes: 0, error: messageOf(error) }),
    'dugong:connection:create': ({ connection, origin }) => void this.#begun(connection, origin),
    'dugong:connection:open': ({ connection }) => {
      const made = this.#connections.get(connection);
      if (made === undefined) return;
      made.open = this.elapsed;
      made.steps = connection.connectSteps;
      made.remoteAddress = connection.remoteAddress;
    },
    'dugong:connection:error': ({ connection, error }) => {
      const failed = this.#connections.get(connection);
      if (failed === undefined) return;
      failed.lastEnd = this.elapsed;
      failed.error = messageOf(error);
    },
  };

  get #subscriptions(): [string, ChannelListener][] {
    return Object.entries(this.#listeners) as [string, ChannelListener][];
  }

  /** An HTTPConnection that connects again is another connection. */
  #begun(connection: HTTPConnection, origin: string): Changing<RecordedConnection> {
    const create = this.elapsed;
    const begun: Changing<RecordedConnection> = {
      number: ++this.#count,
      origin,
      create,
      open: undefined,
      steps: [],
      // One that the recording finds made has an address.
      remoteAddress: connection.remoteAddress,
      firstUse: undefined,
      lastEnd: create,
      error: undefined,
    };
    this.#connections.set(connection, begun);
    this.#sink.connection(begun);
    return begun;
  }

  #ended(request: TracedRequest, { bytes, error }: { bytes: number; error: string | undefined }): void {
    const pending = this.#pending.get(request);
    if (pending === undefined) return;
    this.#pending.delete(request);
    const { create, connection, first, response } = pending;
    const end = this.elapsed;
    const phases = phasesOf(pending, end);
    if (connection !== undefined) connection.lastEnd = end;
    const { method, origin, headers } = request;
    const path = shownPath(request.path);
    const what = { method, origin, path, headers, response, bytes, error };
    this.#sink.request({ ...what, connection, first, create, end, phases });
  }
}

/** A phase that the request did not reach has no length. */
function phasesOf({ create, send, sent, headers, connection }: Pending, end: number): RequestPhases {
  const sending = send ?? end;
  const head = headers?.at ?? end;
  // The rest of a body may be sent behind the response's head.
  const whole = send === undefined ? end : Math.min(sent ?? head, head);
  const previousEnd = headers?.previousEnd ?? connection?.lastEnd ?? 0;
  const held = Math.max(0, Math.min(previousEnd, head) - whole);
  return { blocked: sending - create, send: whole - sending, held, wait: head - whole - held, receive: end - head };
}

function messageOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error), ERROR_LENGTH);
}
