/**
 * The typed face of the native addon, and the only module that loads it.
 *
 * The addon knows file descriptors, poll(2), the environment's event loop, the clock, getaddrinfo and OpenSSL; it knows no HTTP.
 * Every call returns a number: a count >= 0, or a negated errno (`-os.constants.errno.EAGAIN`). Would-block is a normal result, never
 * an exception; exceptions are for wrong arguments alone (wrong types, ranges outside their buffer).
 *
 * Descriptors made by the addon are *owned* by the environment that made them: only they can be used with the socket calls
 * (anything else is -EBADF), they are closed when the environment (the main thread or a worker) ends, and closing one
 * first ends its watcher, so that a reused number is never polled by mistake.
 */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { own } from '../options.ts';

/** Why a name could not be resolved: getaddrinfo's own code, e.g. `EAI_NONAME`, with its message. */
export interface LookupFailure {
  readonly code: string;
  readonly message: string;
  /** errno behind an `EAI_SYSTEM`, else 0. */
  readonly errno: number;
}

/** Trusted certificates, or a TLS configuration, on the native side; freed when they are no longer referenced. */
export interface TLSTrustHandle {
  readonly handle: 'trust';
}
export interface TLSContextHandle {
  readonly handle: 'context';
}

/** What OpenSSL did not accept, and why, in its words. */
export interface TLSRefusal {
  /** `memory` if an allocation failed: then no option is the cause. */
  readonly option: string;
  readonly library: string;
  readonly reason: string;
}

/** Every field is required: the defaults are none of the addon's business. */
export interface TLSContextParameters {
  readonly trust: TLSTrustHandle;
  /** PEM: each a certificate with its chain. */
  readonly certificates: readonly string[];
  /** PEM, and as many passphrases, empty where there is none. */
  readonly keys: readonly string[];
  readonly passphrases: readonly string[];
  /** PKCS #12 files, and as many passphrases, empty where there is none. */
  readonly pfx: readonly Uint8Array[];
  readonly pfxPassphrases: readonly string[];
  /** OpenSSL's lists for TLS 1.2 and for TLS 1.3; empty is OpenSSL's default. */
  readonly ciphers: string;
  readonly ciphersuites: string;
  /** 0x0301 is TLS 1.0, 0x0304 TLS 1.3. */
  readonly minVersion: number;
  readonly maxVersion: number;
  /** For ALPN (RFC 7301): each name preceded by its length in one byte. */
  readonly protocols: Uint8Array;
  /** Refuse a server whose certificate is not in order. */
  readonly verify: boolean;
  /** Take any certificate in `trust` for an anchor, not only self-signed ones. */
  readonly partialChain: boolean;
  /** SSL_OP_..., added to those that are always set. */
  readonly secureOptions: number;
  /** A session that `tlsStart` will be given, to be refused here if it is none; empty if there is none. */
  readonly session: Uint8Array;
  /** Append the secrets of each connection to this file; empty: do not. */
  readonly keyLogFile: string;
}

export interface TLSCipher {
  readonly name: string;
  readonly standardName: string;
  readonly version: string;
}

/** What is known of a TLS connection, during the handshake, after it, or after its failure. */
export interface TLSDetails {
  readonly protocol: string;
  readonly cipher?: TLSCipher;
  /** Empty if none was agreed on. */
  readonly alpn: string;
  readonly resumed: boolean;
  /** DER: the server's own, then the issuer of each, as far as the server sent it or it is trusted. */
  readonly certificates: readonly Buffer[];
  /** Whether the certificate was not accepted; without verification it is, in order or not. */
  readonly refused: boolean;
  /** OpenSSL's X509_V_ERR_... number, 0 if the certificate is in order, with its text and the depth in the chain. */
  readonly verification: number;
  readonly verificationReason: string;
  readonly depth: number;
  /** The entry of OpenSSL's error queue after TLS_FAILED. */
  readonly library: string;
  readonly reason: string;
}

