/**
 * All errors that this library throws on purpose. Any other error is a bug. temp-network-error.ts knows which are worth
 * a retry.
 *
 *     DugongError
 *     ├── StateError               the order of the caller's calls is not possible in HTTP
 *     │   ├── ExcessBodyData       the caller gave more body bytes than it announced
 *     │   └── MissingBodyData      a body in pieces ended before the announced number of bytes
 *     ├── InvalidResponse          the server broke HTTP/1.1
 *     ├── UnsupportedResponse      the server speaks a protocol or coding that this client does not support
 *     ├── ConnectionClosed         the connection ended before the response did
 *     ├── ConnectionTimedOut       a time limit passed
 *     ├── Interrupted              a signal arrived that the process listens for
 *     ├── ProxyError               the proxy refused to connect to the server
 *     ├── HostnameNotResolvable    the name does not exist
 *     ├── DNSUnavailable           the resolver could not find out whether the name exists
 *     ├── TLSError                 the peer (server or proxy) is not trusted, or TLS failed; `code` is Node's
 *     └── SystemError              a system call failed; `code` is the system's (ECONNREFUSED)
 *
 * Wrong arguments throw TypeError or RangeError before anything is sent. inspection.ts prepares the text of messages.
 */

import { printable, withoutUserinfoFrom } from './inspection.ts';

/**
 * What a connection was doing when it was lost, or when a time limit passed. In the order of a connection's life:
 *
 * - `resolve`: looking up the host name
 * - `connect`: making the connection, TCP or a Unix socket
 * - `proxy-handshake`: TLS with a proxy whose URL begins with https://
 * - `tunnel`: waiting for the proxy's answer to CONNECT (RFC 9110 9.3.6)
 * - `handshake`: TLS with the server
 * - `idle`: nothing: no request was under way
 * - `send`: sending a request or its body
 * - `continue`: waiting for 100 (Continue), which the option `expect100` asks for (RFC 9110 10.1.1)
 * - `receive`: waiting for a response, or for more of one
 *
 * @example
 * ```js
 * import { ConnectionTimedOut, HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080', { timeout: 500 });
 * try {
 *   connection.request('GET', '/never');
 * } catch (error) {
 *   if (!(error instanceof ConnectionTimedOut)) throw error;
 *   console.log(error.phase); // receive
 * }
 * connection.disconnect();
 * ```
 */
export type Phase =
  | 'resolve'
  | 'connect'
  | 'proxy-handshake'
  | 'tunnel'
  | 'handshake'
  | 'idle'
  | 'send'
  | 'continue'
  | 'receive';

/**
 * A request that has no complete response, or whose redirect could not be followed to a response. Lists of them say
 * what a program may have to send again: `lostRequests` of an error, and `pendingRequests()` of a connection.
 *
 * @example
 * ```js
 * import { ConnectionClosed, HTTPConnection, isIdempotent } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * try {
 *   connection.request('GET', '/lost');
 * } catch (error) {
 *   if (!(error instanceof ConnectionClosed)) throw error;
 *   for (const { method, path, mayHaveBeenProcessed } of error.lostRequests)
 *     console.log(method, path, !mayHaveBeenProcessed || isIdempotent(method)); // GET /lost true
 * }
 * connection.disconnect();
 * ```
 */
export interface LostRequest {
  /** The method of the request, as `GET`. */
  readonly method: string;
  /** The path and query of the request, as they were sent. */
  readonly path: string;
  /** False only if no byte of the request can have reached the server: then it is always safe to send it again. */
  readonly mayHaveBeenProcessed: boolean;
}

/**
 * The base class of all errors that this library throws on purpose, except TypeError and RangeError for wrong
 * arguments. `code` says what happened, `message` begins with the method and URL of the request, or with the URL of the
 * server, and `cause` is the error behind it, if there is one.
 *
 * @example
 * ```js
 * import { DugongError } from 'dugong';
 * import { fetchSync } from 'dugong/sync';
 *
 * try {
 *   fetchSync('http://localhost:8080/never', { timeout: 500 });
 * } catch (error) {
 *   if (!(error instanceof DugongError)) throw error;
 *   console.log(error.name, error.code); // ConnectionTimedOut DUGONG_CONNECTION_TIMED_OUT
 *   console.log(error.lostRequests?.map(({ path }) => path)); // [ '/never' ]
 * }
 * ```
 */
