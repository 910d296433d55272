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

/** What the connection was doing when it was lost or when a time limit passed. */
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

/** A request without a complete response, or a request whose redirect could not be followed to a response. */
export interface LostRequest {
  /** The method of the request. */
  readonly method: string;
  /** The path and query of the request. */
  readonly path: string;
  /** False only if no byte of the request can have reached the server: then it is always safe to send it again. */
  readonly mayHaveBeenProcessed: boolean;
}

/** The base class of all errors of this library. */
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

  /** `code` is for programs, `message` for humans; control characters in it are escaped. `options` may have a `cause`. */
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

/** The call does not fit the state of the connection, e.g. a new request while the body of another is being sent. */
export class StateError extends DugongError {
  /** `options` may have a `cause` and another `code`. Default: DUGONG_STATE. */
  constructor(message: string, options?: ErrorOptions & { code?: string }) {
    super({ code: 'DUGONG_STATE', ...options }.code, message, options);
  }

  static {
    StateError.prototype.name = 'StateError';
  }
}

/** The caller gave more bytes than `BodyFollowing`, or Content-Length, announced. None of the excess was sent. */
export class ExcessBodyData extends StateError {
  /** The code is DUGONG_EXCESS_BODY_DATA. */
  constructor(message: string) {
    super(message, { code: 'DUGONG_EXCESS_BODY_DATA' });
  }

  static {
    ExcessBodyData.prototype.name = 'ExcessBodyData';
  }
}

/**
 * A body in pieces ended before the number of bytes that Content-Length announced. The connection cannot carry another
 * request.
 */
export class MissingBodyData extends StateError {
  /** The code is DUGONG_MISSING_BODY_DATA. */
  constructor(message: string) {
    super(message, { code: 'DUGONG_MISSING_BODY_DATA' });
  }

  static {
    MissingBodyData.prototype.name = 'MissingBodyData';
  }
}

/** The server's bytes break the grammar or the framing rules of RFC 9112. The connection cannot be used any more. */
export class InvalidResponse extends DugongError {
  /** The code is DUGONG_INVALID_RESPONSE; `options` may have a `cause`. */
  constructor(message: string, options?: ErrorOptions) {
    super('DUGONG_INVALID_RESPONSE', message, options);
  }

  static {
    InvalidResponse.prototype.name = 'InvalidResponse';
  }
}

/** The server's bytes may be valid, but this client does not support them (HTTP/2, a transfer coding, ...). */
export class UnsupportedResponse extends DugongError {
  /** The code is DUGONG_UNSUPPORTED_RESPONSE; `options` may have a `cause`. */
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

/** The details of a {@link ConnectionClosed}. */
export interface ConnectionClosedDetails {
  /** What the connection was doing when it ended. */
  readonly phase: Phase;
  /** The requests without a complete response, oldest first. Default: none. */
  readonly lostRequests?: readonly LostRequest[];
  /** Bytes that the kernel took over the life of the connection. Default 0. */
  readonly bytesSent?: number;
  /** Bytes received over the life of the connection. Default 0. */
  readonly bytesReceived?: number;
  /** The error that ended the connection. */
  readonly cause?: unknown;
}

/**
 * The connection ended (EOF, reset, broken pipe, local `disconnect()`) before everything that the caller asked for had
 * arrived. A head or body that is cut short always raises this error; it is never a short result.
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

  /** The code is DUGONG_CONNECTION_CLOSED. */
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
 * next call. A connection that was being made is given up; addresses that had failed are in an AggregateError as
 * `cause`.
 */
export class ConnectionTimedOut extends DugongError {
  /** What the connection was waiting for; undefined only for coroutines that are not this library's. */
  readonly phase: Phase | undefined;
  /** The limit that passed, in milliseconds. */
  readonly timeout: number;

