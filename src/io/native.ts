/**
 * The TypeScript declaration of the native addon, and the only module that has it loaded.
 *
 * The addon knows file descriptors, poll(2), the environment's event loop, the clock, getaddrinfo and OpenSSL. It knows
 * no HTTP. Most calls return a number: a count >= 0, or an error number of libuv's, which is a negated errno on Linux and
 * macOS (`util.getSystemErrorMap()` has them). Would-block is a normal result, never an exception. The addon throws only
 * for wrong arguments (wrong types, ranges outside their buffer).
 *
 * The environment (the main thread or a worker) *owns* the descriptors that its addon makes. The socket calls accept
 * only these; others give -EBADF. The addon closes them when the environment ends. Closing a descriptor first ends its
 * watcher, so that no reused number is polled by mistake.
 */

import { loadAddon } from './load-addon.ts';

/** Why a name could not be resolved: getaddrinfo's code, e.g. `EAI_NONAME`, with its message. */
export interface LookupFailure {
  readonly code: string;
  readonly message: string;
  /** The negated errno of an `EAI_SYSTEM`, else 0. */
  readonly errno: number;
}

/** Trusted certificates on the native side; freed when the handle is garbage. */
export interface TLSTrustHandle {
  readonly handle: 'trust';
}
/** A TLS configuration (SSL_CTX) on the native side; freed when the handle is garbage. */
export interface TLSContextHandle {
  readonly handle: 'context';
}

/** The option that OpenSSL did not accept, and the reason in its words. */
export interface TLSRefusal {
  /** The name of the option; `memory` if an allocation failed, in which case no option is the cause. */
  readonly option: string;
  readonly library: string;
  readonly reason: string;
}

/** The parameters of an SSL_CTX. Every member is required, because the addon has no defaults. */
export interface TLSContextParameters {
  readonly trust: TLSTrustHandle;
  /** PEM: each text is a certificate followed by its chain. */
  readonly certificates: readonly string[];
  /** PEM. `passphrases` has an entry for each key, empty if there is none. */
  readonly keys: readonly string[];
  readonly passphrases: readonly string[];
  /** PKCS #12 files. `pfxPassphrases` has an entry for each file, empty if there is none. */
  readonly pfx: readonly Uint8Array[];
  readonly pfxPassphrases: readonly string[];
  /** OpenSSL's cipher lists for TLS 1.2 and for TLS 1.3. An empty string keeps OpenSSL's default. */
  readonly ciphers: string;
  readonly ciphersuites: string;
  /** 0x0301 is TLS 1.0, 0x0304 TLS 1.3. */
  readonly minVersion: number;
  readonly maxVersion: number;
  /** For ALPN (RFC 7301): names, each behind its length in one byte. */
  readonly protocols: Uint8Array;
  /** Whether to refuse a server whose certificate is not valid. */
  readonly verify: boolean;
  /** Whether any certificate in `trust` is an anchor, or self-signed ones only. */
  readonly partialChain: boolean;
  /** SSL_OP_... bits, added to those that are always set. */
  readonly secureOptions: number;
  /** The session that `tlsStart` will get, so that an invalid one is refused early; empty if there is none. */
  readonly session: Uint8Array;
  /** The file to which the secrets of each connection are appended; empty if there is none. */
  readonly keyLogFile: string;
}

export interface TLSCipher {
  readonly name: string;
  readonly standardName: string;
  readonly version: string;
}

/** Facts about a TLS connection, during the handshake, after it, or after a failure. */
export interface TLSDetails {
  readonly protocol: string;
  readonly cipher?: TLSCipher;
  /** The protocol that ALPN selected; empty if none. */
  readonly alpn: string;
  readonly resumed: boolean;
  /** DER: the server's certificate, then the issuer of each, as far as the server sent it or it is trusted. */
  readonly certificates: readonly Buffer[];
  /** Whether the certificate was refused. Without verification it never is. */
  readonly refused: boolean;
  /** OpenSSL's X509_V_ERR_... number (0: the certificate is valid), its text, and the depth in the chain. */
  readonly verification: number;
  readonly verificationReason: string;
  readonly depth: number;
  /** After TLS_FAILED: the entry of OpenSSL's error queue. */
  readonly library: string;
  readonly reason: string;
}