export class DugongError extends Error {
  /**
   * Stable: programs may compare it. Errors of `fetchSync`, and causes of createFetch's, have the system's code, as
   * Node's own have: ENOTFOUND (HostnameNotResolvable, and DNSUnavailable if the system calls the name unknown) or
   * EAI_AGAIN (DNSUnavailable); ECONNRESET, or the system's own (EPIPE, ETIMEDOUT, ...), for ConnectionClosed.
   */
  readonly code: string;
  /**
   * The requests that failed with this error, oldest first. Each ConnectionClosed has them, and each error of
   * `fetchSync` and `createFetch`: with all attempts and redirects of the call, because its caller has no connection to
   * ask.
   */
  declare readonly lostRequests?: readonly LostRequest[];

  /**
   * Makes an error. `code` is for programs, `message` for people; control characters in `message` are escaped.
   * `options` may have a `cause`.
   */
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(printable(message), options && Object.hasOwn(options, 'cause') ? { cause: options.cause } : undefined);
    this.code = code;
  }

  static {
    // The name is on the prototype, so that it is no own property of each error.
    DugongError.prototype.name = 'DugongError';
  }
}

/** Most characters of the subject (method, URL) in a message, which must leave room for the failure. */
const LONGEST_SUBJECT = 500;

/**
 * Puts the subject, as "GET http://localhost/", before the message of `error`, in place of `before`, a shorter subject.
 * Returns it.
 */
export function about<E extends DugongError>(error: E, what: string, before?: string): E {
  const { message } = error;
  const url = what.indexOf('://');
  // A path may contain a URL.
  const shown = url < 0 ? what : withoutUserinfoFrom(what, url + 3);
  const subject = `${printable(shown, LONGEST_SUBJECT)}: `;
  // The caller's own error may pass through here twice.
  if (message.startsWith(subject)) return error;
  const known = before !== undefined && message.startsWith(`${before}: `) ? before.length + 2 : 0;
  return said(error, printable(subject + message.slice(known)));
}

/** Appends advice to the message of `error`. Returns `error`. */
export function advising<E extends DugongError>(error: E, advice: string): E {
  return said(error, `${error.message}. ${advice}`);
}

/** Sets the message, also in the stack. A frozen error (the caller's own) stays as it is. */
function said<E extends DugongError>(error: E, message: string): E {
  const { message: before, stack } = error;
  Reflect.set(error, 'message', message);
  if (stack !== undefined) {
    const replaced = stack.replace(before, () => message);
    Reflect.set(error, 'stack', replaced);
  }
  return error;
}

/** `reason` as an Error: code of the caller may throw anything. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
}

/** Sets `lostRequests` of `error`. Returns `error`. */
export function withLostRequests<E extends DugongError>(error: E, lostRequests: readonly LostRequest[]): E {
  return withProperties(error, { lostRequests });
}

/** Sets these properties of `error`, except those that are undefined. Returns `error`. */
export function withProperties<E extends DugongError>(error: E, properties: Readonly<Record<string, unknown>>): E {
  define(error, properties);
  return error;
}

/**
 * The call does not fit the state of the connection, as a second `readResponse()` before the body of the first response
 * has been read. The connection does not change: make the calls in their order, and it goes on. Its message names the
 * call and begins with no URL.
 *
 * @example
 * ```js
 * import { HTTPConnection, StateError } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * try {
 *   connection.readResponse();
 * } catch (error) {
 *   console.log(error instanceof StateError && error.code); // DUGONG_STATE
 * }
 * console.log(String(connection.request('GET', '/a').body)); // document a
 * connection.disconnect();
 * ```
 */
export class StateError extends DugongError {
  /** Makes an error with this `message`. `options` may have a `cause`, and another `code` than DUGONG_STATE. */
  constructor(message: string, options?: ErrorOptions & { code?: string }) {
    super({ code: 'DUGONG_STATE', ...options }.code, message, options);
  }