export interface Native {
  /** A non-blocking, close-on-exec stream socket: TCP with TCP_NODELAY (`family` 4 or 6) or Unix (0). Returns the fd. */
  socket(family: number): number;
  /** connect(2) to a numeric address (an IPv6 one may carry a %zone). Returns 0 or -EINPROGRESS while it goes on. */
  connect(fd: number, address: string, port: number): number;
  /** connect(2) to a Unix socket's path. */
  connectUnix(fd: number, path: string): number;
  /** bind(2) to a numeric address; port 0 leaves the choice to the kernel. */
  bind(fd: number, address: string, port: number): number;
  /** Probes an idle TCP connection after so many seconds (SO_KEEPALIVE, TCP_KEEPIDLE). */
  keepAlive(fd: number, idleSeconds: number): number;
  /** The pending error of the socket (SO_ERROR) as a negated errno, 0 if there is none. */
  socketError(fd: number): number;
  /** recv(2) into `buffer[offset, offset + length)`. Returns the count, 0 at the peer's end of stream. */
  recv(fd: number, buffer: Uint8Array, offset: number, length: number): number;
  /** send(2) from `buffer[offset, offset + length)`, never raising SIGPIPE. Returns the count, which may be short. */
  send(fd: number, buffer: Uint8Array, offset: number, length: number): number;
  /** Several buffers in one syscall (sendmsg(2)), leaving out the first `skip` bytes of the first. May be short. */
  sendv(fd: number, buffers: readonly Uint8Array[], skip: number): number;
  /** shutdown(2); `how` is 0 (SHUT_RD), 1 (SHUT_WR) or 2 (SHUT_RDWR). */
  shutdown(fd: number, how: number): number;
  /** Ends the watcher of an owned fd and closes it. -EBADF if it is not owned (closed already, or someone else's). */
  close(fd: number): number;
  /** 1 if the fd is owned and open, else 0. */
  owns(fd: number): number;

  /**
   * poll(2) on any one fd. Returns revents (0 after `timeoutMs` ms; a negative timeout waits for ever). EINTR is retried, unless
   * `signals` says otherwise: then -EINTR is returned, once for each signal that the process listens for, also for one that
   * came before and whose listener has not run. Its value is a signal that is none of these, 0: all are.
   */
  pollOne(fd: number, mask: number, timeoutMs: number, signals?: number): number;
  /**
   * poll(2) on many fds: `entries` holds triples `fd, events, revents`; revents is written. A negative fd is ignored.
   * Returns how many entries are ready. EINTR is retried with the time that is left; `signals` is as for `pollOne`.
   */
  poll(entries: Int32Array, timeoutMs: number, signals?: number): number;
  /** The signals for which a wait has returned -EINTR last. */
  caughtSignals(): number[];

  /** A new epoll(7) or kqueue(2) descriptor, owned. It is readable while something in it is ready. */
  openPoller(): number;
  /** A new owned descriptor that a poller always calls ready: the end of a pipe that nobody can write to. */
  openBell(): number;
  /** Sets what the poller waits for on `fd`, 0 for no longer; `oldMask` is what it was before, 0 if it is new. */
  changePoller(poller: number, fd: number, mask: number, oldMask: number): number;
  /** Waits as {@link Native.poll}. Fills `events` with pairs `fd, events`, as many as fit; returns how many. */
  waitPoller(poller: number, events: Int32Array, timeoutMs: number, signals?: number): number;

  /** Installs the one function of this environment that hears of readiness and times; see `watch` and `setAlarm`. */
  onReady(callback: (fd: number, events: number) => void): void;
  /**
   * Says which of POLLIN | POLLOUT the event loop of this environment is to wait for on `fd` (any fd). One-shot by
   * direction: a direction that was reported is no longer waited for, until it is asked for again. 0 withdraws. The loop is
   * kept alive exactly while something is waited for, but see `release`. An error or hang-up is reported as every direction waited for.
   * Returns 0 or a negated errno (EPERM: a regular file; EEXIST: watched by somebody else in this loop).
   */
  watch(fd: number, mask: number): number;
  /** What is waited for on `fd` no longer keeps the loop alive in these directions, until the next `watch` of it. Returns 0. */
  release(fd: number, mask: number): number;

  /** Milliseconds, with fractions, of the monotonic clock (clock_gettime(2)). `clock.ts` has them on the scale of Node. */
  now(): number;
  /**
   * Reports `(-1, 0)` once in so many milliseconds, from 1 to 2^31 - 1, in place of what was set before. That keeps the event
   * loop alive only while it is held.
   */
  setAlarm(milliseconds: number): number;
  /** 1: from now on the alarm, while it is set, keeps the event loop alive; 0: no longer. Returns 0. */
  holdAlarm(holding: 0 | 1): number;

  /**
   * Starts getaddrinfo(3) on a thread of its own. At most {@link Native.maxLookupThreads} run at a time for this environment;
   * others wait, the oldest for the next thread. A lookup that is abandoned makes way at once, though its thread may hang.
   * `family` is 0 (any), 4 or 6. Returns an owned fd that becomes readable when the result is there. Closing that fd at
   * any time abandons the lookup.
   */
  lookup(hostname: string, family: number): number;
  /** The result of a lookup: numeric addresses in getaddrinfo's order, a failure, or undefined while it runs. */
  lookupResult(fd: number): string[] | LookupFailure | undefined;
  /** The process has at most four times as many, in all environments; each of these has one at least. */
  readonly maxLookupThreads: number;
  /** Lookups of this process, abandoned ones and those of other environments included, that have not come to an end: for tests. */
  pendingLookups(): number;