/** The functions of the addon. */
// Parameters: the signatures of system calls, and no object for each call.
export interface Native {
  /** The number of this interface: `INTERFACE_VERSION` of load-addon.ts, which changes with it. */
  readonly interfaceVersion: number;
  /**
   * Makes a non-blocking, close-on-exec stream socket: TCP with TCP_NODELAY (`family` 4 or 6) or Unix (0). Returns the
   * fd.
   */
  socket(family: number): number;
  /**
   * connect(2) to a numeric address (IPv6 with an optional %zone). Returns 0, or IN_PROGRESS while the attempt goes on.
   */
  connect(fd: number, address: string, port: number): number;
  /** connect(2) to a Unix socket's path, with the results of `connect`. */
  connectUnix(fd: number, path: string): number;
  /** The socket will be writable when the attempt to connect is over. */
  readonly IN_PROGRESS: number;
  /** bind(2) to a numeric address; for port 0 the kernel chooses one. */
  bind(fd: number, address: string, port: number): number;
  /** Makes the kernel probe a TCP connection that is idle for so many seconds (SO_KEEPALIVE, TCP_KEEPIDLE). */
  keepAlive(fd: number, idleSeconds: number): number;
  /** The pending error of the socket (SO_ERROR) as a negated errno, 0 if there is none. */
  socketError(fd: number): number;
  /** recv(2) into `buffer[offset, offset + length)`. Returns the count; 0 if the peer has ended its stream. */
  recv(fd: number, buffer: Uint8Array, offset: number, length: number): number;
  /**
   * send(2) from `buffer[offset, offset + length)` without SIGPIPE. Returns the count, which may be less than `length`.
   */
  send(fd: number, buffer: Uint8Array, offset: number, length: number): number;
  /**
   * Sends several buffers in one system call (sendmsg(2)) without the first `skip` bytes of the first. Returns the
   * count, which may be less than the total.
   */
  sendv(fd: number, buffers: readonly Uint8Array[], skip: number): number;
  /** shutdown(2); `how` is 0 (SHUT_RD), 1 (SHUT_WR) or 2 (SHUT_RDWR). */
  shutdown(fd: number, how: number): number;
  /**
   * Ends the watcher of an owned fd and closes it. -EBADF if the environment does not own it, or it is closed already.
   */
  close(fd: number): number;
  /** Returns 1 if the environment owns the fd and it is open, else 0. */
  owns(fd: number): number;

  /**
   * poll(2) on one fd, owned or not. Returns revents; 0 after `timeoutMs` ms (a negative number waits for ever).
   * Without `signals`, EINTR is retried. With `signals`, the call returns -EINTR once for each signal that the process
   * listens for, also for a signal that came earlier and whose listener has not run. The value of `signals` is the
   * number of one signal to ignore; 0 ignores none.
   */
  pollOne(fd: number, mask: number, timeoutMs: number, signals?: number): number;
  /**
   * poll(2) on many fds. `entries` holds triples `fd, events, revents`; the call writes revents. A negative fd is
   * ignored. Returns the number of ready entries. EINTR is retried with the remaining time; `signals` is as for
   * `pollOne`.
   */
  poll(entries: Int32Array, timeoutMs: number, signals?: number): number;
  /** The signals that caused the latest -EINTR of a wait. */
  caughtSignals(): number[];

  /** Opens an owned epoll(7) or kqueue(2) descriptor. It is readable while one of its members is ready. */
  openPoller(): number;
  /** Opens an owned descriptor that is always ready: the read end of a pipe whose write end is closed. */
  openBell(): number;
  /** Sets the mask that the poller waits for on `fd`; 0 removes it. `oldMask` is the present mask, 0 for a new fd. */
  changePoller(poller: number, fd: number, mask: number, oldMask: number): number;
  /** Waits as {@link Native.poll}. Fills `events` with as many pairs `fd, events` as fit and returns their number. */
  waitPoller(poller: number, events: Int32Array, timeoutMs: number, signals?: number): number;

  /**
   * Installs the one function of this environment that is called for readiness and times; see `watch` and `setAlarm`.
   */
  onReady(callback: (fd: number, events: number) => void): void;
  /**
   * Sets which of POLLIN | POLLOUT the event loop of this environment waits for on `fd` (any fd). Each direction is
   * one-shot: after it is reported, the loop does not wait for it until the next call. 0 withdraws all. A wait keeps
   * the loop alive, except after `release`. An error or hang-up is reported as every direction waited for. Returns 0 or
   * a negated errno (EPERM: a regular file; EEXIST: another part of the program watches the fd in this loop).
   */
  watch(fd: number, mask: number): number;
  /** Waits on `fd` in these directions no longer keep the loop alive, until the next `watch` of the fd. Returns 0. */
  release(fd: number, mask: number): number;

  /**
   * Milliseconds, with fractions, of the monotonic clock (clock_gettime(2)). `clock.ts` converts them to Node's scale.
   */
  now(): number;
  /**
   * Reports `(-1, 0)` to the `onReady` function once after so many milliseconds (1 to 2^31 - 1). Replaces the previous
   * alarm. The alarm keeps the event loop alive only while `holdAlarm(1)` is in force.
   */
  setAlarm(milliseconds: number): number;
  /** 1: an alarm that is set keeps the event loop alive from now on; 0: it does not. Returns 0. */
  holdAlarm(holding: 0 | 1): number;