  static {
    StateError.prototype.name = 'StateError';
  }
}

/**
 * The caller gave more bytes of a request body than `BodyFollowing`, or Content-Length, announced (RFC 9110 8.6). For
 * `BodyFollowing`, nothing of the piece that was too long has been sent, and the body may go on with fewer bytes.
 *
 * @example
 * ```js
 * import { BodyFollowing, ExcessBodyData, HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * connection.sendRequest('PUT', '/a', { body: new BodyFollowing(4) });
 * try {
 *   connection.write(Buffer.from('12345'));
 * } catch (error) {
 *   console.log(error instanceof ExcessBodyData); // true
 * }
 * connection.write(Buffer.from('1234'));
 * console.log(connection.readResponse().status, connection.readText()); // 200 4 bytes taken
 * connection.disconnect();
 * ```
 */
export class ExcessBodyData extends StateError {
  /** Makes an error with this `message`. Its code is DUGONG_EXCESS_BODY_DATA. */
  constructor(message: string) {
    super(message, { code: 'DUGONG_EXCESS_BODY_DATA' });
  }

  static {
    ExcessBodyData.prototype.name = 'ExcessBodyData';
  }
}

/**
 * A body in pieces ended before the number of bytes that Content-Length announced. The connection cannot carry another
 * request, since the server still waits for the rest (RFC 9112 6.3): call `disconnect()`.
 *
 * @example
 * ```js
 * import { HTTPConnection, MissingBodyData } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * try {
 *   connection.sendRequest('PUT', '/a', { body: ['three'], headers: { 'Content-Length': 10 } });
 * } catch (error) {
 *   if (!(error instanceof MissingBodyData)) throw error;
 *   console.log(error.message); // the body ended after 5 of the 10 bytes that were announced
 * }
 * connection.disconnect();
 * ```
 */
export class MissingBodyData extends StateError {
  /** Makes an error with this `message`. Its code is DUGONG_MISSING_BODY_DATA. */
  constructor(message: string) {
    super(message, { code: 'DUGONG_MISSING_BODY_DATA' });
  }

  static {
    MissingBodyData.prototype.name = 'MissingBodyData';
  }
}

/**
 * The server's bytes break the grammar or the framing rules of RFC 9112. The connection cannot be used any more: what
 * follows cannot be trusted. If the port belongs to another protocol, the message quotes its first bytes and names the
 * remedy. Another attempt fails again, unless the server changes.
 *
 * @example
 * ```js
 * import { ClientProtocol, InvalidResponse } from 'dugong/http1';
 *
 * const protocol = new ClientProtocol({ host: 'server.example' });
 * protocol.sendRequest('GET', '/');
 * protocol.input.push(Buffer.from('220 mail.example ESMTP\r\n'));
 * try {
 *   protocol.nextResponse();
 * } catch (error) {
 *   if (!(error instanceof InvalidResponse)) throw error;
 *   console.log(error.code, error.message.includes('220 mail.example')); // DUGONG_INVALID_RESPONSE true
 * }
 * ```
 */
export class InvalidResponse extends DugongError {
  /** Makes an error with this `message`. Its code is DUGONG_INVALID_RESPONSE; `options` may have a `cause`. */
  constructor(message: string, options?: ErrorOptions) {
    super('DUGONG_INVALID_RESPONSE', message, options);
  }

  static {
    InvalidResponse.prototype.name = 'InvalidResponse';
  }
}

/**
 * The server's bytes may be valid, but this client does not support them: another version of HTTP, a transfer coding, a
 * charset, a switch to another protocol, or a body that is larger than `limits.bodyInMemory`; of a fetch also one larger
 * than `maxBodySize`, and too many redirects. The message names what it is.
 *
 * @example
 * ```js
 * import { HTTPConnection, UnsupportedResponse } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080', { limits: { bodyInMemory: 1000 } });
 * try {
 *   connection.request('GET', '/large');
 * } catch (error) {
 *   console.log(error instanceof UnsupportedResponse && error.code); // DUGONG_UNSUPPORTED_RESPONSE
 * }
 * connection.disconnect();
 * ```
 */
