/**
 * An HTTP Archive of what the library does: HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), as browsers write it.
 * An entry is written when its request ends, and kept as text. Credentials, cookies and tokens are hidden; bodies are left out.
 */

import { HTTPHeaders } from '../index.ts';
import {
  type RecordedConnection,
  type RecordedRequest,
  Recording,
  type RecordingSink,
  type RequestPhases,
} from './recording.ts';

/** Most characters of all entries: an engine's longest string has some more. */
const MOST_TEXT = 400_000_000;

interface Field {
  readonly name: string;
  readonly value: string;
}

interface Entry {
  readonly create: number;
  readonly text: string;
}

export class Har implements RecordingSink {
  readonly #version: string;
  readonly #recording = new Recording(this);
  #entries: Entry[] = [];
  #length = 0;
  /** Requests for whose entries there was no room. */
  #missing = 0;

  /** @param version of this package */
  constructor(version: string) {
    this.#version = version;
  }

  start(): void {
    this.#recording.start();
  }

  /** Ends the recording. Returns the file. */
  stop(): string {
    this.#recording.stop();
    const creator = { name: 'dugong', version: this.#version };
    const comment =
      this.#missing === 0 ? undefined : `${this.#missing} more requests are left out: too many for one file`;
    const entries = this.#entries.sort((one, other) => one.create - other.create).map(({ text }) => text);
    this.#entries = [];
    const log = JSON.stringify({ version: '1.2', creator, pages: [], comment });
    return `{"log":${log.slice(0, -1)},"entries":[\n${entries.join(',\n')}\n]}}\n`;
  }

  connection(): void {}

  request(request: RecordedRequest): void {
    const text = JSON.stringify(entryOf(request, this.#recording.date));
    this.#length += text.length;
    if (this.#length > MOST_TEXT) this.#missing++;
    else this.#entries.push({ create: request.create, text });
  }
}

/** Optional properties that are undefined are left out by JSON.stringify. */
function entryOf(request: RecordedRequest, began: Date): object {
  const { connection, error, create, end } = request;
  return {
    startedDateTime: new Date(began.getTime() + create).toISOString(),
    time: rounded(end - create),
    request: requestOf(request),
    response: responseOf(request),
    cache: {},
    timings: timingsOf(request),
    serverIPAddress: connection?.remoteAddress,
    connection: connection && String(connection.number),
    _error: error,
  };
}

function requestOf({ method, origin, path, headers: list, response }: RecordedRequest): object {
  const url = path.startsWith('/') ? origin + path : `${origin}/${path}`;
  const headers = new HTTPHeaders();
  for (let at = 0; at < list.length; at += 2) headers.append(list[at] ?? '', list[at + 1] ?? '');
  const host = headers.has('Host') ? [] : [{ name: 'Host', value: origin.slice(origin.indexOf('//') + 2) }];
  const contentType = headers.get('Content-Type');
  return {
    method,
    url,
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers: [...host, ...fieldsOf(headers)],
    queryString: queryOf(path),
    postData: contentType === undefined ? undefined : { mimeType: contentType, text: '', comment: 'not recorded' },
    headersSize: -1,
    bodySize: Number(headers.get('Content-Length') ?? (contentType === undefined ? 0 : -1)),
    comment: response === undefined ? 'no response' : undefined,
  };
}

/** As in the archives of browsers, a failed request has the status 0, also if its response had begun. */
function responseOf({ response, bytes, error }: RecordedRequest): object {
  const headers = response?.headers ?? new HTTPHeaders();
  const failed = error !== undefined || response === undefined;
  const size = failed ? -1 : bytes;
  return {
    status: failed ? 0 : response.status,
    statusText: failed ? '' : response.reason,
    httpVersion: response === undefined ? '' : `HTTP/${response.httpVersion}`,
    cookies: [],
    headers: fieldsOf(headers),
    content: { size: Math.max(0, size), mimeType: headers.get('Content-Type') ?? 'x-unknown' },
    redirectURL: headers.withoutSecrets().get('Location') ?? '',
    headersSize: -1,
    bodySize: size,
  };
}

function queryOf(path: string): Field[] {
  const query = path.indexOf('?');
  return query < 0 ? [] : [...new URLSearchParams(path.slice(query))].map(([name, value]) => ({ name, value }));
}

function fieldsOf(headers: HTTPHeaders): Field[] {
  return [...headers.withoutSecrets()].map(([name, value]) => ({ name, value }));
}

/**
 * The request that is the first on its connection has the times of connecting, which are no part of `blocked` then; -1 is what
 * does not apply. TLS is a part of `connect`, too. HAR has no word for the time for which a response is held behind earlier ones:
 * it is a part of `wait`, and `_held` says how much of it.
 */
function timingsOf({ first, connection, phases }: RecordedRequest): object {
  const made = first && connection !== undefined ? connectTimes(connection, phases) : undefined;
  const { dns = 0, connect = 0, ssl = -1 } = made ?? {};
  return {
    blocked: rounded(phases.blocked - dns - connect),
    dns: made === undefined ? -1 : rounded(dns),
    connect: made === undefined ? -1 : rounded(connect),
    ssl: rounded(ssl),
    send: rounded(phases.send),
    wait: rounded(phases.held + phases.wait),
    receive: rounded(phases.receive),
    _held: rounded(phases.held),
  };
}

/** Undefined if the connection was made before the request: that took none of its time. */
function connectTimes(
  { steps }: RecordedConnection,
  { blocked }: RequestPhases,
): { dns: number; connect: number; ssl: number } | undefined {
  const lasted = (...phases: string[]): number =>
    steps.reduce((sum, { phase, duration }) => sum + (phases.includes(phase) ? duration : 0), 0);
  const dns = lasted('resolve');
  const ssl = lasted('proxy-handshake', 'handshake');
  const connect = lasted('connect', 'tunnel') + ssl;
  return steps.length === 0 || dns + connect > blocked ? undefined : { dns, connect, ssl: ssl === 0 ? -1 : ssl };
}

/** To a microsecond. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
