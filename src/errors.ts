/**
 * Every error that this library raises on purpose. Anything else is a bug. Which of them are worth a retry, temp-network-error.ts says.
 *
 *     DugongError
 *     ├── StateError               the caller's calls came in an order that HTTP does not allow
 *     │   ├── ExcessBodyData       more body bytes were written than were announced
 *     │   └── MissingBodyData      a body in pieces ended before the bytes that were announced
 *     ├── InvalidResponse          the server broke HTTP/1.1
 *     ├── UnsupportedResponse      the server speaks something that this client does not
 *     ├── ConnectionClosed         the connection ended before the answer did
 *     ├── ConnectionTimedOut       nothing happened for too long
 *     ├── Interrupted              a signal came that the program listens for
 *     ├── ProxyError               the proxy refused to connect us to the server
 *     ├── HostnameNotResolvable    the name does not exist
 *     ├── DNSUnavailable           whether it exists could not be found out
 *     ├── TLSError                 the server, or proxy, cannot be trusted or does not speak TLS as we do; `code` is Node's
 *     └── SystemError              the operating system said no; `code` is the system's (ECONNREFUSED)
 *
 * Wrong arguments raise TypeError or RangeError, before anything is sent.
 */

import { printable, withoutUserinfoFrom } from './inspection.ts';

/** What a connection was doing when it was lost or timed out. */
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

/** A request that was not answered in full, or that was answered with a redirect which came to nothing. */
export interface LostRequest {
  readonly method: string;
  readonly path: string;
  /** False only if no byte of it can have reached the server: sending it again is then always safe. */
  readonly mayHaveBeenProcessed: boolean;
}

/** The root of the tree above. */
export class DugongError extends Error {
  /**
   * Stable and meant to be compared. An error of `fetchSync`, and the `cause` of createFetch's, has the system's word for it, as
   * Node's own errors have: ENOTFOUND (HostnameNotResolvable, and DNSUnavailable where the system calls the name unknown), otherwise
   * EAI_AGAIN for the latter, and ECONNRESET, or what else the system said (EPIPE, ETIMEDOUT, ...), of a ConnectionClosed.
   */
  readonly code: string;
  /**
   * The requests that were lost with what failed, oldest first. Each ConnectionClosed has it; so has each error of `fetchSync`
   * and `createFetch`, with the requests of all attempts and redirects of that call, since their connections cannot be asked.
   */
  declare readonly lostRequests?: readonly LostRequest[];

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(printable(message), options && Object.hasOwn(options, 'cause') ? { cause: options.cause } : undefined);
    this.code = code;
  }

  static {
    // On the prototype, so that the name is no own property of each error.
    DugongError.prototype.name = 'DugongError';
  }
}

/** So much of what an error is about stands in its message: a long URL must leave room for what happened. */
const LONGEST_SUBJECT = 500;

/**
 * `error`, the message of which begins from now on with what it is about, as "GET http://localhost/", in place of `before`, the
 * less that was known before.
 */
export function about<E extends DugongError>(error: E, what: string, before?: string): E {
  const { message } = error;
  const url = what.indexOf('://');
  // A path may hold a URL.
  const shown = url < 0 ? what : withoutUserinfoFrom(what, url + 3);
  const subject = `${printable(shown, LONGEST_SUBJECT)}: `;
  // It may come by again, if it is the caller's own.
  if (message.startsWith(subject)) return error;
  const known = before !== undefined && message.startsWith(`${before}: `) ? before.length + 2 : 0;
  return said(error, printable(subject + message.slice(known)));
}

/** `error`, the message of which ends from now on with the way out. */
export function advising<E extends DugongError>(error: E, advice: string): E {
  return said(error, `${error.message}. ${advice}`);
}

/** A caller's own error may be frozen: it stays as it is. */
function said<E extends DugongError>(error: E, message: string): E {
  const { message: before, stack } = error;
  Reflect.set(error, 'message', message);
  if (stack !== undefined) {
    const replaced = stack.replace(before, () => message);
    Reflect.set(error, 'stack', replaced);
  }
  return error;
}

/** `error`, which says from now on that these requests were lost. */
export function withLostRequests<E extends DugongError>(error: E, lostRequests: readonly LostRequest[]): E {
  return withProperties(error, { lostRequests });
}

/** `error`, which has these properties from now on, those that are undefined left out. */
export function withProperties<E extends DugongError>(error: E, properties: Readonly<Record<string, unknown>>): E {
  define(error, properties);
  return error;
}

/** The call does not fit the state of the connection, e.g. a new request while a body is still being sent. */
export class StateError extends DugongError {
  constructor(message: string, options?: ErrorOptions & { code?: string }) {
    super({ code: 'DUGONG_STATE', ...options }.code, message, options);
  }

  static {
    StateError.prototype.name = 'StateError';
  }
}

/** More bytes were given than `BodyFollowing`, or Content-Length, announced. None of the excess was sent. */
export class ExcessBodyData extends StateError {
  constructor(message: string) {
    super(message, { code: 'DUGONG_EXCESS_BODY_DATA' });
  }

  static {
    ExcessBodyData.prototype.name = 'ExcessBodyData';
  }
}

/** A body in pieces ended before the bytes that Content-Length announced. Nothing can follow it on the connection. */
export class MissingBodyData extends StateError {
  constructor(message: string) {
    super(message, { code: 'DUGONG_MISSING_BODY_DATA' });
  }