export class UnsupportedResponse extends DugongError {
  /** Makes an error with this `message`. Its code is DUGONG_UNSUPPORTED_RESPONSE; `options` may have a `cause`. */
  constructor(message: string, options?: ErrorOptions) {
    super('DUGONG_UNSUPPORTED_RESPONSE', message, options);
  }

  static {
    UnsupportedResponse.prototype.name = 'UnsupportedResponse';
  }
}

/** Defaults for missing details, as own properties: a lookup must not reach Object.prototype. */
const UNSAID = {
  ...{ lostRequests: [], bytesSent: 0, bytesReceived: 0, cause: undefined, answer: undefined },
  ...{ peer: undefined, hostname: undefined, certificate: undefined, address: undefined, port: undefined },
};

/**
 * The details of a {@link ConnectionClosed}, which become its properties. A program that makes such an error itself, as
 * a test of its retries does, gives them.
 *
 * @example
 * ```js
 * import { ConnectionClosed } from 'dugong';
 *
 * const lostRequests = [{ method: 'GET', path: '/a', mayHaveBeenProcessed: false }];
 * const error = new ConnectionClosed('the server went away', { phase: 'send', lostRequests });
 * console.log(error.phase, error.bytesSent, error.lostRequests.length); // send 0 1
 * ```
 */
export interface ConnectionClosedDetails {
  /** What the connection was doing when it ended. */
  readonly phase: Phase;
  /** The requests without a complete response, oldest first. Default: none. */
  readonly lostRequests?: readonly LostRequest[];
  /** Bytes that the kernel took over the life of the connection. Default 0. */
  readonly bytesSent?: number;
  /** Bytes received over the life of the connection. Default 0. */
  readonly bytesReceived?: number;
  /** The error that ended the connection. Default: none, as after an orderly end of the stream. */
  readonly cause?: unknown;
}

/**
 * The connection ended (end of the stream, reset, broken pipe, local `disconnect()`) before all that the caller asked
 * for had arrived. A head or body that is cut short always raises this error, and is never a short result (RFC 9112 8).
 * It is temporary: after `disconnect()`, the next request makes a new connection. `lostRequests` says what to send
 * again.
 *
 * @example
 * ```js
 * import { ConnectionClosed, HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * try {
 *   connection.request('GET', '/lost');
 * } catch (error) {
 *   if (!(error instanceof ConnectionClosed)) throw error;
 *   console.log(error.phase, error.bytesReceived, error.lostRequests[0]?.path); // receive 0 /lost
 *   connection.disconnect();
 * }
 * console.log(connection.request('GET', '/a').response.status); // 200
 * connection.disconnect();
 * ```
 */
export class ConnectionClosed extends DugongError {
  /** What the connection was doing when it ended. */
  readonly phase: Phase;
  /** The requests without a complete response, oldest first. */
  declare readonly lostRequests: readonly LostRequest[];
  /** Bytes that the kernel took over the life of the connection; 0 if not known. */
  readonly bytesSent: number;
  /** Bytes received over the life of the connection; 0 if not known. */
  readonly bytesReceived: number;

  /** Makes an error with this `message`; `details` become its properties. Its code is DUGONG_CONNECTION_CLOSED. */
  constructor(message: string, details: ConnectionClosedDetails) {
    const { phase, lostRequests, bytesSent, bytesReceived, cause } = { ...UNSAID, ...details };
    super('DUGONG_CONNECTION_CLOSED', message, cause === undefined ? undefined : { cause });
    this.phase = phase;
    withLostRequests(this, lostRequests);
    this.bytesSent = bytesSent;
    this.bytesReceived = bytesReceived;
  }

  static {
    ConnectionClosed.prototype.name = 'ConnectionClosed';
  }
}

/**
 * A time limit passed. The connection is unchanged: a read may be tried again, an interrupted send goes on with the
 * next call, unless its body comes in pieces. A connection that was being made is given up; addresses that had failed
 * are in an AggregateError as `cause`.
 *
 * @example
 * ```js
 * import { ConnectionTimedOut, HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080', { timeout: 500 });
 * connection.sendRequest('GET', '/never');
 * try {
 *   connection.readResponse();
 * } catch (error) {
 *   if (!(error instanceof ConnectionTimedOut)) throw error;
 *   console.log(error.phase, error.timeout, connection.pendingRequests().length); // receive 500 1
 * }
 * connection.disconnect();
 * ```
 */