  /** The code is DUGONG_CONNECTION_TIMED_OUT; `timeout` is in milliseconds, `options` may have a `cause`. */
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
 * A signal that the process listens for ended a blocked call. The listener runs as soon as the program returns to the
 * event loop. The connection is as after a {@link ConnectionTimedOut}. One signal ends one call.
 */
export class Interrupted extends DugongError {
  /** The signal, or the first one if several arrived. */
  readonly signal: NodeJS.Signals | undefined;

  /** The code is DUGONG_INTERRUPTED. `signals`: all that have arrived, in their order. */
  constructor(signals: readonly NodeJS.Signals[]) {
    const which = signals.length === 0 ? 'a signal' : signals.join(', ');
    super('DUGONG_INTERRUPTED', `interrupted by ${which}: listeners run when the program returns to the event loop`);
    this.signal = signals[0];
  }

  static {
    Interrupted.prototype.name = 'Interrupted';
  }
}

/** The response of a proxy that did not make the tunnel that CONNECT asked for. */
export interface ProxyAnswer {
  /** The status code. */
  readonly status: number;
  /** The reason phrase of the status line; may be empty. */
  readonly reason: string;
  /** Name and value of each field line, in order. */
  readonly headers: Iterable<[string, string]>;
  /** The beginning of the response's body, which often explains the refusal. */
  readonly body: Uint8Array;
}

/** The proxy did not make a tunnel. Nothing of any request has been sent to the server. */
export class ProxyError extends DugongError {
  /** The response of the proxy; undefined if the proxy sent no valid HTTP response. */
  readonly answer: ProxyAnswer | undefined;

  /** The code is DUGONG_PROXY; `options` may have the `answer` and a `cause`. */
  constructor(message: string, options?: ErrorOptions & { answer?: ProxyAnswer }) {
    super('DUGONG_PROXY', message, options);
    this.answer = { ...UNSAID, ...options }.answer;
  }

  static {
    ProxyError.prototype.name = 'ProxyError';
  }
}

/** The resolver says that the name has no address. */
export class HostnameNotResolvable extends DugongError {
  /** The name that has no address. */
  readonly hostname: string;

  /** The code is DUGONG_HOSTNAME_NOT_RESOLVABLE; `options` may have a `cause`. */
  constructor(hostname: string, options?: ErrorOptions) {
    super('DUGONG_HOSTNAME_NOT_RESOLVABLE', `host name ${JSON.stringify(hostname)} has no address`, options);
    this.hostname = hostname;
  }

  static {
    HostnameNotResolvable.prototype.name = 'HostnameNotResolvable';
  }
}

/** The resolver could not find out whether the name has an address. */
export class DNSUnavailable extends DugongError {
  /** The name that the resolver was asked for. */
  readonly hostname: string;

  /** The code is DUGONG_DNS_UNAVAILABLE; `options` may have a `cause`. */
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
 * offer. `code` is that of node:tls: `CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID`, ...
 */
export class TLSError extends DugongError {
  /** The reason in the words of OpenSSL, or of the function that checked the certificate. */
  readonly reason: string;
  /** The peer: the server, or the proxy on the way to it. Absent if the error is about the caller's own options. */
  declare readonly peer?: 'server' | 'proxy';
  /** The name that the certificate must match. */
  declare readonly hostname?: string;
  /** The peer's certificate, if it sent one. */
  declare readonly certificate?: import('node:tls').PeerCertificate;

  /** `code` is that of node:tls; `details` become the properties of the same names. */
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

/** A system call failed. The error has the shape of Node's own system errors. */
export class SystemError extends DugongError {
  /** The error number, negated as in Node. */
  readonly errno: number;
  /** The name of the system call, as `connect`. */
  readonly syscall: string;
  /** The IP address, if the call was about one. */
  declare readonly address?: string;
  /** The port, if the call was about one. */
  declare readonly port?: number;

  /** `code` is the system's word, as ECONNREFUSED; `details` become the properties of the same names. */
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
