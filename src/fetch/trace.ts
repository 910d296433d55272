/**
 * What fetches show of themselves on channels of node:diagnostics_channel: on our own, and on those of undici whose meaning is the
 * same, in the shapes that undici gives its messages, so that tools for it see these requests as well. While no channel has a
 * subscriber, nothing is made. It decides nothing: it shows what has happened. Only the fields that subscribers add change something.
 */

import { AsyncResource } from 'node:async_hooks';
import { type Channel, channel } from 'node:diagnostics_channel';
import { isIP } from 'node:net';
import type { HTTPConnection } from '../client/http-connection.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import { DugongError } from '../errors.ts';
import { HTTPHeaders } from '../http1/headers.ts';
import type { FetchRequest } from './fetch-request.ts';
import { inSystemWords } from './system-words.ts';

/**
 * One request, the same object in each message about it. A redirect, and a request that is sent again, is another one. Its fields
 * are shown as they are, credentials included.
 */
export interface TracedRequest {
  readonly method: string;
  /** "https://server.example:8443", the default port left out. */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  /** Name and value in turn, without those that the connection adds (Host, framing). What `create` adds here is sent. */
  readonly headers: string[];
  /** Whether it has been answered, and the body of the answer has been received. */
  readonly completed: boolean;
  /** Whether it has failed, or been given up. */
  readonly aborted: boolean;
  /** Adds a field, during `create`. Each string of a list is a field of its own. @throws TypeError on what no field can be */
  addHeader(name: string, value: string | number | readonly string[]): this;
}

/** What is published on each of our own channels. */
export interface TraceMessages {
  /** A request begins. It has no connection yet: fields may be added to it. */
  readonly 'dugong:request:create': { readonly request: TracedRequest };
  /** It is about to be sent, on a connection that is there. `reused`: after another one. */
  readonly 'dugong:request:send': {
    readonly request: TracedRequest;
    readonly connection: HTTPConnection;
    readonly reused: boolean;
  };
  /** It has been sent in whole, its body included. That may be later than the answer. */
  readonly 'dugong:request:sent': { readonly request: TracedRequest };
  /** The head of the answer is there. */
  readonly 'dugong:request:headers': { readonly request: TracedRequest; readonly response: HTTPResponse };
  /** All of the answer is there, its trailers included. Nothing follows. */
  readonly 'dugong:request:end': { readonly request: TracedRequest; readonly response: HTTPResponse };
  /**
   * It has failed, or been given up, be it that nothing wants the rest of the answer: then `error` is the reason of the signal, or
   * an AbortError. Nothing follows.
   */
  readonly 'dugong:request:error': { readonly request: TracedRequest; readonly error: unknown };
  /** A connection is about to be made to the server of `origin`. */
  readonly 'dugong:connection:create': { readonly connection: HTTPConnection; readonly origin: string };
  /** It has been made, TLS included. */
  readonly 'dugong:connection:open': { readonly connection: HTTPConnection; readonly origin: string };
  /** It could not be made. */
  readonly 'dugong:connection:error': {
    readonly connection: HTTPConnection;
    readonly origin: string;
    readonly error: unknown;
  };
}

const CHANNELS = {
  create: channels('dugong:request:create', 'undici:request:create'),
  send: channels('dugong:request:send', 'undici:client:sendHeaders'),
  sent: channels('dugong:request:sent', 'undici:request:bodySent'),
  headers: channels('dugong:request:headers', 'undici:request:headers'),
  end: channels('dugong:request:end', 'undici:request:trailers'),
  error: channels('dugong:request:error', 'undici:request:error'),
  connecting: channels('dugong:connection:create', 'undici:client:beforeConnect'),
  connected: channels('dugong:connection:open', 'undici:client:connected'),
  unconnected: channels('dugong:connection:error', 'undici:client:connectError'),
};
const ALL = Object.values(CHANNELS).flatMap(({ own, undici }) => [own, undici]);

/** The channels for one happening: names are given in full, so that they can be searched for. */
interface Channels<Name extends keyof TraceMessages> {
  readonly own: Channel;
  readonly undici: Channel;
  /** For the types alone. */
  readonly name: Name;
}

function channels<Name extends keyof TraceMessages>(name: Name, undici: string): Channels<Name> {
  return { name, own: channel(name), undici: channel(undici) };
}

/** Whether anything listens at all. */
function observed(): boolean {
  for (const each of ALL) if (each.hasSubscribers) return true;
  return false;
}

/** The requests of one call. Messages are published in its asynchronous context, whatever has brought them about. */
export class CallTrace {
  readonly #context = new AsyncResource('DugongFetch');

  /** Undefined if nothing listens: then this call is not shown, whatever subscribes later. */
  static begin(): CallTrace | undefined {
    return observed() ? new CallTrace() : undefined;
  }

  /** A request begins. */
  request(request: FetchRequest): RequestTrace {
    return new RequestTrace(request, (publish) => this.#context.runInAsyncScope(publish));
  }
}

/** One request on its way. It has one end: nothing later is published. */
export class RequestTrace {
  readonly #request: Subject;
  readonly #url: URL;
  readonly #within: (publish: () => void) => void;
  /** The one that is being made. */
  #connecting: HTTPConnection | undefined;