export class ConnectionTimedOut extends DugongError {
  /** What the connection was waiting for; undefined if no connection was, as in `coSleep` or a coroutine of the caller. */
  readonly phase: Phase | undefined;
  /** The limit that passed, in milliseconds; that of the option, not the time that has gone by. */
  readonly timeout: number;

  /**
   * Makes an error for a limit of `timeout` milliseconds that passed in `phase`. Its code is
   * DUGONG_CONNECTION_TIMED_OUT; `options` may have a `cause`.
   */
  constructor(timeout: number, phase?: Phase, options?: ErrorOptions) {
    const doing = phase === undefined ? '' : ` (${phase})`;
    super('DUGONG_CONNECTION_TIMED_OUT', `timed out after ${timeout} ms${doing}`, options);
    this.phase = phase;
    this.timeout = timeout;
  }

  static {
    ConnectionTimedOut.prototype.name = 'ConnectionTimedOut';
  }
}

/**
 * A signal that the process listens for (`process.on('SIGINT', ...)`) ended a blocked call. The listener runs as soon
 * as the program returns to the event loop. The connection is as after a {@link ConnectionTimedOut}: a read may be
 * tried again, an interrupted send goes on with the next call. One signal ends one call. The option
 * `onSignal: 'continue'` waits on regardless. Only calls that block the thread throw it.
 *
 * @example
 * ```js
 * import { HTTPConnection, Interrupted } from 'dugong';
 *
 * const heard = new Promise((resolve) => process.once('SIGUSR2', resolve));
 * const connection = new HTTPConnection('http://localhost:8080');
 * connection.sendRequest('GET', '/never');
 * process.kill(process.pid, 'SIGUSR2');
 * try {
 *   connection.readResponse();
 * } catch (error) {
 *   console.log(error instanceof Interrupted && error.signal); // SIGUSR2
 * }
 * connection.disconnect();
 * console.log(await heard); // SIGUSR2
 * ```
 */
export class Interrupted extends DugongError {
  /** The name of the signal, as `SIGINT`; the first one if several arrived; undefined if it is not known. */
  readonly signal: NodeJS.Signals | undefined;

  /** Makes an error for `signals`, all that have arrived, in their order. Its code is DUGONG_INTERRUPTED. */
  constructor(signals: readonly NodeJS.Signals[]) {
    const which = signals.length === 0 ? 'a signal' : signals.join(', ');
    super('DUGONG_INTERRUPTED', `interrupted by ${which}: listeners run when the program returns to the event loop`);
    this.signal = signals[0];
  }

  static {
    Interrupted.prototype.name = 'Interrupted';
  }
}

/**
 * The response of a proxy that did not make the tunnel that CONNECT asked for (RFC 9110 9.3.6): `answer` of a {@link
 * ProxyError}.
 *
 * @example
 * ```js
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import { HTTPConnection, ProxyError } from 'dugong';
 *
 * const refusal = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 11\r\n\r\nnot for you';
 * const server = createServer().on('connect', (_, socket) => socket.end(refusal)).listen(0, 'localhost');
 * await once(server, 'listening');
 * const proxy = `http://localhost:${Object(server.address()).port}`;
 * await new HTTPConnection('https://server.example', { proxy }).promises.connect().catch((error) => {
 *   if (!(error instanceof ProxyError)) throw error;
 *   console.log(error.answer?.status, Buffer.from(error.answer?.body ?? []).toString());
 * });
 * server.close();
 * // prints:
 * // 403 not for you
 * ```
 */
export interface ProxyAnswer {
  /** The status code of the response, as 407. */
  readonly status: number;
  /** The reason phrase of the status line; may be empty. */
  readonly reason: string;
  /** Name and value of each field line, in order. */
  readonly headers: Iterable<[string, string]>;
  /** The beginning of the response's body, up to 16 KiB, which often explains the refusal. */
  readonly body: Uint8Array;
}

