/**
 * Publishes the events of fetches on channels of node:diagnostics_channel: on this library's own, and on those of
 * undici with the same meaning, in the shape of undici's messages, so that tools for undici see these requests, too.
 * Without a subscriber no object is made. The module reports and decides nothing; only fields that subscribers add have
 * an effect.
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
 * One request of `createFetch` or `fetchSync`, as subscribers of node:diagnostics_channel see it; each message about
 * it has the same object. A redirected or repeated request is another one. The fields are shown as they are,
 * credentials included.
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel';
 * import type { TracedRequest } from 'dugong';
 * import { fetchSync } from 'dugong/sync';
 *
 * subscribe('dugong:request:create', (message) => {
 *   const { request } = message as { request: TracedRequest };
 *   request.addHeader('X-Request-Id', '42');
 *   console.log(request.method, request.origin, request.path); // GET http://localhost:8080 /a
 * });
 * fetchSync('http://localhost:8080/a');
 * ```
 */
export interface TracedRequest {
  /** The method of the request, as it is sent. */
  readonly method: string;
  /** The origin, as "https://server.example:8443", without the scheme's default port. */
  readonly origin: string;
  /** Path and query, percent-encoded as they are sent. */
  readonly path: string;
  /**
   * Names and values alternate. Fields that the connection adds (Host, framing) are missing. Fields that a subscriber
   * adds during `create` are sent.
   */
  readonly headers: string[];
  /** Whether the response has arrived with its whole body. Changes during the request. */
  readonly completed: boolean;
  /** Whether the request has failed or was given up. Changes during the request. */
  readonly aborted: boolean;
  /**
   * Adds the field `name` during the message `dugong:request:create`. Each string of a list in `value` becomes a
   * field line. Returns the request.
   *
   * @throws TypeError on an invalid name or value
   */
  addHeader(name: string, value: string | number | readonly string[]): this;
}

/**
 * The message of each channel of this library, by the channel's name (node:diagnostics_channel). Messages are
 * published only if there is a subscriber when the call begins, in the asynchronous context of the call.
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel';
 * import type { TraceMessages } from 'dugong';
 * import { fetchSync } from 'dugong/sync';
 *
 * subscribe('dugong:request:end', (message) => {
 *   const { request, response, bytes } = message as TraceMessages['dugong:request:end'];
 *   console.log(request.path, response.status, bytes); // /a 200 10
 * });
 * fetchSync('http://localhost:8080/a');
 * ```
 */