  /**
   * Starts getaddrinfo(3) on a thread of its own. At most {@link Native.maxLookupThreads} lookups of this environment
   * run at a time; the others wait in order. An abandoned lookup makes way at once, although its thread may hang.
   * `family` is 0 (any), 4 or 6. Returns an owned fd that becomes readable when the result is there. Closing the fd
   * abandons the lookup.
   */
  lookup(hostname: string, family: number): number;
  /** The result of a lookup: numeric addresses in getaddrinfo's order, a failure, or undefined while it runs. */
  lookupResult(fd: number): string[] | LookupFailure | undefined;
  /**
   * Lookup threads of one environment at a time. The process has at most four times as many in all environments
   * together; each environment has at least one.
   */
  readonly maxLookupThreads: number;
  /** For tests: unfinished lookups of this process, abandoned ones and those of other environments included. */
  pendingLookups(): number;

  /**
   * The reason why this process has no TLS (a node without OpenSSL 3); undefined if it has. The first call looks for
   * OpenSSL.
   */
  tlsUnavailable(): string | undefined;
  /** Parses PEM texts, each with one or more certificates. */
  tlsTrust(texts: readonly string[]): TLSTrustHandle | TLSRefusal;
  /** Makes an SSL_CTX. */
  tlsContext(parameters: TLSContextParameters): TLSContextHandle | TLSRefusal;
  /**
   * Begins TLS as a client on a connected socket, or inside the TLS that the socket has already. `servername` is for
   * the server_name extension (empty: none). The certificate must match `host` (a name) and `address`, as far as they
   * are not empty. The context keeps sessions under `sessionKey` (empty: it keeps none); `session` is one to resume.
   * The calls below work on the topmost layer of TLS on the descriptor. A parameter `layer` counts from the descriptor
   * upwards; 0 is on the socket itself.
   */
  tlsStart(
    fd: number,
    context: TLSContextHandle,
    servername: string,
    host: string,
    address: string,
    sessionKey: string,
    session: Uint8Array | undefined,
  ): number;
  /**
   * Continues the handshake. Returns 0 when it is done, TLS_WANT_..., TLS_AGAIN, TLS_FAILED, TLS_TRUNCATED or a negated
   * errno.
   */
  tlsHandshake(fd: number): number;
  /**
   * As `recv`, with the results of `tlsHandshake`; 0 is the peer's close_notify. Each call does a bounded amount of
   * work.
   */
  tlsRecv(fd: number, buffer: Uint8Array, offset: number, length: number): number;
  /** As `sendv`. After TLS_WANT_... or TLS_BUSY, the next call must pass the same bytes, or these and more. */
  tlsSend(fd: number, buffers: readonly Uint8Array[], skip: number): number;
  /** Sends close_notify in every layer if that does not block. */
  tlsShutdown(fd: number): number;
  /** The layer that caused the latest TLS_FAILED or TLS_TRUNCATED. */
  tlsFailedLayer(fd: number): number;
  /** Facts about one layer. */
  tlsDetails(fd: number, layer: number): TLSDetails;
  /** The session in the form of i2d_SSL_SESSION; undefined if it cannot be resumed. */
  tlsSession(fd: number, layer: number): Buffer | undefined;
  /** OpenSSL needs the descriptor to be readable (SSL_ERROR_WANT_READ), whatever the call was. */
  readonly TLS_WANT_READ: number;
  /** OpenSSL needs the descriptor to be writable (SSL_ERROR_WANT_WRITE), whatever the call was. */
  readonly TLS_WANT_WRITE: number;
  /** OpenSSL reports a failure; `tlsDetails` has its words. */
  readonly TLS_FAILED: number;
  /** The peer's stream ended without close_notify. */
  readonly TLS_TRUNCATED: number;
  /**
   * The call stopped after a bounded amount of work, so that timers, signals and other coroutines get a turn. It can be
   * repeated at once.
   */
  readonly TLS_AGAIN: number;
  /** The server has begun a renegotiation. Nothing can be sent until receiving has completed it. */
  readonly TLS_BUSY: number;
  /** Renegotiations that a server may do on one connection (TLS 1.2). */
  readonly TLS_MOST_RENEGOTIATIONS: number;
  /** Bytes of TLS records without content for the caller that a peer may send in a row. */
  readonly TLS_MOST_WITHOUT_CONTENT: number;

  /**
   * For tests: number of fds that the addon owns in this environment (sockets and lookups), and of fds that it watches.
   */
  counts(): { owned: number; watched: number };
}

/** The addon. Importing this module throws if it cannot be loaded. */
export const native: Native = loadAddon() as Native;

/**
 * The name of the runtime if the addon cannot use its event loop. Bun and Deno load Node's addons, but without libuv:
 * the first call into it would end the process.
 */
export const withoutLibuv: 'Bun' | 'Deno' | undefined =
  process.versions.bun !== undefined ? 'Bun' : process.versions.deno !== undefined ? 'Deno' : undefined;

/**
 * A list of functions, by purpose, that all copies of this library in this thread share. A package may be loaded more
 * than once (installed twice, or imported by other URLs); all copies have only the addon's object in common.
 */
export function ofAllCopies<F>(purpose: string): F[] {
  const key = Symbol.for(`dugong.${purpose}`);
  const shared = native as Native & { [key: symbol]: F[] | undefined };
  if (!Object.hasOwn(shared, key)) Object.defineProperty(shared, key, { value: [] });
  return shared[key] as F[];
}