/**
 * The proxy did not make a tunnel to the server (RFC 9110 9.3.6). Nothing of any request has been sent to the server.
 * `answer` is what the proxy said: 407 asks for credentials, which belong into the proxy's URL; 403 is a rule of the
 * proxy; 502 and 504 mean that it does not reach the server.
 *
 * @example
 * ```js
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import { HTTPConnection, ProxyError } from 'dugong';
 *
 * const refusal = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 11\r\n\r\nnot for you';
 * const server = createServer().on('connect', (_, socket) => socket.end(refusal)).listen(0, 'localhost');
 * await once(server, 'listening');
 * const proxy = `http://localhost:${Object(server.address()).port}`;
 * await new HTTPConnection('https://server.example', { proxy }).promises.connect().catch((error) => {
 *   if (!(error instanceof ProxyError)) throw error;
 *   console.log(error.code, error.answer?.status, error.answer?.reason);
 * });
 * server.close();
 * // prints:
 * // DUGONG_PROXY 403 Forbidden
 * ```
 */
export class ProxyError extends DugongError {
  /** The response of the proxy; undefined if the proxy does not keep to HTTP. */
  readonly answer: ProxyAnswer | undefined;

  /** Makes an error with this `message`. Its code is DUGONG_PROXY; `options` may have the `answer` and a `cause`. */
  constructor(message: string, options?: ErrorOptions & { answer?: ProxyAnswer }) {
    super('DUGONG_PROXY', message, options);
    this.answer = { ...UNSAID, ...options }.answer;
  }

  static {
    ProxyError.prototype.name = 'ProxyError';
  }
}

/**
 * The resolver says that the name has no address. It is not temporary: check the name. Errors of `fetchSync` and
 * `createFetch` have the code ENOTFOUND, as those of Node's fetch.
 *
 * @example
 * ```js
 * import { HostnameNotResolvable, HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://server.example', { lookup: () => [] });
 * try {
 *   connection.connect();
 * } catch (error) {
 *   if (!(error instanceof HostnameNotResolvable)) throw error;
 *   console.log(error.code, error.hostname); // DUGONG_HOSTNAME_NOT_RESOLVABLE server.example
 * }
 * ```
 */
export class HostnameNotResolvable extends DugongError {
  /** The name that has no address. */
  readonly hostname: string;

  /** Makes an error about `hostname`. Its code is DUGONG_HOSTNAME_NOT_RESOLVABLE; `options` may have a `cause`. */
  constructor(hostname: string, options?: ErrorOptions) {
    super('DUGONG_HOSTNAME_NOT_RESOLVABLE', `host name ${JSON.stringify(hostname)} has no address`, options);
    this.hostname = hostname;
  }

  static {
    HostnameNotResolvable.prototype.name = 'HostnameNotResolvable';
  }
}

/**
 * The resolver could not find out whether the name has an address, which may pass: try again later. `cause.code` is
 * that of getaddrinfo(3), as EAI_AGAIN. Errors of `fetchSync` and `createFetch` have the code EAI_AGAIN, or ENOTFOUND
 * if the system calls the name unknown.
 *
 * @example
 * ```js
 * import { DNSUnavailable, HTTPConnection, isTempNetworkError } from 'dugong';
 *
 * const lookup = (hostname) => {
 *   throw new DNSUnavailable(hostname); // in place of a resolver that does not answer
 * };
 * try {
 *   new HTTPConnection('http://server.example', { lookup }).connect();
 * } catch (error) {
 *   if (!(error instanceof DNSUnavailable)) throw error;
 *   console.log(error.hostname, isTempNetworkError(error)); // server.example true
 * }
 * ```
 */
export class DNSUnavailable extends DugongError {
  /** The name that the resolver was asked for. */
  readonly hostname: string;

  /** Makes an error about `hostname`. Its code is DUGONG_DNS_UNAVAILABLE; `options` may have a `cause`. */
  constructor(hostname: string, options?: ErrorOptions) {
    super('DUGONG_DNS_UNAVAILABLE', `the resolver has no answer for ${JSON.stringify(hostname)} now`, options);
    this.hostname = hostname;
  }