export interface TraceMessages {
  /** A request begins. It has no connection yet; subscribers may add fields. */
  readonly 'dugong:request:create': {
    /** The same object in all messages about this request. */
    readonly request: TracedRequest;
  };
  /**
   * The request is about to be sent on an existing connection. `reused`: whether the connection carried an earlier
   * request.
   */
  readonly 'dugong:request:send': {
    /** The same object in all messages about this request. */
    readonly request: TracedRequest;
    /** The connection, whose properties say more. */
    readonly connection: HTTPConnection;
    /** Whether the connection carried an earlier request. */
    readonly reused: boolean;
  };
  /** The whole request has been sent, with its body. This may be after the response's head. */
  readonly 'dugong:request:sent': {
    /** The same object in all messages about this request. */
    readonly request: TracedRequest;
  };
  /** The head of the response has arrived. */
  readonly 'dugong:request:headers': {
    /** The same object in all messages about this request. */
    readonly request: TracedRequest;
    /** The head of the response. */
    readonly response: HTTPResponse;
  };
  /**
   * The whole response has arrived, with its trailers, and `bytes` of its body: as received, without the framing, not
   * decoded. The last message of a request.
   */
  readonly 'dugong:request:end': {
    /** The same object in all messages about this request. */
    readonly request: TracedRequest;
    /** The head of the response. */
    readonly response: HTTPResponse;
    /** Bytes of the body as received, without the framing, not decoded. */
    readonly bytes: number;
  };
  /**
   * The request has failed, or was given up, also because the consumer does not want the rest of the response: then
   * `error` is the reason of the signal, or an AbortError. The last message of a request.
   */
  readonly 'dugong:request:error': {
    /** The same object in all messages about this request. */
    readonly request: TracedRequest;
    /** The reason: an error of this library, the reason of a signal, or an AbortError. */
    readonly error: unknown;
  };
  /** A connection to the server of `origin` is about to be made. */
  readonly 'dugong:connection:create': {
    /** The connection, whose properties say more. */
    readonly connection: HTTPConnection;
    /** The origin of the server, as "https://server.example:8443". */
    readonly origin: string;
  };
  /** The connection has been made, with TLS if it has any. Its `connectSteps` have the time that each step took. */
  readonly 'dugong:connection:open': {
    /** The connection, whose properties say more. */
    readonly connection: HTTPConnection;
    /** The origin of the server, as "https://server.example:8443". */
    readonly origin: string;
  };
  /** The connection could not be made; `error` is the reason. */
  readonly 'dugong:connection:error': {
    /** The connection, whose properties say more. */
    readonly connection: HTTPConnection;
    /** The origin of the server, as "https://server.example:8443". */
    readonly origin: string;
    /** The reason: an error of this library, the reason of a signal, or an AbortError. */
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

/** The two channels of one event. Their names are written in full, so that they can be searched for. */
interface Channels<Name extends keyof TraceMessages> {
  readonly own: Channel;
  readonly undici: Channel;
  /** For the types only. */
  readonly name: Name;
}

function channels<Name extends keyof TraceMessages>(name: Name, undici: string): Channels<Name> {
  return { name, own: channel(name), undici: channel(undici) };
}

/** Whether any channel has a subscriber. */
function observed(): boolean {
  for (const each of ALL) if (each.hasSubscribers) return true;
  return false;
}

/** The requests of one call. Messages are published in its asynchronous context, whatever causes them. */
export class CallTrace {
  readonly #context = new AsyncResource('DugongFetch');

  /** Undefined if there is no subscriber; a later subscriber does not see this call either. */
  static begin(): CallTrace | undefined {
    return observed() ? new CallTrace() : undefined;
  }

  /** Begins a request. */
  request(request: FetchRequest): RequestTrace {
    return new RequestTrace(request, (publish) => this.#context.runInAsyncScope(publish));
  }
}

/** The events of one request. Nothing is published after its end. */
export class RequestTrace {
  readonly #request: Subject;
  readonly #url: URL;
  readonly #within: (publish: () => void) => void;
  /** The connection that is being made. */
  #connecting: HTTPConnection | undefined;

  constructor({ method, url, headers }: FetchRequest, within: (publish: () => void) => void) {
    this.#request = new Subject(method, url, headers.raw());
    this.#url = url;
    this.#within = within;
    const message = { request: this.#request };
    this.#publish(CHANNELS.create, message, () => message);
  }

  /** The fields to send, with those that subscribers have added. @throws TypeError if one is invalid */
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

  sending({ connection, reused }: { readonly connection: HTTPConnection; readonly reused: boolean }): void {
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

  completed(response: HTTPResponse, bytes: number): void {
    if (this.#over) return;
    const request = this.#request;
    request.completed = true;
    this.#publish(CHANNELS.end, { request, response, bytes }, () => ({
      request,
      trailers: rawBytes(response.trailers),
    }));
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

  /** The rest of the response is not wanted. */
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

/** Names and values alternate, as bytes, as undici received them. */
function rawBytes(headers: HTTPHeaders): Buffer[] {
  return headers.raw().map((text) => Buffer.from(text, 'latin1'));
}

/** The request head, as far as it is known here. */
function headText({ method, path, headers }: TracedRequest, host: string): string {
  const fields = headersOf(headers);
  if (!fields.has('Host')) fields.append('Host', host);
  return [`${method} ${path} HTTP/1.1`, ...[...fields].map((field) => field.join(': ')), ''].join('\r\n');
}

/** Facts about the peer in place of a net.Socket, which does not exist. */
function socketOf(connection: HTTPConnection): object {
  const { remoteAddress, remotePort } = connection;
  return { remoteAddress, remotePort, alpnProtocol: connection.getProtocol() === null ? null : 'http/1.1' };
}

/** The error with the code that the caller gets. */
function told(error: unknown): unknown {
  return error instanceof DugongError ? inSystemWords(error) : error;
}