  static {
    MissingBodyData.prototype.name = 'MissingBodyData';
  }
}

/** The server's bytes break the grammar or the framing rules of RFC 9112. The connection cannot be used any more. */
export class InvalidResponse extends DugongError {
  constructor(message: string, options?: ErrorOptions) {
    super('DUGONG_INVALID_RESPONSE', message, options);
  }

  static {
    InvalidResponse.prototype.name = 'InvalidResponse';
  }
}

/** The server's bytes may be right, but are nothing that this client understands (HTTP/2, a transfer coding, ...). */
export class UnsupportedResponse extends DugongError {
  constructor(message: string, options?: ErrorOptions) {
    super('DUGONG_UNSUPPORTED_RESPONSE', message, options);
  }

  static {
    UnsupportedResponse.prototype.name = 'UnsupportedResponse';
  }
}

/** What holds of a loss, and of TLS, that says no more: a member that is missing must not be found on Object.prototype. */
const UNSAID = {
  ...{ lostRequests: [], bytesSent: 0, bytesReceived: 0, cause: undefined, answer: undefined },
  ...{ peer: undefined, hostname: undefined, certificate: undefined, address: undefined, port: undefined },
};

/** What a {@link ConnectionClosed} can say about the moment of the loss. */
export interface ConnectionClosedDetails {
  readonly phase: Phase;
  readonly lostRequests?: readonly LostRequest[];
  /** Bytes that the kernel took from us, and gave to us, over the life of the connection. */
  readonly bytesSent?: number;
  readonly bytesReceived?: number;
  readonly cause?: unknown;
}

/**
 * The connection ended, by EOF, reset, broken pipe or a local `disconnect()`, before all that was asked for was there.
 * A head or body that was cut short is always this error, never a short result.
 */
export class ConnectionClosed extends DugongError {
  readonly phase: Phase;
  /** The requests without a complete response, oldest first. */
  declare readonly lostRequests: readonly LostRequest[];
  readonly bytesSent: number;
  readonly bytesReceived: number;

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
 * A time limit passed. The connection is as it was: a read may be tried again, an interrupted send goes on by itself; one that
 * was only being made is given up. Addresses that had failed by then (phase connect) are in an AggregateError as `cause`.
 */
export class ConnectionTimedOut extends DugongError {
  /** What was being waited for; undefined only for coroutines that are not this library's. */
  readonly phase: Phase | undefined;
  /** The limit that passed, in milliseconds. */
  readonly timeout: number;

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
 * A blocked call ended because a signal came that the process listens for: the listener runs as soon as the program returns to
 * the event loop. The connection is as after a {@link ConnectionTimedOut}. One signal ends one call.
 */
export class Interrupted extends DugongError {
  /** The signal; the first of them if several came. */
  readonly signal: NodeJS.Signals | undefined;

  constructor(signals: readonly NodeJS.Signals[]) {
    const which = signals.length === 0 ? 'a signal' : signals.join(', ');
    super('DUGONG_INTERRUPTED', `interrupted by ${which}: listeners run when the program returns to the event loop`);
    this.signal = signals[0];
  }

  static {
    Interrupted.prototype.name = 'Interrupted';
  }
}

/** What a proxy answered to CONNECT in place of a tunnel. */
export interface ProxyAnswer {
  readonly status: number;
  readonly reason: string;
  /** Name and value of each field line. */
  readonly headers: Iterable<[string, string]>;
  /** The beginning of its body, which says why in more words. */
  readonly body: Uint8Array;
}

/** The proxy did not make a tunnel. Nothing of any request has been sent to the server. */
export class ProxyError extends DugongError {
  /** The proxy's own answer; undefined if it was none that HTTP knows. */
  readonly answer: ProxyAnswer | undefined;

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
  readonly hostname: string;

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
  readonly hostname: string;

  constructor(hostname: string, options?: ErrorOptions) {
    super('DUGONG_DNS_UNAVAILABLE', `the resolver has no answer for ${JSON.stringify(hostname)} now`, options);
    this.hostname = hostname;
  }

  static {
    DNSUnavailable.prototype.name = 'DNSUnavailable';
  }
}

/**
 * TLS could not be established, or broke: the certificate is not accepted, or one side refused what the other offers. `code`
 * is the one that node:tls gives: `CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID`, `ERR_SSL_WRONG_VERSION_NUMBER`, ...
 */
export class TLSError extends DugongError {
  /** In the words of OpenSSL, or of the function that checked. */
  readonly reason: string;
  /** Whose TLS it is: the server's, or that of the proxy on the way to it. Absent if it is about our own options. */
  declare readonly peer?: 'server' | 'proxy';
  /** The name that the certificate had to be for. */
  declare readonly hostname?: string;
  /** The peer's certificate, if it sent one. */
  declare readonly certificate?: import('node:tls').PeerCertificate;

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

/** An error of the operating system, in the shape that Node gives its own. */
export class SystemError extends DugongError {
  /** Negated, as in Node. */
  readonly errno: number;
  readonly syscall: string;
  declare readonly address?: string;
  declare readonly port?: number;

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

/** Those that are there become properties of the error, whatever Object.prototype has of that name. */
function define(error: DugongError, properties: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    const descriptor = { value, writable: true, enumerable: true, configurable: true };
    Reflect.defineProperty(error, name, Object.assign(Object.create(null), descriptor));
  }
}