  static {
    DNSUnavailable.prototype.name = 'DNSUnavailable';
  }
}

/**
 * TLS could not be established, or broke: this client does not accept the certificate, or one side refuses the other's
 * offer. `code` is that of node:tls: `CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID`, `ERR_SSL_...` (OpenSSL's
 * reason). The message names the host, the cause, and what helps.
 *
 * @example
 * ```js
 * import { HTTPConnection, TLSError } from 'dugong';
 *
 * const connection = new HTTPConnection('https://localhost:8080'); // which speaks plain HTTP
 * try {
 *   connection.connect();
 * } catch (error) {
 *   if (!(error instanceof TLSError)) throw error;
 *   console.log(error.peer, error.hostname, error.certificate); // server localhost undefined
 * }
 * ```
 */
export class TLSError extends DugongError {
  /** The reason in the words of OpenSSL, as `wrong version number`, or of the function that checked the certificate. */
  readonly reason: string;
  /** The peer: the server, or the proxy on the way to it. Absent if the error is about the caller's own options. */
  declare readonly peer?: 'server' | 'proxy';
  /** The name that the certificate must match. */
  declare readonly hostname?: string;
  /** The peer's certificate, if it sent one. */
  declare readonly certificate?: import('node:tls').PeerCertificate;

  /** Makes an error with this `message`. `code` is that of node:tls; `details` become the properties of the same names. */
  constructor(
    code: string,
    message: string,
    details: {
      reason: string;
      peer?: 'server' | 'proxy' | undefined;
      hostname?: string | undefined;
      certificate?: import('node:tls').PeerCertificate | undefined;
      cause?: unknown;
    },
  ) {
    const { reason, peer, hostname, certificate, cause } = { ...UNSAID, ...details };
    super(code, message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    define(this, { peer, hostname, certificate });
  }

  static {
    TLSError.prototype.name = 'TLSError';
  }
}

/**
 * A system call failed. The error has the shape of Node's own system errors: `code`, `errno`, `syscall`, and the
 * `address` and `port` that the call was about. If several addresses were tried, `cause.errors` has one error for each.
 * `isTempNetworkError()` knows which of its codes may pass.
 *
 * @example
 * ```js
 * import { HTTPConnection, SystemError } from 'dugong';
 *
 * try {
 *   new HTTPConnection('http://127.0.0.1:1').connect();
 * } catch (error) {
 *   if (!(error instanceof SystemError)) throw error;
 *   console.log(error.code, error.syscall, error.address, error.port); // ECONNREFUSED connect 127.0.0.1 1
 * }
 * ```
 */
export class SystemError extends DugongError {
  /** The error number of the system, negated as in Node: -111 is ECONNREFUSED on Linux. */
  readonly errno: number;
  /** The name of the system call that failed, as `connect`. */
  readonly syscall: string;
  /** The IP address, if the call was about one. */
  declare readonly address?: string;
  /** The port number, if the call was about one. */
  declare readonly port?: number;

  /** Makes an error. `code` is the system's word, as ECONNREFUSED; `details` become the properties of the same names. */
  constructor(
    code: string,
    details: {
      errno: number;
      syscall: string;
      address?: string | undefined;
      port?: number | undefined;
      cause?: unknown;
    },
  ) {
    const { errno, syscall, address, port, cause } = { ...UNSAID, ...details };
    const where = address === undefined ? '' : ` ${address}${port === undefined ? '' : `:${port}`}`;
    super(code, `${syscall} ${code}${where}`, cause === undefined ? undefined : { cause });
    this.errno = errno;
    this.syscall = syscall;
    define(this, { address, port });
  }

  static {
    SystemError.prototype.name = 'SystemError';
  }
}

/** Defines own properties for the values that are not undefined, whatever Object.prototype has under these names. */
function define(error: DugongError, properties: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    const descriptor = { value, writable: true, enumerable: true, configurable: true };
    Reflect.defineProperty(error, name, Object.assign(Object.create(null), descriptor));
  }
}