  /** Why there is no TLS in this process (a node without OpenSSL 3), or undefined. Looks for OpenSSL on its first call. */
  tlsUnavailable(): string | undefined;
  /** Parses PEM texts, each with one certificate or more. */
  tlsTrust(texts: readonly string[]): TLSTrustHandle | TLSRefusal;
  tlsContext(parameters: TLSContextParameters): TLSContextHandle | TLSRefusal;
  /**
   * Begins TLS as a client on a connected socket, or inside the TLS that it has already. `servername` is for the extension
   * (empty: none); the certificate must be for `host` (a name) or `address`, if they are not empty. Sessions are kept in the
   * context under `sessionKey` (empty: not at all); `session` is one to resume. The calls below are for the topmost layer
   * of TLS on the descriptor; where they name one, it is counted from the descriptor upwards: 0 is on the socket itself.
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
  /** Goes on with the handshake: 0 when it is done, TLS_WANT_..., TLS_AGAIN, TLS_FAILED, TLS_TRUNCATED or a negated errno. */
  tlsHandshake(fd: number): number;
  /** As `recv`, with the results of `tlsHandshake`; 0 is the peer's close_notify. Takes what is there, up to a bounded amount of work. */
  tlsRecv(fd: number, buffer: Uint8Array, offset: number, length: number): number;
  /** As `sendv`. After TLS_WANT_..., or TLS_BUSY, the next call must be given the same bytes, or these and more. */
  tlsSend(fd: number, buffers: readonly Uint8Array[], skip: number): number;
  /** Sends close_notify in every layer, if it can be sent at once. */
  tlsShutdown(fd: number): number;
  /** The layer in which TLS_FAILED or TLS_TRUNCATED came about that was returned last. */
  tlsFailedLayer(fd: number): number;
  tlsDetails(fd: number, layer: number): TLSDetails;
  /** The session in the form of d2i_SSL_SESSION, if it can be resumed. */
  tlsSession(fd: number, layer: number): Buffer | undefined;
  readonly TLS_WANT_READ: number;
  readonly TLS_WANT_WRITE: number;
  /** OpenSSL gave up: see `tlsDetails`. */
  readonly TLS_FAILED: number;
  /** The peer's stream ended without close_notify. */
  readonly TLS_TRUNCATED: number;
  /** The call has done its share of work, and whoever else there is has a turn: it can go on at once. */
  readonly TLS_AGAIN: number;
  /** The server wants another handshake, and nothing can be sent before receiving has brought it to its end. */
  readonly TLS_BUSY: number;
  /** How many renegotiations a server may have on one connection (TLS 1.2). */
  readonly TLS_MOST_RENEGOTIATIONS: number;
  /** How many bytes of records a peer may send in a row that have nothing in them for the caller. */
  readonly TLS_MOST_WITHOUT_CONTENT: number;

  /** How many fds the addon owns in this environment (sockets and lookups), and how many fds it watches: for tests. */
  counts(): { owned: number; watched: number };
}

function load(): Native {
  if (process.platform === 'win32') {
    throw new Error('dugong runs on Linux and macOS; Windows is not supported. Under Windows, use it inside WSL 2.');
  }
  const require = createRequire(import.meta.url);
  const override = own(process.env, 'DUGONG_ADDON');
  if (override) return require(override) as Native;
  const root = new URL('../../', import.meta.url);
  const candidates = ['build/Release/dugong.node', `prebuilds/${process.platform}-${process.arch}/dugong.node`].map(
    (path) => fileURLToPath(new URL(path, root)),
  );
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(
      `dugong's native addon is missing for ${process.platform}-${process.arch}. Looked for ${candidates.join(' and ')}. ` +
        `Build it with "npm run build:addon" in ${fileURLToPath(root)} (needs python3, make and a C++ compiler), or name a ` +
        'built one in the environment variable DUGONG_ADDON.',
    );
  }
  return require(found) as Native;
}

export const native: Native = load();

/**
 * The runtime that this is, if the addon cannot use its event loop: Bun and Deno load Node's addons, but without libuv, and the
 * first call of it ends the process.
 */
export const withoutLibuv: 'Bun' | 'Deno' | undefined =
  process.versions.bun !== undefined ? 'Bun' : process.versions.deno !== undefined ? 'Deno' : undefined;

/**
 * Functions of all copies of this library that this thread has loaded over the same addon, by their purpose: the package may be
 * installed, or imported by other URLs, more than once. They have the addon's object in common, and nothing else.
 */
export function ofAllCopies<F>(purpose: string): F[] {
  const key = Symbol.for(`dugong.${purpose}`);
  const shared = native as Native & { [key: symbol]: F[] | undefined };
  if (!Object.hasOwn(shared, key)) Object.defineProperty(shared, key, { value: [] });
  return shared[key] as F[];
}