  constructor({ method, url, headers }: FetchRequest, within: (publish: () => void) => void) {
    this.#request = new Subject(method, url, headers.raw());
    this.#url = url;
    this.#within = within;
    const message = { request: this.#request };
    this.#publish(CHANNELS.create, message, () => message);
  }

  /** The fields that are sent: those that subscribers have added included. @throws TypeError if one of them can be none */
  get headers(): HTTPHeaders {
    return headersOf(this.#request.headers);
  }

  connecting(connection: HTTPConnection): void {
    const { origin } = this.#url;
    this.#connecting = connection;
    this.#publish(CHANNELS.connecting, { connection, origin }, () => this.#connectMessage(undefined));
  }

  connected(connection: HTTPConnection): void {
    const { origin } = this.#url;
    this.#connecting = undefined;
    this.#publish(CHANNELS.connected, { connection, origin }, () => ({
      ...this.#connectMessage('h1'),
      socket: socketOf(connection),
    }));
  }

  sending(connection: HTTPConnection, reused: boolean): void {
    const request = this.#request;
    this.#publish(CHANNELS.send, { request, connection, reused }, () => ({
      request,
      headers: headText(request, this.#url.host),
      socket: socketOf(connection),
    }));
  }

  sent(): void {
    if (this.#over) return;
    const message = { request: this.#request };
    this.#publish(CHANNELS.sent, message, () => message);
  }

  answered(response: HTTPResponse): void {
    const request = this.#request;
    const { status: statusCode, reason: statusText } = response;
    this.#publish(CHANNELS.headers, { request, response }, () => ({
      request,
      response: { statusCode, statusText, headers: rawBytes(response.headers) },
    }));
  }

  completed(response: HTTPResponse): void {
    if (this.#over) return;
    const request = this.#request;
    request.completed = true;
    this.#publish(CHANNELS.end, { request, response }, () => ({ request, trailers: rawBytes(response.trailers) }));
  }

  failed(failure: unknown): void {
    if (this.#over) return;
    const request = this.#request;
    request.aborted = true;
    const error = told(failure);
    if (this.#connecting !== undefined) this.#unconnected(this.#connecting, error);
    const message = { request, error };
    this.#publish(CHANNELS.error, message, () => message);
  }

  /** Nothing wants the rest of it. */
  givenUp(): void {
    if (!this.#over) this.failed(new DOMException('The request was given up', 'AbortError'));
  }

  #unconnected(connection: HTTPConnection, error: unknown): void {
    const { origin } = this.#url;
    this.#publish(CHANNELS.unconnected, { connection, origin, error }, () => ({
      ...this.#connectMessage(undefined),
      error,
    }));
  }

  get #over(): boolean {
    return this.#request.completed || this.#request.aborted;
  }

  #connectMessage(version: 'h1' | undefined): object {
    const { host, hostname: inURL, protocol, port } = this.#url;
    const hostname = inURL.replace(/^\[|\]$/g, '');
    const servername = protocol === 'https:' && isIP(hostname) === 0 ? hostname : null;
    return { connectParams: { host, hostname, protocol, port, version, servername } };
  }

  #publish<Name extends keyof TraceMessages>(to: Channels<Name>, own: TraceMessages[Name], undici: () => object): void {
    if (!to.own.hasSubscribers && !to.undici.hasSubscribers) return;
    this.#within(() => {
      to.own.publish(own);
      if (to.undici.hasSubscribers) to.undici.publish(undici());
    });
  }
}

class Subject implements TracedRequest {
  readonly method: string;
  readonly origin: string;
  readonly path: string;
  readonly headers: string[];
  completed = false;
  aborted = false;

  constructor(method: string, { href, origin }: URL, headers: string[]) {
    this.method = method;
    this.origin = origin;
    this.path = href.slice(origin.length);
    this.headers = headers;
  }

  addHeader(name: string, value: string | number | readonly string[]): this {
    const values = typeof value === 'string' || typeof value === 'number' ? [value] : value;
    this.headers.push(...new HTTPHeaders(values.map((each) => [name, each])).raw());
    return this;
  }
}

function headersOf(list: readonly string[]): HTTPHeaders {
  const headers = new HTTPHeaders();
  for (let index = 0; index < list.length; index += 2) headers.append(list.at(index) ?? '', list.at(index + 1) ?? '');
  return headers;
}

/** Names and values in turn, as undici received them. */
function rawBytes(headers: HTTPHeaders): Buffer[] {
  return headers.raw().map((text) => Buffer.from(text, 'latin1'));
}

/** The head as far as it is known here. */
function headText({ method, path, headers }: TracedRequest, host: string): string {
  const fields = headersOf(headers);
  if (!fields.has('Host')) fields.append('Host', host);
  return [`${method} ${path} HTTP/1.1`, ...[...fields].map((field) => field.join(': ')), ''].join('\r\n');
}

/** What can be said of the peer; there is no net.Socket. */
function socketOf(connection: HTTPConnection): object {
  const { remoteAddress, remotePort } = connection;
  return { remoteAddress, remotePort, alpnProtocol: connection.getProtocol() === null ? null : 'http/1.1' };
}

/** With the code that the caller gets to see. */
function told(error: unknown): unknown {
  return error instanceof DugongError ? inSystemWords(error) : error;
}
